import type { TextLayout } from '../../../src-shared/domain/dataset'
import { detectCoat, isCoat } from './coat'
import { detectTables, type DetectedTable, type SourceFile } from './detect'

/**
 * Finds out what the files hold, be they tables or matrices. The first table of the answer is the interactions.
 * @param override how to cut the interactions, where the analyst said it
 * @throws CausewayError as `detectTables` and `detectCoat` do
 */
export const detectSources = (
  sources: SourceFile[],
  override?: TextLayout,
  signal?: AbortSignal,
): Promise<DetectedTable[]> => (isCoat(sources) ? detectCoat(sources, signal) : detectTables(sources, override))

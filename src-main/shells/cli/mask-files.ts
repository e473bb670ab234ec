import type { Mask } from '../../../src-shared/domain/mask'
import { readMaskJson } from '../../../src-shared/graph/formats/mask-json'
import { readText } from './text-files'

/** The mask in a file. */
export const readMaskFile = (path: string): Mask => readMaskJson(readText(path))
export { writeMaskJson as maskText } from '../../../src-shared/graph/formats/mask-json'

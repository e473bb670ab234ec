import type { RunManifest } from '../src-shared/domain/run'
import { formatTime } from './format'

/** A run in a few words: "CSC · 2026-03-04 09:30 · seed 3". */
export const runLabel = (run: Pick<RunManifest, 'createdAt' | 'seed'>, methodLabel: string): string =>
  `${methodLabel} · ${formatTime(run.createdAt)} · seed ${run.seed}`

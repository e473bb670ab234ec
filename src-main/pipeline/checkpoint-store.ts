import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'
import type { Checkpoint } from '../methods/method'
import { writeFileAtomic, writing } from '../storage/atomic'
import { runFiles } from '../storage/layout'
import { decodeSafetensors, safetensorsParts } from '../tensor/safetensors'
import { readBytes } from './run-files'

/**
 * The checkpoint of a run: one safetensors file with the arrays, and the plain state as JSON in its metadata. One file, so
 * that a rename replaces all of it at once and no kill can leave weights beside the generator state of another epoch.
 */
const fileName = 'last.safetensors'
const fileOf = (runDirectory: string): string => join(runDirectory, runFiles.checkpoint, fileName)

/** Puts the checkpoint on disk in place of the one before. @throws CausewayError `diskFull`, `workspaceReadOnly` */
export function writeCheckpoint(runDirectory: string, checkpoint: Checkpoint): void {
  const file = fileOf(runDirectory)
  writing(file, () => mkdirSync(join(runDirectory, runFiles.checkpoint), { recursive: true }))
  writeFileAtomic(file, safetensorsParts(checkpoint.arrays, { state: JSON.stringify(checkpoint.state) }))
}

/** Removes what a process that was killed while writing left beside the checkpoint. */
export function removeHalfWritten(runDirectory: string): void {
  const directory = join(runDirectory, runFiles.checkpoint)
  if (!existsSync(directory)) return
  for (const name of readdirSync(directory)) if (name !== fileName) rmSync(join(directory, name), { force: true })
}

export const hasCheckpoint = (runDirectory: string): boolean => existsSync(fileOf(runDirectory))

/** The last checkpoint, or null where the run was stopped before its first. @throws CausewayError `runInvalid` */
export function readCheckpoint(runDirectory: string): Checkpoint | null {
  if (!hasCheckpoint(runDirectory)) return null
  const { arrays, metadata } = decodeSafetensors(readBytes(fileOf(runDirectory)))
  let state: unknown
  try {
    state = JSON.parse(metadata['state'] ?? '')
  } catch {
    throw new CausewayError('runInvalid', 'The checkpoint holds no readable state.')
  }
  if (typeof state !== 'object' || state === null)
    throw new CausewayError('runInvalid', 'The checkpoint holds no readable state.')
  return { arrays, state: state as Record<string, unknown> }
}

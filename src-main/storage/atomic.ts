import {
  appendFileSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { toIoError } from './io-errors'

/** Runs file calls that write to `path`; what the system refuses becomes a Causeway error (`diskFull`, `workspaceReadOnly`). */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toIoError(error, { action: 'write', path })
  }
}

/** Makes what a directory lists durable. Windows cannot open directories; its renames are journalled. */
export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Writes a whole file so that a reader, or a machine that loses power, sees the old content or the new, never a part:
 * temporary name, fsync, rename, fsync of the directory.
 * @param data the content, or its parts in order
 */
export function writeFileAtomic(path: string, data: string | Uint8Array | Uint8Array[]): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const descriptor = openSync(temporary, 'w')
    try {
      for (const part of [data].flat()) writeFileSync(descriptor, part)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw toIoError(error, { action: 'write', path })
  }
  syncDirectory(dirname(path))
}

/** `writeFileAtomic` for large files, whole or as they come piece by piece: meanwhile other work goes on. */
export async function writeFileAtomicLater(path: string, data: Uint8Array | AsyncIterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const file = await open(temporary, 'w')
    try {
      await writeFile(file, data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw toIoError(error, { action: 'write', path })
  }
}

/** Moves a finished folder from its temporary place to its final name. The target must not exist. */
export function publishDirectory(temporary: string, target: string): void {
  renameSync(temporary, target)
  syncDirectory(dirname(target))
}

export const writeJsonAtomic = (path: string, value: unknown): void =>
  writeFileAtomic(path, JSON.stringify(value, null, 2) + '\n')

export const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

/** Appends a value as one line of JSON; it is on disk when this returns. */
export function appendLine(path: string, value: unknown): void {
  writing(path, () => {
    const descriptor = openSync(path, 'a')
    try {
      appendFileSync(descriptor, JSON.stringify(value) + '\n')
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  })
}

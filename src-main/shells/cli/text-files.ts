import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { writeFileAtomic } from '../../storage/atomic'
import { toIoError } from '../../storage/io-errors'

/** The text of a file. @throws CausewayError `fileUnreadable` */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw toIoError(error, { action: 'read', path })
  }
}

/** Writes a text file whole or not at all. @returns its absolute path */
export function writeText(path: string, text: string): string {
  const file = resolve(path)
  writeFileAtomic(file, text)
  return file
}

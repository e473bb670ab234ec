import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
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

/** The absolute path of a file to be written. @throws CausewayError `badRequest` where its folder is not there: said before any work is done */
export function outputFile(path: string): string {
  const file = resolve(path)
  if (existsSync(dirname(file))) return file
  throw new CausewayError('badRequest', `There is no folder ${JSON.stringify(dirname(file))} to write into.`, { file })
}

/** Writes a text file whole or not at all. @returns its absolute path */
export function writeText(path: string, text: string): string {
  const file = outputFile(path)
  writeFileAtomic(file, text)
  return file
}

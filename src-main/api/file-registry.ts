import { randomUUID } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'
import type { FileHandle } from '../../src-shared/domain/dataset'
import { toIoError } from '../storage/io-errors'

/**
 * The files that were handed over by a file picker, an upload or the command line. A client only ever sees their random ids:
 * no path that comes from a client is opened.
 */
export class FileRegistry {
  private readonly files = new Map<string, { path: string; handle: FileHandle }>()

  /**
   * Hands out a handle for a file.
   * @param name the name shown, where it differs from the file's own (an upload in a temporary place)
   */
  add(path: string, name = basename(path)): FileHandle {
    const absolute = resolve(path)
    let sizeBytes: number
    try {
      const found = statSync(absolute)
      if (!found.isFile()) throw new CausewayError('fileUnreadable', `${absolute} is not a file.`, { path: absolute })
      sizeBytes = found.size
    } catch (error) {
      throw toIoError(error, { action: 'read', path: absolute })
    }
    const handle = { id: randomUUID(), name, sizeBytes }
    this.files.set(handle.id, { path: absolute, handle })
    return handle
  }

  /** The file behind a handle. @throws CausewayError `pathRefused` for anything that was not handed out */
  source(id: string): { path: string; handle: FileHandle } {
    const source = this.files.get(id)
    if (source) return source
    throw new CausewayError('pathRefused', `${JSON.stringify(id)} is not a file that was handed over.`, { file: id })
  }
}

import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm, statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { FileHandle } from '../../../src-shared/domain/dataset'

/** Makes a stored upload known to the services under an opaque id. */
export type HandOut = (path: string, name: string) => FileHandle

/**
 * Streams the body of a request into a file of our own naming and hands it out. What bounds it is the disk, not memory.
 * @param name the file's name as the user knows it; shown, never used as a path
 * @throws CausewayError `badRequest` for a missing name, `diskFull`, `interrupted` when the browser went away; the partial file is gone
 */
export async function receiveUpload(
  request: IncomingMessage,
  name: string,
  directory: string,
  handOut: HandOut,
): Promise<FileHandle> {
  const shownName = name.split(/[/\\]/).at(-1) ?? ''
  if (shownName === '' || shownName.length > 255 || /[\u0000-\u001f]/.test(shownName)) {
    throw new CausewayError('badRequest', 'An upload needs the name of its file: POST /upload?name=FILE.')
  }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const announcedBytes = Number(request.headers['content-length'] ?? 0)
  const disk = await statfs(directory)
  const freeBytes = disk.bavail * disk.bsize
  if (announcedBytes > freeBytes) throw diskFull(shownName, { announcedBytes, freeBytes })

  const path = join(directory, randomUUID())
  try {
    await pipeline(request, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    await rm(path, { force: true })
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(shownName, { announcedBytes })
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
      throw new CausewayError('interrupted', `The upload of ${shownName} was cut short.`, { name: shownName })
    }
    throw error
  }
  return handOut(path, shownName)
}

const diskFull = (name: string, details: Record<string, unknown>): CausewayError =>
  new CausewayError('diskFull', `There is not enough space for ${name} on the disk that holds the workspace.`, {
    name,
    ...details,
  })

import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm, statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { FileHandle } from '../../../src-shared/domain/dataset'
import { toIoError } from '../../storage/io-errors'

/** Makes a stored upload known to the services under an opaque id. */
export type HandOut = (path: string, name: string) => FileHandle

/**
 * Streams the body of a request into a folder of its own and hands the file out. What bounds it is the disk, not memory.
 * @param name the file's name as the user knows it; shown, never opened as a path
 * @throws CausewayError `badRequest` for a missing name, `diskFull`, `workspaceReadOnly`, `interrupted` when the browser went
 *   away; nothing of the file is left then
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
  const folder = join(directory, randomUUID())
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const announcedBytes = Number(request.headers['content-length'] ?? 0)
    const disk = await statfs(folder)
    const freeBytes = disk.bavail * disk.bsize
    if (announcedBytes > freeBytes) {
      throw new CausewayError('diskFull', `There is not enough space for ${shownName} on the disk of the workspace.`, {
        announcedBytes,
        freeBytes,
      })
    }
    const path = join(folder, diskName(shownName))
    await pipeline(request, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    return handOut(path, shownName)
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
      throw new CausewayError('interrupted', `The upload of ${shownName} was cut short.`, { name: shownName })
    throw toIoError(error, { action: 'write', path: shownName })
  }
}

/**
 * The name an upload has on the disk, in a folder of its own. It resembles the user's, because a format may be told by
 * it (`u.data`, `ml.inter`), and holds nothing that a file system or a shell could take for more than a name.
 */
function diskName(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}._-]/gu, '_').slice(-60)
  // A leading dot would hide it or lead up; Windows opens a device for these names, whatever the folder.
  return /^(\.|(con|prn|aux|nul|com\d|lpt\d)(\.|$))/i.test(plain) ? '_' + plain : plain
}

import { CausewayError, unwrap, type Envelope } from '../src-shared/contract/errors'
import { fileHandleSchema, type FileHandle } from '../src-shared/domain/dataset'
import { saveBlob } from './charts/save'
import { isDesktop, request } from './client'

/** Called while files are sent: bytes so far, of all. */
export type UploadProgress = (sentBytes: number, totalBytes: number) => void

const uploadName = (file: File): string => `/upload?name=${encodeURIComponent(file.name)}`

/** Sends one file to the web shell, which keeps it in the workspace and gives out its handle. */
function upload(file: File, onProgress: (sentBytes: number) => void, signal?: AbortSignal): Promise<FileHandle> {
  return new Promise((resolve, reject) => {
    // fetch tells nothing of what has been sent.
    const sending = new XMLHttpRequest()
    sending.open('POST', uploadName(file))
    sending.setRequestHeader('Content-Type', 'application/octet-stream')
    sending.upload.onprogress = (event) => onProgress(event.loaded)
    sending.onerror = () =>
      reject(new CausewayError('disconnected', `The connection was lost while ${file.name} was being sent.`))
    sending.onabort = () => reject(new CausewayError('cancelled', `Sending ${file.name} was cancelled.`))
    sending.onload = () => {
      try {
        const reply: unknown = JSON.parse(sending.responseText)
        resolve(sending.status === 200 ? fileHandleSchema.parse(reply) : unwrap(reply as Envelope<FileHandle>))
      } catch (thrown) {
        reject(CausewayError.from(thrown))
      }
    }
    signal?.addEventListener('abort', () => sending.abort())
    sending.send(file)
  })
}

/** Hands files of a browser over to the services, one after the other. @throws CausewayError where one is refused. */
export async function uploadFiles(
  files: readonly File[],
  onProgress: UploadProgress,
  signal?: AbortSignal,
): Promise<FileHandle[]> {
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0)
  const handles: FileHandle[] = []
  let doneBytes = 0
  for (const file of files) {
    handles.push(await upload(file, (sentBytes) => onProgress(doneBytes + sentBytes, totalBytes), signal))
    doneBytes += file.size
    onProgress(doneBytes, totalBytes)
  }
  return handles
}

/** The files chosen in the browser's own dialog; none where it was closed. */
function chooseInBrowser({ multiple = true, accept = '' } = {}): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.multiple = multiple
    input.accept = accept
    input.addEventListener('change', () => resolve([...(input.files ?? [])]))
    input.addEventListener('cancel', () => resolve([]))
    input.click()
  })
}

/** Lets the analyst choose files and hands them over. An empty answer means that nothing was chosen. */
export async function pickFiles(onProgress: UploadProgress, signal?: AbortSignal): Promise<FileHandle[]> {
  if (isDesktop()) return request('files:pick', {})
  const files = await chooseInBrowser()
  return files.length === 0 ? [] : uploadFiles(files, onProgress, signal)
}

/** Larger than any graph or mask written as text. */
const mostTextBytes = 20_000_000

/** The text of one file the analyst chooses; it stays in the window. Null where none was chosen. @throws CausewayError too large */
export async function chooseTextFile(accept: string): Promise<{ name: string; text: string } | null> {
  const [file] = await chooseInBrowser({ multiple: false, accept })
  if (!file) return null
  if (file.size > mostTextBytes)
    throw new CausewayError('badRequest', `${file.name} is larger than ${mostTextBytes / 1e6} MB: it is no such file.`)
  return { name: file.name, text: await file.text() }
}

/** Saves text as a file through the browser's download. */
export const saveText = (fileName: string, text: string, type: string): void =>
  saveBlob(new Blob([text], { type }), fileName)

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import type { EventMap, EventName, Handlers } from '../../src-shared/contract/contract'
import { requestNames } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { connectClient, type Client } from '../../src-shared/contract/rpc'
import { decode, encode } from '../../src-shared/contract/wire'
import { serveWeb, type WebShell } from '../../src-main/shells/web/serve'

type Listener = <N extends EventName>(name: N, payload: EventMap[N]) => void

/** A running web shell over a page of our own and a table of handlers that answers only what a test gives it. */
export interface StartedShell {
  shell: WebShell
  directory: string
  handedOut: { path: string; name: string }[]
  emit: Listener
  listeners: Set<Listener>
  stop(): Promise<void>
}

export async function startShell(handlers: Partial<Handlers> = {}): Promise<StartedShell> {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-web-shell-'))
  await mkdir(join(directory, 'renderer', 'assets'), { recursive: true })
  await writeFile(join(directory, 'renderer', 'index.html'), '<!doctype html><title>Workbench</title>')
  await writeFile(join(directory, 'renderer', 'assets', 'main-1a2b.js'), 'export {}')
  await writeFile(join(directory, 'secret.txt'), 'not for the browser')
  await writeFile(join(directory, 'renderer', 'notes.txt'), 'not of the workbench')
  const listeners = new Set<Listener>()
  const handedOut: { path: string; name: string }[] = []
  const notAnswered = (name: string) => () => {
    throw new CausewayError('notAvailable', `This test does not answer ${name}.`)
  }
  const table = Object.fromEntries(requestNames.map((name) => [name, notAnswered(name)])) as unknown as Handlers
  const shell = await serveWeb({
    services: {
      handlers: { ...table, ...handlers },
      events: {
        subscribe(listener) {
          listeners.add(listener)
          return () => void listeners.delete(listener)
        },
      },
    },
    handOut(path, name) {
      handedOut.push({ path, name })
      return { id: `file-${handedOut.length}`, name, sizeBytes: 0 }
    },
    uploadDirectory: join(directory, 'uploads'),
    staticDirectory: join(directory, 'renderer'),
    port: 0,
  })
  return {
    shell,
    directory,
    handedOut,
    listeners,
    emit: (name, payload) => listeners.forEach((listener) => listener(name, payload)),
    async stop() {
      await shell.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** One raw request: the path goes out exactly as written, which fetch would tidy up. */
export function ask(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method: options.method, path: options.path ?? '/', headers: options.headers },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        )
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(options.body)
  })
}

/** Uses the printed address and returns the cookie it was exchanged for. */
export async function signIn(shell: WebShell): Promise<string> {
  const url = new URL(shell.url)
  const answer = await ask(shell.port, { path: url.pathname + url.search })
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0]
  if (answer.status !== 303 || !cookie)
    throw new Error(`The address was not exchanged for a cookie: ${answer.status} ${answer.body}`)
  return cookie
}

export function openSocket(port: number, headers: Record<string, string>, path = '/rpc'): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

/** A signed-in page: its socket and the typed client over it. */
export async function openPage(shell: WebShell): Promise<{ socket: WebSocket; client: Client }> {
  const cookie = await signIn(shell)
  const socket = await openSocket(shell.port, { cookie, origin: `http://127.0.0.1:${shell.port}` })
  const client = connectClient({
    post: (message) => socket.send(encode(message)),
    on: (listener) => void socket.on('message', (data) => listener(decode(String(data)))),
  })
  socket.once('close', () => client.close(new CausewayError('processDied', 'The connection was lost.')))
  return { socket, client }
}

export const closeCode = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', (code) => resolve(code)))

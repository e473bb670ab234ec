import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CausewayError, envelope, type Envelope, type ErrorCode } from '../../../src-shared/contract/errors'
import type { Services } from '../connect-window'
import { securityHeaders } from '../security-headers'
import { listStaticFiles, type StaticFile } from '../static-files'
import { createGuard } from './guard'
import { createSockets } from './sockets'
import { receiveUpload, type HandOut } from './upload'

export interface WebShellOptions {
  services: Services
  /** Makes an uploaded file known to the services under an opaque id. */
  handOut: HandOut
  /** Where uploads are kept: the workspace's temporary folder. */
  uploadDirectory: string
  /** The built renderer. */
  staticDirectory: string
  /** 0 lets the system choose. */
  port: number
  /** Origin of the development server that forwards to this one; only while the workbench itself is being developed. */
  developmentOrigin?: string
}

export interface WebShell {
  /** The address to open, with its one-time token. */
  readonly url: string
  readonly port: number
  /** Closes every socket and connection. */
  close(): Promise<void>
}

const host = '127.0.0.1'

/**
 * Serves the workbench on 127.0.0.1, and only there: the page, `/rpc` (WebSocket), `POST /upload?name=…`.
 * @throws CausewayError `badRequest` when the port is taken, `internal` when the workbench has not been built
 */
export async function serveWeb(options: WebShellOptions): Promise<WebShell> {
  const files = listStaticFiles(options.staticDirectory)
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 0 })
  const port = await listen(server, options.port)
  const guard = createGuard(port, options.developmentOrigin)
  const headers = securityHeaders([`ws://127.0.0.1:${port}`, `ws://localhost:${port}`])
  const sockets = createSockets(options.services)

  server.on('request', (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response.setHeader('Cache-Control', 'no-store')
    handle(request, response).catch((error: unknown) => {
      // The browser went away in the middle of an answer: nobody is left to tell.
      if (response.headersSent) response.destroy()
      else refuse(request, response, 500, CausewayError.from(error))
    })
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusedUpgrade(request)
    if (refusal) socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    else sockets.accept(request, socket, head)
  })

  function refusedUpgrade(request: IncomingMessage): string | null {
    if (!guard.hostIsOurs(request.headers)) return '421 Misdirected Request'
    if (!guard.originIsOurs(request.headers)) return '403 Forbidden'
    if (!guard.isSignedIn(request.headers)) return '401 Unauthorized'
    if (request.url !== '/rpc') return '404 Not Found'
    return null
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!guard.hostIsOurs(request.headers)) {
      return refuse(request, response, 421, notAllowed(`This server answers only as ${host}:${port}.`))
    }
    // A browser names the origin of every request that a page of another site makes: those get nothing, the token included.
    if (request.headers.origin !== undefined && !guard.originIsOurs(request.headers))
      return refuse(request, response, 403, notAllowed('Only the workbench itself is answered here.'))
    const base = `http://${host}:${port}`
    // Joined as text: resolved against the base, "//name" would be another host.
    if (!request.url?.startsWith('/') || !URL.canParse(base + request.url))
      return refuse(request, response, 400, notAllowed('The address cannot be read.'))
    const url = new URL(base + request.url)
    const signedIn = guard.isSignedIn(request.headers)
    const token = url.searchParams.get('token')
    if (request.method === 'GET' && url.pathname === '/' && token !== null) {
      const cookie = guard.spend(token)
      if (cookie) return redirect(response, cookie)
      if (signedIn) return redirect(response)
      return page(
        response,
        403,
        'This address has been used, or belongs to a Causeway that has stopped. Start Causeway again for a new one.',
      )
    }
    if (!signedIn) {
      if (request.method === 'GET' && url.pathname === '/')
        return page(response, 401, 'Open the address that Causeway printed when it started.')
      return refuse(request, response, 401, notAllowed('Open the address that Causeway printed when it started.'))
    }
    if (url.pathname === '/upload') return upload(request, response, url)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(request, response, 405, notAllowed(`${request.method} is not answered here.`))
    const file = files.get(url.pathname)
    if (!file) return refuse(request, response, 404, new CausewayError('notFound', 'There is nothing at this address.'))
    return sendFile(request, response, file)
  }

  async function upload(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    if (request.method !== 'POST') return refuse(request, response, 405, notAllowed('Files are sent with POST.'))
    if (!guard.originIsOurs(request.headers))
      return refuse(request, response, 403, notAllowed('Files are accepted only from the workbench itself.'))
    const reply = await envelope(() =>
      receiveUpload(request, url.searchParams.get('name') ?? '', options.uploadDirectory, options.handOut),
    )
    if (reply.ok) sendJson(response, 200, reply.value)
    else refuse(request, response, statusOf[reply.error.code] ?? 500, CausewayError.fromPayload(reply.error))
  }

  function redirect(response: ServerResponse, cookie?: string): void {
    if (cookie) response.setHeader('Set-Cookie', cookie)
    response.writeHead(303, { Location: options.developmentOrigin ?? '/' }).end()
  }

  return {
    url: `http://${host}:${port}/?token=${guard.token}`,
    port,
    async close() {
      sockets.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 1000).unref()
      await closed
    },
  }
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  badRequest: 400,
  interrupted: 400,
  workspaceReadOnly: 403,
  diskFull: 507,
}

const notAllowed = (message: string): CausewayError => new CausewayError('badRequest', message)

function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error)
      const why = error.code === 'EADDRINUSE' ? 'is in use' : 'may not be used by you'
      reject(
        new CausewayError('badRequest', `Port ${port} ${why}. Choose another with --port, or 0 for any.`, { port }),
      )
    })
    server.listen({ host, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Answers with the error in an envelope. A body still on its way is not waited for. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, error: CausewayError): void {
  if (!request.complete) response.setHeader('Connection', 'close')
  const reply: Envelope<never> = { ok: false, error: error.toPayload() }
  sendJson(response, status, reply)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(value))
}

/** A page without scripts or styles, for somebody who came without the address. */
function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' })
  response.end(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Causeway</title></head><body><main><h1>Causeway</h1><p>${text}</p></main></body></html>`,
  )
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: StaticFile): Promise<void> {
  response.writeHead(200, {
    'Content-Type': file.contentType,
    'Cache-Control': file.immutable ? 'private, max-age=31536000, immutable' : 'no-cache',
  })
  if (request.method === 'HEAD') response.end()
  else await pipeline(createReadStream(file.file), response)
}

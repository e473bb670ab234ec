import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { decode, encode } from '../../../src-shared/contract/wire'
import { connectWindow, type Services } from '../connect-window'

/** Requests are small: names, parameters, row ranges. Files come through /upload. */
export const maxMessageBytes = 1024 * 1024
/** A page that has stopped reading is cut off before its unread events fill the memory; it reconnects and fetches afresh. */
const maxUnsentBytes = 64 * 1024 * 1024
const heartbeatMilliseconds = 15_000

/** WebSocket close codes (RFC 6455, 7.4.1). */
const closeCodes = { goingAway: 1001, notOurData: 1007, notAllowed: 1008 } as const

/** The open pages. */
export interface Sockets {
  /** Turns a request that has passed the guard into a served socket. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

export function createSockets(services: Services): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false })
  const alive = new WeakSet<WebSocket>()

  server.on('connection', (socket: WebSocket) => {
    alive.add(socket)
    socket.on('pong', () => alive.add(socket))
    const disconnect = connectWindow(
      {
        post(message) {
          const text = encode(message)
          if (socket.readyState !== socket.OPEN) return
          if (socket.bufferedAmount > maxUnsentBytes) socket.terminate()
          else socket.send(text)
        },
        on(listener) {
          socket.on('message', (data, isBinary) => {
            try {
              listener(isBinary ? undefined : decode(String(data)))
            } catch {
              socket.close(closeCodes.notOurData, 'This is not a message of the contract.')
            }
          })
        },
      },
      services,
      (reason) => socket.close(closeCodes.notAllowed, reason),
    )
    socket.on('close', disconnect)
    // An oversized or malformed frame: ws closes the socket with the right code by itself.
    socket.on('error', () => socket.terminate())
  })

  // A page whose machine fell asleep or whose tunnel broke never says goodbye: two missed beats mean it is gone.
  const heartbeat = setInterval(() => {
    for (const socket of server.clients) {
      if (!alive.delete(socket)) socket.terminate()
      else socket.ping()
    }
  }, heartbeatMilliseconds)
  heartbeat.unref()

  return {
    accept: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (opened) => server.emit('connection', opened, request)),
    close() {
      clearInterval(heartbeat)
      for (const socket of server.clients) {
        socket.close(closeCodes.goingAway, 'Causeway has stopped.')
        setTimeout(() => socket.terminate(), 1000).unref()
      }
      server.close()
    },
  }
}

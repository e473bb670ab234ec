import { shallowRef, toRaw } from 'vue'
import {
  eventNames,
  type EventMap,
  type EventName,
  type RequestInput,
  type RequestName,
  type RequestOutput,
} from '../src-shared/contract/contract'
import { CausewayError } from '../src-shared/contract/errors'
import { connectClient, type Channel, type Client } from '../src-shared/contract/rpc'
import { decode, encode } from '../src-shared/contract/wire'

/** What the Electron preload puts on the window. */
interface CausewayBridge extends Channel {
  shell: 'electron'
}
declare global {
  interface Window {
    causeway?: CausewayBridge
  }
}

/** A pipe that can die: `onOpen` when messages may be posted, `onClose` when it is gone for good. */
export interface Pipe extends Channel {
  onOpen(listener: () => void): void
  onClose(listener: () => void): void
}

export type ConnectionState = 'connecting' | 'open' | 'lost'

const firstDelayMs = 250
const longestDelayMs = 5000

/** Reactive wrappers taken off, all the way down: a message port refuses to clone them. */
export function plain<T>(value: T): T {
  const raw = toRaw(value)
  if (Array.isArray(raw)) return raw.map(plain) as T
  if (raw !== null && typeof raw === 'object' && Object.getPrototypeOf(raw) === Object.prototype)
    return Object.fromEntries(Object.entries(raw).map(([key, entry]) => [key, plain(entry)])) as T
  return raw
}

/**
 * The workbench's line to the services. Rejects what was pending when the pipe dies, opens a new one with growing
 * delays, and calls every `onConnected` listener anew, so that the stores fetch their snapshots again.
 */
export function createConnection(openPipe: () => Pipe) {
  const state = shallowRef<ConnectionState>('connecting')
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  const connectedListeners = new Set<() => void>()
  let client: Client | null = null
  let opened: Promise<Client>
  let delayMs = firstDelayMs

  const lost = (): CausewayError => new CausewayError('disconnected', 'The connection to Causeway was lost.')

  function connect(): void {
    const pipe = openPipe()
    const current = connectClient(pipe)
    let settle: { resolve: (client: Client) => void; reject: (error: CausewayError) => void }
    opened = new Promise((resolve, reject) => (settle = { resolve, reject }))
    // Nobody may be waiting for this very pipe.
    opened.catch(() => undefined)
    for (const name of eventNames)
      current.on(name, (payload) => {
        for (const listener of listeners.get(name) ?? []) listener(payload as never)
      })
    pipe.onOpen(() => {
      client = current
      delayMs = firstDelayMs
      state.value = 'open'
      settle.resolve(current)
      for (const listener of connectedListeners) listener()
    })
    pipe.onClose(() => {
      client = null
      state.value = 'lost'
      settle.reject(lost())
      current.close(lost())
      setTimeout(connect, delayMs)
      delayMs = Math.min(delayMs * 2, longestDelayMs)
    })
  }
  connect()

  return {
    state,
    /** Asks the services. @throws CausewayError, `disconnected` where the pipe is or goes dead. */
    async request<N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> {
      const ready = client ?? (await opened)
      try {
        return await ready.request(name, plain(input))
      } catch (thrown) {
        if (thrown instanceof CausewayError) throw thrown
        // birpc wraps the reason it was closed with.
        throw client === ready ? CausewayError.from(thrown) : lost()
      }
    },
    /** Follows an event over reconnections; the answer stops it. */
    on<N extends EventName>(name: N, listener: (payload: EventMap[N]) => void): () => void {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener as (payload: never) => void)
      return () => void set.delete(listener as (payload: never) => void)
    },
    /** Calls `listener` at once where the line is open, and after every reconnection. */
    onConnected(listener: () => void): () => void {
      connectedListeners.add(listener)
      if (state.value === 'open') listener()
      return () => void connectedListeners.delete(listener)
    },
  }
}
export type Connection = ReturnType<typeof createConnection>

/** The pipe of the Electron window. It lives as long as the window does. */
function bridgePipe(bridge: CausewayBridge): Pipe {
  return {
    post: (message) => bridge.post(message),
    on: (listener) => bridge.on(listener),
    onOpen: (listener) => queueMicrotask(listener),
    onClose: () => undefined,
  }
}

/** The pipe of the web shell: a WebSocket to the host that served the page, allowed by its cookie. */
function socketPipe(): Pipe {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/rpc`)
  return {
    post: (message) => socket.send(encode(message)),
    on: (listener) => socket.addEventListener('message', (event) => listener(decode(String(event.data)))),
    onOpen: (listener) => socket.addEventListener('open', listener),
    onClose: (listener) => socket.addEventListener('close', listener),
  }
}

/** True in the desktop window, false in a browser. */
export const isDesktop = (): boolean => window.causeway !== undefined

let connection: Connection | null = null

/** The one connection of this window, opened on first use. */
export function useConnection(): Connection {
  connection ??= createConnection(() => (window.causeway ? bridgePipe(window.causeway) : socketPipe()))
  return connection
}

/** Puts another connection in its place: for tests, which bring their own pipe. */
export function setConnection(replacement: Connection): void {
  connection = replacement
}

/** Asks the services through the window's connection. */
export const request = <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  useConnection().request(name, input)

import { createBirpc, type BirpcReturn } from 'birpc'
import { z } from 'zod'
import type { EventMap, EventName, Handlers, RequestInput, RequestName, RequestOutput } from './contract'
import { contract } from './contract'
import { CausewayError, envelope, unwrap, type Envelope } from './errors'

/** A two-way pipe for messages: a WebSocket, a MessagePort or a child process's IPC. */
export interface Channel {
  post(message: unknown): void
  on(listener: (message: unknown) => void): void
}

interface ServerFunctions {
  request(name: string, input: unknown): Promise<Envelope<unknown>>
}
interface ClientFunctions {
  event(name: string, payload: unknown): void
}

/** The typed client of the contract. `request` throws a CausewayError where the service answered with one. */
export interface Client {
  request<N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>>
  on<N extends EventName>(name: N, listener: (payload: EventMap[N]) => void): () => void
  /** Rejects every pending call with `reason`; for the moment the pipe dies. */
  close(reason: CausewayError): void
}

/** Connects to the services over `channel`. */
export function connectClient(channel: Channel): Client {
  const listeners = new Map<string, Set<(payload: never) => void>>()
  const local: ClientFunctions = {
    event(name, payload) {
      for (const listener of listeners.get(name) ?? []) listener(payload as never)
    },
  }
  // No timeout: answers may take as long as the work does, and a dead pipe rejects through close().
  const rpc: BirpcReturn<ServerFunctions, ClientFunctions> = createBirpc<ServerFunctions, ClientFunctions>(local, {
    post: (message) => channel.post(message),
    on: (listener) => channel.on(listener),
    timeout: -1,
  })
  return {
    async request(name, input) {
      return unwrap(await rpc.request(name, input)) as RequestOutput<typeof name>
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener as (payload: never) => void)
      return () => void set.delete(listener as (payload: never) => void)
    },
    close: (reason) => rpc.$close(reason),
  }
}

/**
 * Answers one request: name known, input valid by the contract's schema, handler called, result or error in an envelope.
 * Every shell goes through here.
 */
export const answer = (handlers: Handlers, name: string, input: unknown): Promise<Envelope<unknown>> =>
  envelope(async () => {
    if (!Object.hasOwn(contract, name))
      throw new CausewayError('badRequest', `There is no request "${name}".`, { name })
    const key = name as RequestName
    const parsed = contract[key].input.safeParse(input)
    if (!parsed.success) {
      const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
      throw new CausewayError('badRequest', `The request "${name}" is not valid: ${issues.join('; ')}.`, {
        name,
        issues,
      })
    }
    return handlers[key](parsed.data as never)
  })

/** The server's side of one connected window. */
export interface ServedChannel {
  send<N extends EventName>(name: N, payload: EventMap[N]): void
  close(): void
}

/** The only message a client may send: one call of `request`. Everything else that birpc would look up is refused. */
const callSchema = z
  .object({
    t: z.literal('q'),
    m: z.literal('request'),
    a: z.tuple([z.string(), z.unknown()]),
    i: z.string(),
  })
  .strict()

/**
 * Serves the handlers over `channel` to one client.
 * @param refuse called with the reason when the client sends anything but a request; the shell then closes the pipe
 */
export function serveChannel(channel: Channel, handlers: Handlers, refuse: (reason: string) => void): ServedChannel {
  const rpc = createBirpc<ClientFunctions, ServerFunctions>(
    { request: (name, input) => answer(handlers, name, input) },
    {
      post: (message) => postOrExplain(channel, message),
      on: (listener) =>
        channel.on((message) => {
          const call = callSchema.safeParse(message)
          if (call.success) listener(call.data)
          else refuse('This message is not a request of the contract.')
        }),
      timeout: -1,
      eventNames: ['event'],
    },
  )
  return {
    send: (name, payload) => void rpc.event(name, payload),
    close: () => rpc.$close(),
  }
}

/** Posts a message; where an answer cannot be cloned, its caller is told instead of being left to wait. */
function postOrExplain(channel: Channel, message: unknown): void {
  try {
    channel.post(message)
  } catch (thrown) {
    const id = (message as { i?: unknown }).i
    if (id === undefined) throw thrown
    channel.post({ t: 's', i: id, r: { ok: false, error: CausewayError.from(thrown).toPayload() } })
  }
}

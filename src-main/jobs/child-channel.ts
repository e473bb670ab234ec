import type { ChildProcess } from 'node:child_process'
import { createBirpc } from 'birpc'
import type { z } from 'zod'
import { CausewayError, envelope, unwrap, type Envelope } from '../../src-shared/contract/errors'

/**
 * The channel between the services and a child process of theirs (trainer, data worker): birpc over Node's IPC, with the
 * workbench's envelope. The child is forked with `serialization: 'advanced'`, so that typed arrays and NaN survive.
 */

/** A child's contract: for every call the schema of its input and the type of its answer. */
type ChildContract = Record<string, { input: z.ZodType; readonly output?: unknown }>
type CallInput<C extends ChildContract, N extends keyof C> = z.input<C[N]['input']>
type CallOutput<C extends ChildContract, N extends keyof C> = Exclude<C[N]['output'], undefined>

/** One handler per call of the contract. */
export type ChildHandlers<C extends ChildContract> = {
  [N in keyof C]: (input: z.output<C[N]['input']>) => Promise<CallOutput<C, N>>
}

interface ChildFunctions {
  call(name: string, input: unknown): Promise<Envelope<unknown>>
}
interface ParentFunctions {
  event(name: string, payload: unknown): void
}

/** The half of a Node process object that the child's side needs. */
export type ParentLink = Pick<NodeJS.Process, 'on' | 'once' | 'send' | 'connected'>

/**
 * Serves `handlers` to the parent that forked this process, and gives `send` for events.
 * The process exits by itself as soon as the parent is gone, however it went: a child never outlives its app.
 */
export function serveChild<C extends ChildContract, E extends object>(
  contract: C,
  makeHandlers: (send: <N extends keyof E & string>(name: N, payload: E[N]) => void) => ChildHandlers<C>,
  link: ParentLink = process,
): void {
  if (!link.send)
    throw new CausewayError('internal', 'This process serves a parent over IPC; it was started without one.')
  const post = (message: unknown): void => {
    // A parent that died between two messages is handled by 'disconnect' below, not here.
    if (link.connected) link.send?.(message, undefined, undefined, () => undefined)
  }
  const handlers: { current?: ChildHandlers<C> } = {}
  const rpc = createBirpc<ParentFunctions, ChildFunctions>(
    {
      call: (name, input) =>
        envelope(async () => {
          if (!Object.hasOwn(contract, name)) throw new CausewayError('badRequest', `There is no call "${name}".`)
          const parsed = contract[name]!.input.safeParse(input)
          if (!parsed.success) {
            const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
            throw new CausewayError('badRequest', `The call "${name}" is not valid: ${issues.join('; ')}.`, { issues })
          }
          return handlers.current![name]!(parsed.data as never)
        }),
    },
    { post, on: (listener) => void link.on('message', listener), timeout: -1, eventNames: ['event'] },
  )
  handlers.current = makeHandlers((name, payload) => void rpc.event(name, payload))
  link.once('disconnect', () => process.exit(0))
}

/** The parent's side of one child. */
export interface ChildClient<C extends ChildContract, E extends object> {
  /** Calls the child; throws the CausewayError it answered with, or `processDied` when it ended before it answered. */
  call<N extends keyof C & string>(name: N, input: CallInput<C, N>): Promise<CallOutput<C, N>>
  /** Listens for an event; returns how to stop. */
  on<N extends keyof E & string>(name: N, listener: (payload: E[N]) => void): () => void
  /** Resolves when the child has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Connects to a child forked with `serialization: 'advanced'`. */
export function connectChild<C extends ChildContract, E extends object>(child: ChildProcess): ChildClient<C, E> {
  const listeners = new Map<string, Set<(payload: never) => void>>()
  const rpc = createBirpc<ChildFunctions, ParentFunctions>(
    {
      event(name, payload) {
        for (const listener of listeners.get(name) ?? []) listener(payload as never)
      },
    },
    {
      post: (message) => {
        if (child.connected) child.send(message as never, () => undefined)
      },
      on: (listener) => void child.on('message', listener),
      // No timeout: a training answers when it has ended, and a dead child rejects below.
      timeout: -1,
    },
  )
  let death: CausewayError | null = null
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null, reason: string): void => {
      if (death) return
      death = new CausewayError('processDied', `The process ended unexpectedly (${reason}).`, { code, signal })
      rpc.$close(death)
      resolve({ code, signal })
    }
    child.once('exit', (code, signal) => {
      const gone = (): void => end(code, signal, signal ? `signal ${signal}` : `exit code ${code}`)
      // Its last messages may still be in the pipe: they are delivered before 'disconnect'.
      if (child.connected) child.once('disconnect', gone)
      else gone()
    })
    child.once('error', (error) => end(null, null, error.message))
  })
  return {
    async call(name, input) {
      if (death) throw death
      return unwrap(await rpc.call(name, input)) as CallOutput<C, typeof name>
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener as (payload: never) => void)
      return () => void set.delete(listener as (payload: never) => void)
    },
    ended,
  }
}

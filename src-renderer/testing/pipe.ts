import { createPinia, disposePinia, setActivePinia, type Pinia } from 'pinia'
import { afterEach } from 'vitest'
import { vi } from 'vitest'
import type { EventMap, EventName, RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { JobSnapshot } from '../../src-shared/domain/job'
import type { RunManifest } from '../../src-shared/domain/run'
import type { RunRows } from '../../src-shared/domain/run-table'
import { serveChannel, type ServedChannel } from '../../src-shared/contract/rpc'
import { createConnection, setConnection, type Connection, type Pipe } from '../client'

type Answers = { [N in RequestName]?: (input: RequestInput<N>) => RequestOutput<N> | Promise<RequestOutput<N>> }

/** The services' end of a pipe within this process: the real contract and its server, with the answers a test gives. */
export interface ServicesEnd {
  connection: Connection
  answers: Answers
  /** Requests so far, by name. */
  asked: RequestName[]
  send<N extends EventName>(name: N, payload: EventMap[N]): void
  /** The pipe dies; the next one opens when its delay has passed. */
  hangUp(): void
}

let pinia: Pinia | null = null
// Answers that come after a test must find no store that still acts on them: the window may be gone by then.
afterEach(() => {
  if (pinia) disposePinia(pinia)
  pinia = null
})

/** Puts the stores on a fresh Pinia and on a pipe whose other end the test holds. */
export function connectServices(answers: Answers = {}): ServicesEnd {
  pinia = createPinia()
  setActivePinia(pinia)
  localStorage.clear()
  const asked: RequestName[] = []
  let served: ServedChannel
  let hangUp: () => void
  /** A test that lists runs need not say the same again as rows and as details. */
  const listed = async (): Promise<RunManifest[]> => (await end.answers['runs:list']?.({})) ?? []
  const fromList = {
    'runs:rows': async (input: RequestInput<'runs:rows'>) => rowsOf(await listed(), input),
    'runs:get': async ({ run }: { run: string }) => {
      const manifest = (await listed()).find((one) => one.id === run)
      if (!manifest) throw new CausewayError('notFound', `There is no run "${run}".`)
      return { manifest, points: [], log: [], hasGraph: false }
    },
  } as unknown as Answers
  const handlers = new Proxy({} as Answers, {
    get(_, name: RequestName) {
      return (input: never) => {
        asked.push(name)
        const answer = end.answers[name] ?? fromList[name as keyof typeof fromList]
        if (!answer) throw new CausewayError('notAvailable', `The test has no answer for ${name}.`)
        return answer(input)
      }
    },
  })
  const openPipe = (): Pipe => {
    let alive = true
    const toServices: ((message: unknown) => void)[] = []
    const toWindow: ((message: unknown) => void)[] = []
    const closing: (() => void)[] = []
    const deliver = (listeners: ((message: unknown) => void)[], message: unknown): void => {
      const copy = structuredClone(message)
      queueMicrotask(() => alive && listeners.forEach((listener) => listener(copy)))
    }
    served = serveChannel(
      { post: (message) => deliver(toWindow, message), on: (listener) => void toServices.push(listener) },
      handlers as never,
      (reason) => {
        throw new Error(reason)
      },
    )
    hangUp = () => {
      alive = false
      closing.forEach((listener) => listener())
    }
    return {
      post: (message) => deliver(toServices, message),
      on: (listener) => void toWindow.push(listener),
      onOpen: (listener) => queueMicrotask(() => alive && listener()),
      onClose: (listener) => void closing.push(listener),
    }
  }
  const connection = createConnection(openPipe)
  setConnection(connection)
  const end: ServicesEnd = {
    connection,
    answers,
    asked,
    send: (name, payload) => served.send(name, payload),
    hangUp: () => hangUp(),
  }
  return end
}

/** The rows of some runs, newest first, for what lists and switchers ask: a text, a data set, ids. */
function rowsOf(runs: RunManifest[], { filter, columns, offset, limit }: RequestInput<'runs:rows'>): RunRows {
  const found = runs
    .filter(
      (run) =>
        (filter?.runs?.includes(run.id) ?? true) &&
        `${run.id} ${run.method} ${run.dataset}`.includes(filter?.text ?? '') &&
        (filter?.conditions ?? []).every(({ column, value }) => run[column as 'dataset'] === value),
    )
    .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
  return {
    all: runs.length,
    total: found.length,
    offset,
    rows: found.slice(offset, offset + limit).map((run) => ({
      id: run.id,
      method: run.method,
      state: run.state,
      cells: columns.map((column) => run[column as 'seed'] ?? null),
    })),
  }
}

/** Waits until `expectation` no longer throws. */
export const eventually = (expectation: () => void): Promise<void> =>
  vi.waitFor(expectation, { interval: 5, timeout: 10_000 })

export const jobOf = (change: Partial<JobSnapshot> = {}): JobSnapshot => ({
  id: 'job-1',
  kind: 'train',
  title: 'Train CSC on demo',
  state: 'running',
  progress: { stage: 'Epoch 1 of 10', fraction: 0.1, etaSeconds: 9 },
  run: 'run-1',
  dataset: 'demo',
  backend: 'wasm',
  memoryBytes: 1e8,
  queuedAt: '2026-01-01T10:00:00.000Z',
  startedAt: '2026-01-01T10:00:00.000Z',
  endedAt: null,
  error: null,
  ...change,
})

export const runOf = (change: Partial<RunManifest> = {}): RunManifest => ({
  type: 'causeway-run',
  version: 1,
  id: 'run-1',
  method: 'csc',
  dataset: 'demo',
  recipe: {},
  params: {},
  knowledge: null,
  seed: 0,
  backend: 'wasm',
  threads: 1,
  state: 'completed',
  createdAt: '2026-01-01T10:00:00.000Z',
  startedAt: '2026-01-01T10:00:00.000Z',
  endedAt: '2026-01-01T10:01:00.000Z',
  durationSeconds: 60,
  epochs: 10,
  bestEpoch: 7,
  metrics: { 'recall@10': 0.3, 'ndcg@10': 0.25, 'recallFull@10': 0.29 },
  error: null,
  evaluation: null,
  weightsHash: null,
  experiment: null,
  reproduces: null,
  producedBy: { causeway: '0.1.0', datasetHash: 'a', splitHash: 'b', platform: 'linux-x64', node: 'v20.20.2' },
  ...change,
})

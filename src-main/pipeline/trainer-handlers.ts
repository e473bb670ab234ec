import { CausewayError } from '../../src-shared/contract/errors'
import type { JobProgress } from '../../src-shared/domain/job'
import { takeRows, type Split } from '../../src-shared/domain/split'
import { resolveParams } from '../../src-shared/params/params'
import { throttle } from '../jobs/event-hub'
import type { RunOnDisk, TrainerEventMap, TrainerHandlers } from '../jobs/trainer-contract'
import type { FittedModel, StopSignal } from '../methods/method'
import { findMethod } from '../methods/registry'
import { probe, useBackend } from '../tensor/backends'
import { evaluate, recommend } from './evaluate/evaluate'
import { readGraph, readWeights } from './run-files'
import { runPipeline } from './run-pipeline'
import { readSplit } from './split/split-store'

const progressEveryMilliseconds = 100
const memoryEveryMilliseconds = 1000

/** A completed run in memory. */
interface OpenRun {
  run: RunOnDisk
  split: Split
  model: FittedModel
}

/** The handlers of the trainer contract: one fit at a time, or one completed run open for questions. */
export function trainerHandlers(
  send: <N extends keyof TrainerEventMap>(name: N, payload: TrainerEventMap[N]) => void,
): TrainerHandlers {
  let fitting: { -readonly [K in keyof StopSignal]: StopSignal[K] } | null = null
  let open: OpenRun | null = null

  const opened = (): OpenRun => {
    if (!open) throw new CausewayError('badRequest', 'No run is open in this process.')
    return open
  }
  const refuseWhileFitting = (): void => {
    if (fitting) throw new CausewayError('badRequest', 'This process is training.')
  }
  const close = (): void => {
    open?.model.dispose()
    open = null
  }

  return {
    async probe() {
      refuseWhileFitting()
      close()
      return probe()
    },

    async fit(run) {
      refuseWhileFitting()
      close()
      const signal: NonNullable<typeof fitting> = { requested: null }
      fitting = signal
      let latest: JobProgress | null = null
      const progress = throttle(() => {
        if (latest) send('progress', latest)
      }, progressEveryMilliseconds)
      const memory = setInterval(() => send('memory', { bytes: process.memoryUsage().rss }), memoryEveryMilliseconds)
      try {
        return await runPipeline(run, signal, {
          points: (payload) => send('points', payload),
          log: (payload) => send('log', payload),
          progress(payload) {
            latest = payload
            progress.request()
          },
        })
      } catch (thrown) {
        throw explainMemory(thrown)
      } finally {
        clearInterval(memory)
        progress.flush()
        fitting = null
      }
    },

    async stop({ how }) {
      // A cancel after a pause counts: it is the stronger wish.
      if (fitting && fitting.requested !== 'cancel') fitting.requested = how
      return null
    },

    async open(run) {
      refuseWhileFitting()
      if (open?.run.runDirectory !== run.runDirectory) {
        close()
        const descriptor = findMethod(run.method)
        const params = resolveParams(descriptor.info.params, run.params)
        const split = await readSplit(run.splitDirectory)
        await useBackend(run.backend)
        const method = await descriptor.load()
        open = { run, split, model: method.load(readWeights(run.runDirectory), params, split.train.cols) }
      }
      const { rows, cols } = opened().split.train
      return { users: rows, items: cols }
    },

    async topK({ rows, k }) {
      const { model, split } = opened()
      refuseUnknownRows(rows, split)
      return recommend(model, split, rows, k)
    },

    async evaluate({ part }) {
      const { model, split } = opened()
      const evaluated = await evaluate(model, split, part)
      if (!evaluated) throw new CausewayError('internal', 'The evaluation stopped without being asked to.')
      return evaluated.metrics
    },

    async graph() {
      return readGraph(opened().run.runDirectory)
    },

    async localGraph({ row }) {
      const { model, split, run } = opened()
      refuseUnknownRows([row], split)
      if (!model.localGraph)
        throw new CausewayError('noGraph', `A run of "${run.method}" with these parameters has no local graph.`)
      const strengths = await model.localGraph(takeRows(split.train, [row]))
      const k = Math.sqrt(strengths.length)
      return Array.from({ length: k }, (_, i) => Array.from(strengths.subarray(i * k, (i + 1) * k)))
    },
  }
}

/** Failed allocations come as all sorts of errors: out of JavaScript's heap, of WebAssembly's memory, of the graphics card's. */
function explainMemory(thrown: unknown): unknown {
  if (thrown instanceof CausewayError || !(thrown instanceof Error)) return thrown
  if (!/out of memory|cannot enlarge memory|allocation failed|invalid typed array length|OOM/i.test(thrown.message))
    return thrown
  return new CausewayError(
    'outOfMemory',
    `The training ran out of memory (${thrown.message.split('\n')[0]}).`,
    undefined,
    {
      cause: thrown,
    },
  )
}

function refuseUnknownRows(rows: readonly number[], split: Split): void {
  const unknown = rows.find((row) => row < 0 || row >= split.train.rows)
  if (unknown !== undefined)
    throw new CausewayError('badRequest', `There is no user row ${unknown}; there are ${split.train.rows}.`)
}

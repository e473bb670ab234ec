import { CausewayError } from '../../src-shared/contract/errors'
import type { JobProgress } from '../../src-shared/domain/job'
import { takeRows, type Split } from '../../src-shared/domain/split'
import { resolveParams } from '../../src-shared/params/params'
import { throttle } from '../jobs/event-hub'
import type { RunOnDisk, TrainerEventMap, TrainerHandlers } from '../jobs/trainer-contract'
import type { FittedModel, StopSignal } from '../methods/method'
import { findMethod } from '../methods/registry'
import { probe, useBackend } from '../tensor/backends'
import { bootstrapCorrelation } from './bootstrap/correlation'
import { bootstrapGraph } from './bootstrap/graph'
import { evaluate, recommend } from './evaluate/evaluate'
import { evaluateFully } from './evaluate/evaluate-fully'
import { estimateErrors, judgePropensities, ratedPredictions } from './evaluate/selection'
import { trainEffects } from './experiment/simulate-effects/train-effects'
import { writeDecoders } from './experiment/simulate-ranking/decoders'
import { RankingTrainings } from './experiment/simulate-ranking/train-ranking'
import { SimulatedTrainings } from './experiment/simulate/train-simulated'
import { listsOfAll } from './export/lists-of-all'
import { Correlations } from './intervene/correlations'
import { Exposures } from './intervene/exposures'
import { Interventions } from './intervene/interventions'
import { isIntervenable } from './intervene/prepared-rows'
import { Tasks } from './intervene/tasks'
import { readGraph, readWeights } from './run-files'
import { runPipeline } from './run-pipeline'
import { checkFeatures, trainedFeatureWidth, withBeside } from './split/beside'
import { readSplit } from './split/split-store'

const progressEveryMilliseconds = 100
const memoryEveryMilliseconds = 1000

/** A completed run in memory. */
interface OpenRun {
  run: RunOnDisk
  split: Split
  model: FittedModel
  /** Null until the first question about an intervention. */
  interventions: Interventions | null
  /** Null until the first question about the correlation. */
  correlations: Correlations | null
  /** Null until the first question about exposures. */
  exposures: Exposures | null
}

/** The handlers of the trainer contract: one fit at a time, or one completed run open for questions. */
export function trainerHandlers(
  send: <N extends keyof TrainerEventMap>(name: N, payload: TrainerEventMap[N]) => void,
): TrainerHandlers {
  let fitting: { -readonly [K in keyof StopSignal]: StopSignal[K] } | null = null
  let open: OpenRun | null = null
  const simulated = new SimulatedTrainings()
  const rankings = new RankingTrainings()
  const tasks = new Tasks((progress) => send('task', progress))

  const opened = (): OpenRun => {
    if (!open) throw new CausewayError('badRequest', 'No run is open in this process.')
    return open
  }
  const refuseWhileFitting = (): void => {
    if (fitting) throw new CausewayError('badRequest', 'This process is training.')
  }
  const close = (): void => {
    tasks.stopAll()
    open?.interventions?.dispose()
    open?.model.dispose()
    open = null
  }
  const interventions = (): Interventions => {
    const { run, split, model, interventions: asked } = opened()
    if (asked) return asked
    if (!isIntervenable(model))
      throw new CausewayError('noGraph', `A run of "${run.method}" with these parameters cannot be intervened on.`)
    const made = new Interventions(model, split, readGraph(run.runDirectory))
    opened().interventions = made
    return made
  }
  const correlations = (): Correlations => (opened().correlations ??= new Correlations(opened().model, opened().split))
  const exposures = (): Exposures => (opened().exposures ??= new Exposures(opened().model, opened().split))
  /** Works on a training until it has ended or was stopped; its progress is throttled, the memory it takes reported. */
  const working = async <T>(
    work: (signal: StopSignal, progress: (progress: JobProgress) => void) => Promise<T>,
  ): Promise<T> => {
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
      return await work(signal, (payload) => {
        latest = payload
        progress.request()
      })
    } catch (thrown) {
      throw explainMemory(thrown)
    } finally {
      clearInterval(memory)
      progress.flush()
      fitting = null
    }
  }

  return {
    async probe() {
      refuseWhileFitting()
      close()
      return probe()
    },

    fit(run) {
      return working((signal, progress) =>
        runPipeline(run, signal, {
          points: (payload) => send('points', payload),
          log: (payload) => send('log', payload),
          exposureCheck: (payload) => send('exposureCheck', payload),
          progress,
        }),
      )
    },

    simulate(asked) {
      return working((signal) => simulated.train(asked, signal))
    },

    simulateRanking(asked) {
      return working((signal) => rankings.train(asked, signal))
    },

    simulateEffects(asked) {
      return working((signal) => trainEffects(asked, signal))
    },

    fitDecoders(asked) {
      return working(async (signal, progress) => {
        await writeDecoders(asked, signal, progress)
        return null
      })
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
        const split = withBeside(await readSplit(run.splitDirectory), descriptor.info, run.attributes ?? null)
        const weights = readWeights(run.runDirectory)
        checkFeatures(split, trainedFeatureWidth(weights))
        await useBackend(run.backend, run.threads)
        const method = await descriptor.load()
        const model = method.load(weights, params, split.train.cols, run.knowledge)
        open = { run, split, model, interventions: null, correlations: null, exposures: null }
      }
      const { rows, cols } = opened().split.train
      return { users: rows, items: cols }
    },

    async topK({ rows, k }) {
      const { model, split } = opened()
      refuseUnknownRows(rows, split)
      return recommend(model, split, rows, k)
    },

    async topKOfAll({ task, k, mask }) {
      const { model, split } = opened()
      return tasks.run(task, (step) => listsOfAll(model, split, k, mask, step))
    },

    async scoringGraph({ mask }) {
      const { run, model } = opened()
      if (!model.scoringGraph)
        throw new CausewayError('badRequest', `The scoring function of "${run.method}" cannot be written as a graph.`)
      const graph = await model.scoringGraph()
      if (!mask) return graph
      if (graph.mask?.default.data.length !== mask.length)
        throw new CausewayError('noGraph', 'The model has no edges that this mask could be put on.')
      return { ...graph, mask: { ...graph.mask, default: { ...graph.mask.default, data: mask } } }
    },

    async evaluate({ part }) {
      const { model, split } = opened()
      const evaluated = await evaluate(model, split, part)
      if (!evaluated) throw new CausewayError('internal', 'The evaluation stopped without being asked to.')
      return evaluated.metrics
    },

    async evaluateFully({ task, attributes }) {
      const { model, split } = opened()
      return tasks.run(task, async (step) => {
        await step('Evaluating', 0)
        const evaluated = await evaluateFully(model, split, attributes?.items ?? null, {
          progress: (fraction) => step('Evaluating', fraction),
        })
        if (!evaluated) throw new CausewayError('internal', 'The evaluation stopped without being asked to.')
        return evaluated
      })
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

    async describe({ items, users }) {
      interventions().describe(items, users)
      return null
    },

    async userEffect({ row, k, intervention }) {
      return interventions().userEffect(row, k, intervention)
    },

    async effect({ task, rows, k, intervention }) {
      return tasks.run(task, (step) => interventions().effect(rows, k, intervention, step))
    },

    async perConfounder({ task, rows, k }) {
      return tasks.run(task, (step) => interventions().perConfounder(rows, k, step))
    },

    async paths({ row, item, intervention }) {
      return interventions().paths(row, item, intervention)
    },

    async profiles({ task }) {
      return tasks.run(task, (step) => interventions().profiles(step))
    },

    async judgePropensities({ floor }) {
      const { model, split } = opened()
      return judgePropensities(model, split, floor)
    },

    async estimateErrors({ floor }) {
      const { model, split } = opened()
      return estimateErrors(model, split, floor)
    },

    async ratedPredictions({ floor }) {
      const { model, split } = opened()
      return ratedPredictions(model, split, floor)
    },

    async stopTask({ task }) {
      tasks.stop(task)
      return null
    },

    async correlationEffect({ row, k, rho }) {
      refuseUnknownRows([row], opened().split)
      return correlations().effect(row, k, rho)
    },

    async correlationCurve({ task, rhos }) {
      return tasks.run(task, (step) => correlations().curve(rhos, step))
    },

    async exposureColumn({ item, row }) {
      return exposures().column(item, row)
    },

    async exposureRows({ from, count, row }) {
      return exposures().rows(from, count, row)
    },

    async strongestExposures({ task, row, count, own }) {
      return tasks.run(task, (step) => exposures().strongest(row, count, own, step))
    },

    async exposeItems({ row, expose, withdraw, k }) {
      return exposures().expose(row, { expose, withdraw }, k)
    },

    async segmentExposures({ task, item, segments, count }) {
      return tasks.run(task, (step) => exposures().bySegment(item, segments, count, step))
    },

    bootstrap({ of, ...run }) {
      const work = of === 'graph' ? bootstrapGraph : bootstrapCorrelation
      return working((signal, progress) =>
        work(run, signal, { progress, resample: (payload) => send('resample', payload) }),
      )
    },
  }
}

/**
 * Failed allocations come as all sorts of errors: out of JavaScript's heap, of WebAssembly's memory (which writes where it was
 * given nothing), of the graphics card's.
 */
export function explainMemory(thrown: unknown): unknown {
  if (thrown instanceof CausewayError || !(thrown instanceof Error)) return thrown
  if (
    !/out of memory|cannot enlarge memory|allocation failed|invalid typed array length|memory access out of bounds|OOM/i.test(
      thrown.message,
    )
  )
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

import { CausewayError } from '../../src-shared/contract/errors'
import type { Metrics } from '../../src-shared/domain/metric'
import type { Split } from '../../src-shared/domain/split'
import { resolveParams } from '../../src-shared/params/params'
import type { FitResult, RunOnDisk, TrainerEventMap } from '../jobs/trainer-contract'
import type { FitReporter, FittedModel, MethodDescriptor, StopSignal } from '../methods/method'
import { findMethod } from '../methods/registry'
import { useBackend } from '../tensor/backends'
import { Rng } from '../tensor/rng'
import { readCheckpoint, removeHalfWritten, writeCheckpoint } from './checkpoint-store'
import { evaluate } from './evaluate/evaluate'
import { appendLog, appendPoint, writeGraph, writeWeights } from './run-files'
import { readSplit } from './split/split-store'
import { describeGraph, learnedGraph } from './structure/structure'

/** Where a training tells its events. */
export type TrainingEvents = {
  [N in 'progress' | 'points' | 'log']: (payload: TrainerEventMap[N]) => void
}

/**
 * Trains a run from its folder and writes its results there: read the split, fit, evaluate, learn the structure, save.
 * Stops when `signal` asks for it, with a checkpoint to go on from; a resumed run ends as an uninterrupted one would.
 */
export async function runPipeline(
  run: RunOnDisk & { resume: boolean },
  signal: StopSignal,
  events: TrainingEvents,
): Promise<FitResult> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const descriptor = findMethod(run.method)
  const params = resolveParams(descriptor.info.params, run.params)
  if (run.knowledge && !descriptor.info.capabilities.includes('knowledge'))
    throw new CausewayError('badRequest', `${descriptor.info.label} cannot be given required or forbidden edges.`)
  const report = reporter(run.runDirectory, events)

  const split = await readSplit(run.splitDirectory)
  await useBackend(run.backend)
  const method = await descriptor.load()
  removeHalfWritten(run.runDirectory)
  const resume = run.resume ? readCheckpoint(run.runDirectory) : null
  report.log('info', startText(descriptor, run, split, resume !== null))

  const { knowledge } = run
  const fit = await method.fit({ split, params, rng: Rng.seeded(run.seed), signal, report, knowledge, resume })
  if (fit.end !== 'completed') {
    report.log('info', fit.end === 'paused' ? 'Paused.' : 'Cancelled.')
    return { end: fit.end, epochs: fit.epochs, bestEpoch: null, metrics: null, seconds: seconds() }
  }
  const { model, epochs, bestEpoch } = fit
  try {
    report.log('info', `Trained ${epochs} epochs; ${bestEpoch === null ? 'the last' : `epoch ${bestEpoch}`} is kept.`)
    const metrics = await evaluateTest(model, split, signal, report)
    if (!metrics) {
      // The checkpoint of the last epoch is there: a resumed run comes straight back to this point.
      const end = signal.requested === 'pause' ? 'paused' : 'cancelled'
      return { end, epochs, bestEpoch, metrics: null, seconds: seconds() }
    }
    const graph = await learnedGraph(model, split)
    if (graph) {
      report.log('info', describeGraph(graph))
      writeGraph(run.runDirectory, graph)
    }
    // Last: a run that has weights has everything.
    writeWeights(run.runDirectory, await model.save())
    report.log('info', `Finished: NDCG@10 ${metrics['ndcg@10']!.toFixed(4)} on the test part.`)
    return { end: 'completed', epochs, bestEpoch, metrics, seconds: seconds() }
  } finally {
    model.dispose()
  }
}

function startText(descriptor: MethodDescriptor, run: RunOnDisk, split: Split, resumed: boolean): string {
  const { rows, cols } = split.train
  return `${resumed ? 'Resuming' : 'Training'} ${descriptor.info.label} on ${rows} users and ${cols} items, backend ${run.backend}, seed ${run.seed}.`
}

/** What the method reports, written to the run folder and sent on. */
const reporter = (runDirectory: string, events: TrainingEvents): FitReporter => ({
  progress: (progress) => events.progress(progress),
  epoch: (point) => {
    appendPoint(runDirectory, point)
    events.points([point])
  },
  checkpoint: async (checkpoint) => writeCheckpoint(runDirectory, checkpoint),
  log: (level, text) => {
    const line = { at: new Date().toISOString(), level, text }
    appendLog(runDirectory, line)
    events.log([line])
  },
})

/** The metrics on the test part; null when stopped. */
async function evaluateTest(
  model: FittedModel,
  split: Split,
  signal: StopSignal,
  report: FitReporter,
): Promise<Metrics | null> {
  report.progress({ stage: 'Evaluating on the test part', fraction: 1, etaSeconds: null })
  const evaluated = await evaluate(model, split, 'test', { stop: () => signal.requested !== null })
  if (evaluated?.users === 0) report.log('warning', 'No user has a test item: the metrics are 0.')
  return evaluated?.metrics ?? null
}

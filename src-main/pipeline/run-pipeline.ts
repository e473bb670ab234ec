import { CausewayError } from '../../src-shared/contract/errors'
import { rhoText } from '../../src-shared/correlation/words'
import { evaluationProtocol } from '../../src-shared/domain/metric'
import type { Split } from '../../src-shared/domain/split'
import { resolveParams } from '../../src-shared/params/params'
import type { AttributeTables, FitResult, FullEvaluation, RunOnDisk, TrainerEventMap } from '../jobs/trainer-contract'
import type { FitReporter, FittedModel, MethodDescriptor, StopSignal } from '../methods/method'
import { findMethod } from '../methods/registry'
import { useBackend } from '../tensor/backends'
import { Rng } from '../tensor/rng'
import { readCheckpoint, removeHalfWritten, writeCheckpoint } from './checkpoint-store'
import { evaluateFully } from './evaluate/evaluate-fully'
import { writeEvaluation } from './evaluate/evaluation-file'
import { appendLog, appendPoint, writeCorrelation, writeExposureCheck, writeGraph, writeWeights } from './run-files'
import { checkFeatures, featureWidth, withBeside } from './split/beside'
import { readSplit } from './split/split-store'
import { describeGraph, learnedGraph } from './structure/structure'

/** Where a training tells its events. */
export type TrainingEvents = {
  [N in 'progress' | 'points' | 'log' | 'exposureCheck']: (payload: TrainerEventMap[N]) => void
}

/** Time of training that a kill may cost: checkpoints between are not written, which would take longer than a short epoch. */
const checkpointEveryMilliseconds = 2000

/** Where the state of a checkpoint says how many numbers described a user. */
const widthKey = 'featureWidth'

const unfinished = { bestEpoch: null, metrics: null, evaluation: null, weightsHash: null } as const

/**
 * Trains a run from its folder and writes its results there: read the split, fit, evaluate, learn the structure, save.
 * Stops when `signal` asks for it, with a checkpoint to go on from; a resumed run ends as an uninterrupted one would.
 */
export async function runPipeline(
  run: RunOnDisk & { resume: boolean; attributes: AttributeTables | null },
  signal: StopSignal,
  events: TrainingEvents,
): Promise<FitResult> {
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  const descriptor = findMethod(run.method)
  const params = resolveParams(descriptor.info.params, run.params)
  if (run.knowledge && !descriptor.info.capabilities.includes('knowledge'))
    throw new CausewayError('badRequest', `${descriptor.info.label} cannot be given required or forbidden edges.`)

  const split = withBeside(await readSplit(run.splitDirectory), descriptor.info, run.attributes)
  const report = reporter(run.runDirectory, signal, events, featureWidth(split))
  const engine = await useBackend(run.backend, run.threads)
  const method = await descriptor.load()
  removeHalfWritten(run.runDirectory)
  const resume = run.resume ? readCheckpoint(run.runDirectory) : null
  const trained = resume?.state[widthKey]
  checkFeatures(split, typeof trained === 'number' ? trained : null)
  report.log('info', startText(descriptor, run, split, engine, resume !== null))

  const { knowledge, attributes } = run
  const rng = Rng.seeded(run.seed)
  const fit = await method.fit({ split, params, rng, signal, report, knowledge, attributes, resume })
  if (fit.end !== 'completed') {
    report.log('info', fit.end === 'paused' ? 'Paused.' : 'Cancelled.')
    return { ...unfinished, end: fit.end, epochs: fit.epochs, seconds: seconds() }
  }
  const { model, epochs, bestEpoch } = fit
  try {
    report.log('info', `Trained ${epochs} epochs; ${bestEpoch === null ? 'the last' : `epoch ${bestEpoch}`} is kept.`)
    const evaluated = await evaluateTest(model, split, run.attributes, signal, report)
    if (!evaluated) {
      // A checkpoint of the last seconds of training is there: a resumed run is soon back at this point.
      const end = signal.requested === 'pause' ? 'paused' : 'cancelled'
      return { ...unfinished, end, epochs, bestEpoch, seconds: seconds() }
    }
    const graph = await learnedGraph(model, split)
    if (graph) {
      report.log('info', describeGraph(graph))
      writeGraph(run.runDirectory, graph)
    }
    const correlation = model.correlation?.() ?? null
    if (correlation !== null) {
      report.log(
        'info',
        `Correlation of the exogenous variables of observation and preference: ${rhoText(correlation)}.`,
      )
      writeCorrelation(run.runDirectory, correlation)
    }
    const { metrics } = evaluated
    const users = evaluated.evaluation.rows.length
    const hash = writeEvaluation(run.runDirectory, evaluated.evaluation)
    // Last: a run that has weights has everything.
    const weightsHash = writeWeights(run.runDirectory, await model.save())
    report.log('info', `Finished: NDCG@10 ${(metrics['ndcg@10'] ?? 0).toFixed(4)} on the test part.`)
    const { isTestRandomised } = evaluated.evaluation
    const evaluation = { protocol: evaluationProtocol, users, hash, ...(isTestRandomised && { isTestRandomised }) }
    return { end: 'completed', epochs, bestEpoch, metrics, evaluation, weightsHash, seconds: seconds() }
  } finally {
    model.dispose()
  }
}

function startText(
  descriptor: MethodDescriptor,
  run: RunOnDisk,
  split: Split,
  engine: string,
  resumed: boolean,
): string {
  const { rows, cols } = split.train
  return `${resumed ? 'Resuming' : 'Training'} ${descriptor.info.label} on ${rows} users and ${cols} items, backend ${run.backend}, seed ${run.seed}. ${engine}`
}

/** What the method reports, written to the run folder and sent on. */
function reporter(runDirectory: string, signal: StopSignal, events: TrainingEvents, width: number): FitReporter {
  let written = performance.now()
  return {
    progress: (progress) => events.progress(progress),
    epoch: (point) => {
      appendPoint(runDirectory, point)
      events.points([point])
    },
    checkpoint: async ({ arrays, state }) => {
      // A stopped training goes on from exactly where it was.
      if (signal.requested === null && performance.now() - written < checkpointEveryMilliseconds) return
      writeCheckpoint(runDirectory, { arrays, state: { ...state, [widthKey]: width } })
      written = performance.now()
    },
    log: (level, text) => {
      const line = { at: new Date().toISOString(), level, text }
      appendLog(runDirectory, line)
      events.log([line])
    },
    exposureCheck: (check) => {
      writeExposureCheck(runDirectory, check)
      events.exposureCheck({})
    },
  }
}

/** All metrics of the test part; null when stopped. */
async function evaluateTest(
  model: FittedModel,
  split: Split,
  attributes: AttributeTables | null,
  signal: StopSignal,
  report: FitReporter,
): Promise<FullEvaluation | null> {
  report.progress({ stage: 'Evaluating on the test part', fraction: 1, etaSeconds: null })
  const stop = (): boolean => signal.requested !== null
  const evaluated = await evaluateFully(model, split, attributes?.items ?? null, { stop })
  if (evaluated?.evaluation.rows.length === 0) report.log('warning', 'No user has a test item: there are no metrics.')
  return evaluated
}

import { CausewayError } from '../../../src-shared/contract/errors'
import type { Resample } from '../../../src-shared/domain/graph'
import type { JobProgress } from '../../../src-shared/domain/job'
import { takeRows, type Split } from '../../../src-shared/domain/split'
import { bestAssignment } from '../../../src-shared/graph/bootstrap'
import { permute } from '../../../src-shared/graph/matching'
import { resolveParams, type ParamValues } from '../../../src-shared/params/params'
import type { RunOnDisk } from '../../jobs/trainer-contract'
import type { EdgeKnowledge, FittedModel, Method, StopSignal } from '../../methods/method'
import { findMethod } from '../../methods/registry'
import { useBackend } from '../../tensor/backends'
import { Rng } from '../../tensor/rng'
import { evaluate } from '../evaluate/evaluate'
import { confounderMoves, distinctive } from '../intervene/moves'
import { evenSample, isIntervenable, PreparedRows } from '../intervene/prepared-rows'
import { correlation } from '../intervene/statistics'
import { appendResample, readGraph, readWeights, resumeResamples } from '../run-files'
import { readSplit } from '../split/split-store'

/** Users whose scores confounders are compared by. */
const mostSignatureUsers = 500

interface BootstrapEvents {
  progress(progress: JobProgress): void
  resample(resample: Resample): void
}

/** Ends the work in the middle of a resample. */
class Stopped extends Error {}

/**
 * Trains a completed run's method again and again on users drawn with replacement, each time from another start, and appends
 * the graph of each, its confounders in the order of the run's, to the run folder. Goes on after the resamples that are there, and
 * ends with those that an uninterrupted one would have.
 */
export async function bootstrapGraph(
  run: RunOnDisk & { resamples: number },
  signal: StopSignal,
  events: BootstrapEvents,
): Promise<{ end: 'completed' | 'paused' | 'cancelled' }> {
  const descriptor = findMethod(run.method)
  const params = resolveParams(descriptor.info.params, run.params)
  const split = await readSplit(run.splitDirectory)
  await useBackend(run.backend, run.threads)
  const method = await descriptor.load()
  const nodes = readGraph(run.runDirectory).nodes.length

  const done = resumeResamples(run.runDirectory)
  const have = new Set(done.map(({ resample }) => resample))
  const seconds = done.map((resample) => resample.seconds)
  const pace = new BootstrapPace(run.resamples, seconds, events)
  const bench: Bench = { method, params, split, nodes, knowledge: run.knowledge, signal }
  const seeds = resampleSeeds(run.seed, run.resamples)
  try {
    const missing = seeds.flatMap((seed, resample) => (have.has(resample) ? [] : [{ seed, resample }]))
    if (missing.length === 0) return { end: 'completed' }
    pace.say('Reading what the confounders do', null)
    const reference = await referenceOf(run, bench)
    for (const { seed, resample } of missing) {
      const started = performance.now()
      const trained = await trainResample(bench, reference, seed, (stage, fraction, etaSeconds) =>
        pace.say(`Resample ${resample + 1} of ${run.resamples}: ${stage}`, fraction, etaSeconds),
      )
      const line: Resample = { resample, seed, ...trained, seconds: (performance.now() - started) / 1000 }
      appendResample(run.runDirectory, line)
      seconds.push(line.seconds)
      events.resample(line)
    }
    return { end: 'completed' }
  } catch (thrown) {
    if (!(thrown instanceof Stopped)) throw thrown
    return { end: signal.requested === 'pause' ? 'paused' : 'cancelled' }
  }
}

/** The seeds of the resamples: the first n are the same however many are asked for. */
export function resampleSeeds(seed: number, resamples: number): number[] {
  // Another stream than the run's own training, which is seeded with the seed itself.
  const rng = Rng.seeded(seed).fork()
  return Array.from({ length: resamples }, () => rng.uint32() >>> 1)
}

/** A split of as many users, drawn with replacement: every user keeps its parts. */
export function resampleSplit(split: Split, rng: Rng): Split {
  const { rows } = split.train
  const users = Int32Array.from({ length: rows }, () => rng.integer(rows))
  return {
    hash: split.hash,
    train: takeRows(split.train, users),
    validation: takeRows(split.validation, users),
    test: takeRows(split.test, users),
  }
}

/** What every resample is made with. */
interface Bench {
  method: Method
  params: ParamValues
  split: Split
  nodes: number
  knowledge: EdgeKnowledge | null
  signal: StopSignal
}

type Say = (stage: string, fraction: number | null, etaSeconds: number | null) => void

async function trainResample(
  bench: Bench,
  reference: Signature,
  seed: number,
  say: Say,
): Promise<Pick<Resample, 'probabilities' | 'similarity' | 'metrics'>> {
  const { method, params, split, knowledge, signal } = bench
  const rng = Rng.seeded(seed)
  const fit = await method.fit({
    split: resampleSplit(split, rng.fork()),
    params,
    rng,
    signal,
    knowledge,
    resume: null,
    report: {
      progress: ({ stage, fraction, etaSeconds }) => say(stage, fraction, etaSeconds),
      epoch: () => undefined,
      // Half a resample is done again.
      checkpoint: () => Promise.resolve(),
      log: () => undefined,
    },
  })
  if (fit.end !== 'completed') throw new Stopped()
  const { model } = fit
  try {
    say('comparing', 1, 0)
    const evaluated = await evaluate(model, split, 'test', { stop: () => signal.requested !== null })
    if (!evaluated) throw new Stopped()
    // Without users: only mean strengths would be of them.
    const graph = await model.graph!(takeRows(split.train, []))
    const { order, similarity } = matchConfounders(reference, await signatureOf(model, bench), knowledge)
    return { probabilities: permute(graph.probabilities, order), similarity, metrics: evaluated.metrics }
  } finally {
    model.dispose()
  }
}

/** What sets each confounder apart in what it does to the items: its mean move of each item's score, [k] of [items]. */
export type Signature = Float64Array[]

/** The signature of the run itself. */
async function referenceOf(run: RunOnDisk, bench: Bench): Promise<Signature> {
  const { method, params, split, knowledge } = bench
  const model = method.load(readWeights(run.runDirectory), params, split.train.cols, knowledge)
  try {
    return await signatureOf(model, bench)
  } finally {
    model.dispose()
  }
}

/** The signature of a model over a sample of the original users, the same one every time. */
async function signatureOf(model: FittedModel, { split, nodes, signal }: Bench): Promise<Signature> {
  if (!isIntervenable(model)) throw notIntervenable()
  const users = new PreparedRows(model, takeRows(split.train, evenSample(split.train.rows, mostSignatureUsers)))
  try {
    const { means, deviations } = await confounderMoves(users, nodes, async () => {
      await new Promise(setImmediate)
      if (signal.requested) throw new Stopped()
    })
    return distinctive(means, deviations)
  } finally {
    users.dispose()
  }
}

const notIntervenable = (): CausewayError =>
  new CausewayError('noGraph', 'The confounders of this run cannot be told apart by what they do.')

/**
 * Which confounder of another model plays each of the run's: the assignment with the largest total correlation of what they do to
 * the items. A confounder that does nothing is like no other.
 * @param knowledge what both trainings were given: confounders change places only where that leaves it as it is, so that a
 *   required edge is never counted as another one
 * @returns order[j]: the other model's confounder that plays the run's j; similarity[j]: their correlation
 */
export function matchConfounders(
  reference: Signature,
  other: Signature,
  knowledge: EdgeKnowledge | null,
): { order: number[]; similarity: number[] } {
  const nodes = reference.length
  const similarity = reference.map((own) => other.map((theirs) => correlation(own, theirs) ?? 0))
  // Everyone in its own place is always allowed and costs less than one forbidden pair.
  const allowed = similarity.map((row, i) =>
    row.map((value, j) => (knowledge === null || interchangeable(knowledge, nodes, i, j) ? value : -4 * nodes)),
  )
  const order = bestAssignment(allowed)
  return { order, similarity: order.map((column, row) => similarity[row]![column]!) }
}

/** Whether the knowledge says the same with two nodes in each other's place. Those that may change places pairwise may do so at will. */
function interchangeable(knowledge: EdgeKnowledge, nodes: number, a: number, b: number): boolean {
  const swapped = (node: number): number => (node === a ? b : node === b ? a : node)
  return knowledge.every(
    (known, at) => knowledge[swapped(Math.floor(at / nodes)) * nodes + swapped(at % nodes)] === known,
  )
}

/** Says how far a bootstrap is: the resamples that are done, those of earlier jobs too, tell how long the others will take. */
class BootstrapPace {
  constructor(
    private readonly resamples: number,
    /** Seconds of each that is done; grows. */
    private readonly seconds: number[],
    private readonly events: BootstrapEvents,
  ) {}

  /** @param fraction of the resample at work */
  say(stage: string, fraction: number | null, etaSeconds: number | null = null): void {
    const done = this.seconds.length
    const share = fraction ?? 0
    const left = this.resamples - done
    const mean = done === 0 ? null : this.seconds.reduce((sum, own) => sum + own, 0) / done
    // Before the first is done: what the training itself expects, for each.
    const eta =
      mean !== null
        ? Math.max(0, left - share) * mean
        : etaSeconds === null || share === 0
          ? null
          : (etaSeconds / (1 - Math.min(share, 0.999))) * (left - share)
    this.events.progress({ stage, fraction: Math.min(1, (done + share) / this.resamples), etaSeconds: eta })
  }
}

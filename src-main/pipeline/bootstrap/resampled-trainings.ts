import type { z } from 'zod'
import type { JobProgress } from '../../../src-shared/domain/job'
import { takeRows, type Csr, type PairValues, type Split, type SplitPart } from '../../../src-shared/domain/split'
import { resolveParams, type ParamValues } from '../../../src-shared/params/params'
import type { RunOnDisk } from '../../jobs/trainer-contract'
import type { EdgeKnowledge, FittedModel, Method, StopSignal } from '../../methods/method'
import { findMethod } from '../../methods/registry'
import { useBackend } from '../../tensor/backends'
import { Rng } from '../../tensor/rng'
import { appendResample, resumeResamples } from '../run-files'
import { readSplit } from '../split/split-store'

export interface BootstrapEvents {
  progress(progress: JobProgress): void
  /** A resample is on disk. */
  resample(resample: { resample: number }): void
}

export interface BootstrapEnd {
  end: 'completed' | 'paused' | 'cancelled'
}

/** Ends the work in the middle of a resample. */
export class Stopped extends Error {}

/** What every resample is made with. */
export interface Bench {
  method: Method
  params: ParamValues
  split: Split
  knowledge: EdgeKnowledge | null
  signal: StopSignal
  /** Says what is done before the first resample. */
  say(stage: string): void
}

/** What is told of a model that was trained on resampled users. */
type Tell<T> = (model: FittedModel, say: (stage: string) => void) => Promise<T>

/** A line of the bootstrap's file: what is told of a resample, and what it was made with. */
export interface ResampleHead {
  /** From 0. */
  resample: number
  seed: number
  seconds: number
}

/**
 * Trains a completed run's method again and again on users drawn with replacement, each time from another start, and appends what is
 * told of each to the run folder. Goes on after the resamples that are there, and ends with those that an uninterrupted one would have.
 * @param prepare called once, where a resample is missing
 */
export async function bootstrap<T extends object>(
  run: RunOnDisk & { resamples: number },
  schema: z.ZodType<T & ResampleHead>,
  signal: StopSignal,
  events: BootstrapEvents,
  prepare: (bench: Bench) => Promise<Tell<T>>,
): Promise<BootstrapEnd> {
  const descriptor = findMethod(run.method)
  const params = resolveParams(descriptor.info.params, run.params)
  const split = await readSplit(run.splitDirectory)
  await useBackend(run.backend, run.threads)
  const method = await descriptor.load()

  const done = resumeResamples(run.runDirectory, schema)
  const have = new Set(done.map(({ resample }) => resample))
  const seconds = done.map((resample) => resample.seconds)
  const pace = new BootstrapPace(run.resamples, seconds, events)
  const { knowledge } = run
  const bench: Bench = { method, params, split, knowledge, signal, say: (stage) => pace.say(stage, null) }
  const seeds = resampleSeeds(run.seed, run.resamples)
  try {
    const missing = seeds.flatMap((seed, resample) => (have.has(resample) ? [] : [{ seed, resample }]))
    if (missing.length === 0) return { end: 'completed' }
    const tell = await prepare(bench)
    for (const { seed, resample } of missing) {
      const started = performance.now()
      const told = await trainResample(bench, seed, tell, (stage, fraction, etaSeconds) =>
        pace.say(`Resample ${resample + 1} of ${run.resamples}: ${stage}`, fraction, etaSeconds),
      )
      const line = { resample, seed, ...told, seconds: (performance.now() - started) / 1000 }
      appendResample(run.runDirectory, line)
      seconds.push(line.seconds)
      events.resample({ resample })
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

/**
 * A split of as many users, drawn with replacement: every user keeps its parts, its ratings and propensities. A user that is drawn twice is
 * two users: its rows are numbered anew, so that a model that knows users by their number learns each for itself.
 */
export function resampleSplit(split: Split, rng: Rng): Split {
  const { rows } = split.train
  const users = Int32Array.from({ length: rows }, () => rng.integer(rows))
  const { negatives, ratings, propensities, isTestRandomised, trainUsers } = split
  const matrices = (of: Record<SplitPart, Csr>): Record<SplitPart, Csr> => ({
    train: wholeRows(of.train, users),
    validation: wholeRows(of.validation, users),
    test: wholeRows(of.test, users),
  })
  return {
    hash: split.hash,
    ...matrices(split),
    ...(negatives && { negatives: matrices(negatives) }),
    ...(ratings && { ratings: takeValues(split, ratings, users) }),
    ...(propensities && { propensities: takeValues(split, propensities, users) }),
    ...(isTestRandomised !== undefined && { isTestRandomised }),
    ...(trainUsers && { trainUsers: drawnFrom(users, trainUsers) }),
  }
}

/** Rows of a resample whose users are among the given ones. */
function drawnFrom(users: Int32Array, among: Int32Array): Int32Array {
  const chosen = new Set(among)
  return Int32Array.from(users.keys()).filter((row) => chosen.has(users[row]!))
}

/** The given rows as a matrix that is whole: its rows are the users 0, 1, 2, … of the resample. */
function wholeRows(csr: Csr, rows: Int32Array): Csr {
  const { cols, indptr, indices } = takeRows(csr, rows)
  return { rows: rows.length, cols, indptr, indices }
}

/** The numbers of the pairs of the given rows. */
function takeValues(split: Split, { positives, negatives }: PairValues, rows: Int32Array): PairValues {
  const taken = (values: Float32Array, csr: Csr | undefined): Float32Array => {
    if (!csr) return values
    const parts = Array.from(rows, (row) => values.subarray(csr.indptr[row]!, csr.indptr[row + 1]!))
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }
  const byPart = (value: (part: SplitPart) => Float32Array): PairValues['positives'] => ({
    train: value('train'),
    validation: value('validation'),
    test: value('test'),
  })
  return {
    positives: byPart((part) => taken(positives[part], split[part])),
    negatives: byPart((part) => taken(negatives[part], split.negatives?.[part])),
  }
}

type Say = (stage: string, fraction: number | null, etaSeconds: number | null) => void

async function trainResample<T>(bench: Bench, seed: number, tell: Tell<T>, say: Say): Promise<T> {
  const { method, params, split, knowledge, signal } = bench
  const rng = Rng.seeded(seed)
  const fit = await method.fit({
    split: resampleSplit(split, rng.fork()),
    params,
    rng,
    signal,
    knowledge,
    // No method that is bootstrapped goes by attributes.
    attributes: null,
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
  try {
    return await tell(fit.model, (stage) => say(stage, 1, 0))
  } finally {
    fit.model.dispose()
  }
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

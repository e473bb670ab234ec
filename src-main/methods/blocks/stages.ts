import { z } from 'zod'
import { CausewayError } from '../../../src-shared/contract/errors'
import { withoutPrefix, withPrefix } from '../../pipeline/fit/checkpoint-arrays'
import { learn, type GradientFitSettings, type Learner } from '../../pipeline/fit/gradient-fit'
import type { Criterion } from '../../pipeline/fit/ranking-validation'
import { Rng } from '../../tensor/rng'
import type { FitContext, FitOutcome, FitReporter, FittedModel, NamedArrays } from '../method'

/** A stage while it is trained. */
export interface RunningStage {
  learner: Learner
  settings: GradientFitSettings
  criterion: Criterion
  /** What is kept of it once it is trained: weights and constants. */
  finish(): Promise<NamedArrays>
  dispose(): void
}

/** A part of a training that learns from what the parts before it have learned, and leaves that as it is. */
export interface Stage {
  /** What it trains, as progress is told: 'Exposure model'. */
  label: string
  /**
   * Fresh weights, all randomness from `rng`. A training that goes on starts a stage again with the same numbers from `rng`, so that what was
   * drawn for the stage is drawn alike.
   * @param learned what the stages before it have kept
   */
  start(context: FitContext, learned: NamedArrays, rng: Rng): RunningStage | Promise<RunningStage>
}

const stateSchema = z.object({
  type: z.literal('stages'),
  version: z.literal(1),
  /** The stage in progress, from 0. */
  stage: z.number().int().min(0),
  /** Epochs of the stages before it. */
  epochsBefore: z.number().int().min(0),
  /** Where all randomness of the training comes from. */
  seed: z.number().int(),
  /** The state of `learn`. */
  learning: z.record(z.string(), z.unknown()),
})

/**
 * Trains stage after stage. Epochs are counted on over all of them, and a checkpoint holds what earlier stages have kept.
 * @param build makes the model of all that the stages have kept
 * @throws what `learn` throws
 */
export async function fitInStages(
  context: FitContext,
  stages: readonly Stage[],
  build: (learned: NamedArrays) => FittedModel,
): Promise<FitOutcome> {
  const { resume } = context
  const parsed = resume && stateSchema.safeParse(resume.state)
  if (parsed && !(parsed.success && parsed.data.stage < stages.length))
    throw new CausewayError('runInvalid', 'The checkpoint does not belong to this kind of training.')
  const from = parsed?.data
  const seed = from?.seed ?? context.rng.uint32()
  const source = Rng.seeded(seed)
  const generators = stages.map(() => source.fork())
  const first = from?.stage ?? 0

  let learned: NamedArrays = resume ? withoutPrefix('learned', resume.arrays) : {}
  let epochsBefore = from?.epochsBefore ?? 0
  let bestEpoch: number | null = null
  for (let at = first; at < stages.length; at++) {
    const { label, start } = stages[at]!
    const rng = generators[at]!
    const kept = withPrefix('learned', learned)
    const state = { type: 'stages', version: 1, stage: at, epochsBefore, seed }
    const report: FitReporter = {
      ...context.report,
      progress: ({ stage, fraction, etaSeconds }) =>
        context.report.progress({
          stage: stages.length === 1 ? stage : `${label}: ${stage}`,
          fraction: fraction === null ? null : (at + fraction) / stages.length,
          etaSeconds: etaOfAll(stages.length - at - 1, fraction, etaSeconds),
        }),
      checkpoint: ({ arrays, state: learning }) =>
        context.report.checkpoint({
          arrays: { ...kept, ...withPrefix('stage', arrays) },
          state: { ...state, learning },
        }),
    }
    const goesOn =
      from && at === first ? { arrays: withoutPrefix('stage', resume!.arrays), state: from.learning } : null
    const own = { ...context, rng, report, resume: goesOn }
    const running = await start(own, learned, rng)
    try {
      const end = await learn(own, running.learner, { ...running.settings, epochsBefore }, running.criterion)
      if (end.end !== 'completed') return end
      learned = { ...learned, ...(await running.finish()) }
      epochsBefore = end.epochs
      bestEpoch = end.bestEpoch
    } finally {
      running.dispose()
    }
  }
  return { end: 'completed', model: build(learned), epochs: epochsBefore, bestEpoch }
}

/** Seconds until the end of all stages: those to come are taken to be as long as this one, whose end is told. */
function etaOfAll(toCome: number, fraction: number | null, etaSeconds: number | null): number | null {
  if (etaSeconds === null || fraction === null || toCome === 0) return etaSeconds
  return fraction < 1 ? etaSeconds + (toCome * etaSeconds) / (1 - fraction) : null
}

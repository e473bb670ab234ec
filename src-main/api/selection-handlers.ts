import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { RunManifest } from '../../src-shared/domain/run'
import { defaultPropensityFloor, propensityFloorSchema, type Sensitivity } from '../../src-shared/domain/selection'
import { errorOf, type RatedPredictions } from '../pipeline/evaluate/selection'
import { SensitivityBounds } from '../pipeline/evaluate/sensitivity'
import { bootstrap, estimate, resampleUsers } from '../pipeline/intervene/resample-users'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = Extract<keyof Handlers, `selection:${string}`>

/** Points of the band over Γ, equally far apart on a logarithmic axis. */
const gammaPoints = 61

/** What selection may do to what is known of runs. */
export function selectionHandlers({ store, inference }: Pick<Core, 'store' | 'inference'>): Pick<Handlers, Names> {
  const asked = (run: string, floor: number | undefined): { manifest: RunManifest; floor: number } => {
    const manifest = requireCompleted(store.read(run))
    return { manifest, floor: floor ?? floorOf(manifest) }
  }
  return {
    'selection:propensities': async ({ run, floor: given }) => {
      const { manifest, floor } = asked(run, given)
      return { run, ...(await inference.use(manifest, (trainer) => trainer.call('judgePropensities', { floor }))) }
    },
    'selection:estimates': async ({ run, floor: given }) => {
      const { manifest, floor } = asked(run, given)
      return { run, ...(await inference.use(manifest, (trainer) => trainer.call('estimateErrors', { floor }))) }
    },
    'selection:sensitivity': async ({ runs, error, gammaMax, floor: given }) => {
      const [a, b] = [requireCompleted(store.read(runs[0])), requireCompleted(store.read(runs[1]))]
      refuseOtherPairs(a, b)
      const { floor } = asked(a.id, given)
      const predictions = [a, b].map((manifest) =>
        inference.use(manifest, (trainer) => trainer.call('ratedPredictions', { floor })),
      )
      const [ofA, ofB] = (await Promise.all(predictions)) as [RatedPredictions, RatedPredictions]
      return compareErrors([a, b], [ofA, ofB], { error, gammaMax, floor })
    },
  }
}

/** The floor that a run was trained with. */
function floorOf({ params }: RunManifest): number {
  const own = propensityFloorSchema.safeParse(params['propensityFloor'])
  return own.success ? own.data : defaultPropensityFloor
}

/** @throws CausewayError `badRequest` for one run twice, and for runs of other splits */
function refuseOtherPairs(a: RunManifest, b: RunManifest): void {
  if (a.id === b.id) throw new CausewayError('badRequest', `Choose two runs: ${a.id} does not differ from itself.`)
  const splits = [a.producedBy.splitHash, b.producedBy.splitHash]
  if (splits[0] === null || splits[0] !== splits[1])
    throw new CausewayError(
      'badRequest',
      `${a.id} and ${b.id} are of different splits: they have no pairs in common.`,
      {
        splits,
      },
    )
}

/** Which of two models has the smaller error on the logged pairs, and what would turn that around. */
export async function compareErrors(
  runs: [RunManifest, RunManifest],
  predicted: [RatedPredictions, RatedPredictions],
  { error, gammaMax, floor }: { error: Sensitivity['error']; gammaMax: number; floor: number },
): Promise<Sensitivity> {
  const [a, b] = predicted
  if (a.preference !== b.preference)
    throw new CausewayError(
      'badRequest',
      'One of the runs predicts probabilities and the other ratings: choose two of a kind.',
    )
  if (error === 'crossEntropy' && a.preference === 'continuous')
    throw new CausewayError('badRequest', 'Runs that predict ratings have no cross-entropy: choose the squared error.')
  const { propensities, allPairs, users } = a
  const errors = predicted.map(({ predictions, targets }) =>
    Float64Array.from(predictions, (prediction, at) => errorOf(error, prediction, targets[at]!)),
  ) as [Float64Array, Float64Array]
  const differences = errors[0].map((own, at) => own - errors[1][at]!)
  const bounds = new SensitivityBounds({ differences, propensities, allPairs })
  const points = Array.from({ length: gammaPoints }, (_, at) => bounds.at(gammaMax ** (at / (gammaPoints - 1))))
  const { ips, snips } = points[0]!
  const means = errors.map((own) => snipsOf(own, propensities)) as [number, number]
  const flip = bounds.flip()
  const { interval, count } = await intervalOverUsers(differences, propensities, users, snips.low)
  return {
    error,
    runs: [
      { run: runs[0].id, method: runs[0].method, mean: means[0] },
      { run: runs[1].id, method: runs[1].method, mean: means[1] },
    ],
    pairs: differences.length,
    users: count,
    floor,
    difference: { ips: ips.low, snips: snips.low },
    interval,
    flip: Number.isFinite(flip) ? flip : null,
    points,
  }
}

function snipsOf(errors: Float64Array, propensities: Float64Array): number {
  let [sum, weights] = [0, 0]
  errors.forEach((error, at) => {
    sum += error / propensities[at]!
    weights += 1 / propensities[at]!
  })
  return sum / weights
}

/** The interval of the SNIPS difference where other users of the same kind had been drawn. */
async function intervalOverUsers(
  differences: Float64Array,
  propensities: Float64Array,
  users: Int32Array,
  difference: number,
): Promise<{ interval: Sensitivity['interval']; count: number }> {
  const places = new Map([...new Set(users)].map((user, place) => [user, place]))
  const sums = new Float64Array(2 * places.size)
  differences.forEach((d, at) => {
    const place = 2 * places.get(users[at]!)!
    sums[place]! += d / propensities[at]!
    sums[place + 1]! += 1 / propensities[at]!
  })
  const resampled = await resampleUsers(sums, places.size, [], 0, letIn)
  const ratios = Float64Array.from(
    { length: bootstrap.resamples },
    (_, at) => resampled.sums[2 * at]! / resampled.sums[2 * at + 1]!,
  )
  const { low, high } = estimate(difference, ratios)
  return { interval: { low, high, level: bootstrap.level, resamples: bootstrap.resamples }, count: places.size }
}

const letIn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

import { CausewayError } from '../../../../src-shared/contract/errors'
import { nnzOf, takeRows, type ExposedItems, type Split, type UserFeatures } from '../../../../src-shared/domain/split'
import { resolveParams } from '../../../../src-shared/params/params'
import type { EffectsOutcome, EffectsTraining } from '../../../jobs/trainer-contract'
import type { ExposureEffects, StopSignal } from '../../../methods/method'
import { findMethod } from '../../../methods/registry'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { exposuresOf } from '../../split/beside'
import { holdOut, pairsOf } from '../simulate/held-out'
import { trainUnwatched } from '../simulate/train-unwatched'
import { recovery, regressedEffects } from './recovery'
import { drawUsers, effectsWorld } from './world'

/** Share of the users that are not learned from, and of their exposures what is held out. */
const validationShare = 0.1
const heldOutShare = 0.2

/**
 * Trains a method on drawn users and holds the effects that it tells against the true ones.
 * @throws CausewayError `cancelled` when stopped, `paramInvalid` where effects are not on ratings, and what the training throws
 */
export async function trainEffects(asked: EffectsTraining, signal: StopSignal): Promise<EffectsOutcome> {
  const started = performance.now()
  const { users, features, seed } = asked
  const descriptor = findMethod(asked.method)
  const params = resolveParams(descriptor.info.params, asked.params)
  const world = effectsWorld(asked.world)
  const drawn = drawUsers(world, users, seed)
  const split = effectsSplit(drawn.exposed, features > 0 ? drawn.features : null, seed)
  await useBackend('wasm')
  const method = await descriptor.load()
  const { model, epochs } = await trainUnwatched(method, { split, params, rng: Rng.seeded(seed), signal })
  try {
    const effects = model.exposureEffects?.()
    if (effects?.outcome !== 'rating')
      throw new CausewayError(
        'paramInvalid',
        `${descriptor.info.label} tells no effects on ratings with these parameters: choose likelihood gaussian.`,
      )
    const { items, effects: truth } = world
    const all = Int32Array.from({ length: items }, (_, item) => item)
    const learned = takeRows(split.train, split.trainUsers!)
    return {
      validation: await heldOutError(effects, drawn.exposed, split),
      found: {
        method: recovery(await effects.of(all, null), truth, items),
        regression: recovery(regressedEffects(exposuresOf(learned) as ExposedItems), truth, items),
        exposed: nnzOf(drawn.exposed) / (users * items),
        pValue: effects.check.pValue,
      },
      epochs,
      seconds: (performance.now() - started) / 1000,
    }
  } finally {
    model.dispose()
  }
}

/**
 * Drawn users as methods are given them: of a tenth a fifth of the exposures is held out, and they are not learned from. Nothing is liked here
 * more than anything else: what is held out stands with the negatives, so that no list of liked items stops a training early.
 */
export function effectsSplit(exposed: ExposedItems, features: UserFeatures | null, seed: number): Split {
  const { rows: users, cols } = exposed
  const rng = Rng.seeded(seed)
  const order = rng.shuffle(Int32Array.from({ length: users }, (_, user) => user))
  const count = Math.round(users * validationShare)
  const isHeld = holdOut(exposed, order.slice(0, count).sort(), heldOutShare, rng)
  const [shown, held] = [pairsOf(exposed, isHeld, 0), pairsOf(exposed, isHeld, 1)]
  const none = { rows: users, cols, indptr: new Int32Array(users + 1), indices: new Int32Array(0) }
  return {
    hash: 'effects',
    train: { ...shown, beside: { exposed: shown, ...(features && { features }) } },
    validation: none,
    test: none,
    negatives: { train: none, validation: held, test: none },
    trainUsers: order.slice(count).sort(),
  }
}

/** The mean squared error of the held-out ratings, predicted from all exposures of their users. */
async function heldOutError(
  effects: ExposureEffects,
  exposed: ExposedItems,
  { train, negatives }: Split,
): Promise<number> {
  const held = negatives!.validation as ExposedItems
  const users = Int32Array.from({ length: held.rows }, (_, user) => user).filter(
    (user) => held.indptr[user + 1]! > held.indptr[user]!,
  )
  const rows = takeRows({ ...train, beside: { ...train.beside, exposed } }, users)
  const predicted = await effects.predict(rows)
  let squares = 0
  users.forEach((user, row) => {
    for (let at = held.indptr[user]!; at < held.indptr[user + 1]!; at++)
      squares += (predicted[row * held.cols + held.indices[at]!]! - held.ratings[at]!) ** 2
  })
  return squares / nnzOf(held)
}

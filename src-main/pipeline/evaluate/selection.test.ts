import { beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { ratedTinySplit, tinySplit } from '../../../tests/support/tiny-split'
import { fitSmall } from '../../../tests/support/fit'
import type { ErrorKind } from '../../../src-shared/domain/selection'
import { nnzOf, type Split } from '../../../src-shared/domain/split'
import { ndtr } from '../../methods/blocks/normal'
import { sigmoid } from '../../methods/blocks/pairs/point-loss'
import type { FittedModel, PairPredictions } from '../../methods/method'
import { findMethod } from '../../methods/registry'
import { useBackend } from '../../tensor/backends'
import type { Pairs } from '../../tensor/pairs'
import { Rng } from '../../tensor/rng'
import { errorOf, estimateErrors, judgePropensities, ratedPredictions } from './selection'
import { ratedPairs } from './rated'

const split: Split = { ...ratedTinySplit(), isTestRandomised: true }
const { rows, cols } = split.train

/** A model whose predictions and propensities are functions of user and item. */
function modelOf(
  values: (user: number, item: number) => number,
  more: {
    imputed?: (user: number, item: number) => number
    propensities?: (user: number, item: number) => number
    preference?: PairPredictions['preference']
  } = {},
): FittedModel {
  const over = (of: (user: number, item: number) => number, { users, items }: Pairs): Float32Array =>
    Float32Array.from(users, (user, at) => of(user, items[at]!))
  const { imputed, propensities, preference = 'binary' } = more
  return {
    predictions: async (pairs) => ({
      preference,
      values: over(values, pairs),
      imputed: imputed ? over(imputed, pairs) : null,
    }),
    ...(propensities && { propensities: async (pairs: Pairs) => over(propensities, pairs) }),
  } as FittedModel
}
const likes = (user: number, item: number): number => (Math.floor(item / 10) === user % 3 ? 0.8 : 0.3)

test('errors: by hand, and finite at the ends', () => {
  expect(errorOf('squared', 0.25, 1)).toBe(0.5625)
  expect(errorOf('crossEntropy', 0.25, 1)).toBeCloseTo(Math.log(4), 12)
  expect(errorOf('crossEntropy', 0.25, 0.5)).toBeCloseTo(-0.5 * Math.log(0.25) - 0.5 * Math.log(0.75), 12)
  for (const [p, target] of [[0, 1], [1, 0]] as const) expect(errorOf('crossEntropy', p, target)).toBeCloseTo(16.118, 3) // prettier-ignore
})

describe('propensities', () => {
  test('of a model are judged over all pairs where there are few: rated ones are those of the train part', async () => {
    const right = modelOf(likes, { propensities: (user) => (user % 2 === 0 ? 0.5 : 0.25) })
    const { source, drawn, areAllPairs, diagnostics } = await judgePropensities(right, split, 0.3)
    const observed = ratedPairs(split, 'train').users
    expect({ source, drawn, areAllPairs }).toEqual({ source: 'model', drawn: rows * cols, areAllPairs: true })
    expect(diagnostics.density).toBeCloseTo(observed.length / (rows * cols), 12)
    expect(diagnostics.meanPredicted).toBeCloseTo(0.375, 12)
    const odd = observed.reduce((count, user) => count + (user % 2), 0)
    expect(diagnostics.weights.clippedShare).toBeCloseTo(odd / observed.length, 12)
    // Clipped to the floor: the largest weight is that of the floor.
    expect(diagnostics.weights.largest).toBeCloseTo(1 / 0.3, 5)
    const seen = diagnostics.calibration.bins.reduce((sum, bin) => sum + bin.observed * bin.pairs, 0)
    expect(Math.round(seen)).toBe(observed.length)
  })

  test('without those of a model are logistic, right in the mean, and of positives alone where no other ratings are known', async () => {
    for (const given of [split, tinySplit()]) {
      const { source, diagnostics } = await judgePropensities(modelOf(likes), given, 0.01)
      expect(source).toBe('logistic')
      expect(diagnostics.weights.pairs).toBe(ratedPairs(given, 'train').users.length)
      expect(diagnostics.meanPredicted / diagnostics.density).toBeCloseTo(1, 1)
    }
  })

  test('of many pairs are judged on some, drawn the same way every time', async () => {
    const few = await judgePropensities(modelOf(likes), split, 0.01, 500)
    expect(few).toMatchObject({ drawn: 500, areAllPairs: false })
    expect(await judgePropensities(modelOf(likes), split, 0.01, 500)).toEqual(few)
    const all = await judgePropensities(modelOf(likes), split, 0.01)
    expect(few.diagnostics.weights).toEqual(all.diagnostics.weights)
    expect(Math.abs(few.diagnostics.meanPredicted / all.diagnostics.meanPredicted - 1)).toBeLessThan(0.1)
  })

  test('that are rounded to 0 are small, not refused', async () => {
    const { diagnostics } = await judgePropensities(modelOf(likes, { propensities: () => 0 }), split, 0.05)
    expect(diagnostics.weights).toMatchObject({ clippedShare: 1 })
    expect(diagnostics.weights.largest).toBeCloseTo(20, 4)
  })
})

describe('estimates', () => {
  const validation = ratedPairs(split, 'validation')
  const share = validation.users.length / (validation.users.length + ratedPairs(split, 'train').users.length)

  test('weigh validation pairs by the inverse of being rated times their share of the rated ones', async () => {
    const propensity = (user: number): number => 0.1 + 0.001 * user
    const model = modelOf(likes, { propensities: propensity })
    const { errors, pairs, source, imputed, randomisedPairs } = await estimateErrors(model, split, 0.12)
    expect({ pairs, source, imputed }).toEqual({ pairs: validation.users.length, source: 'model', imputed: null })
    expect(randomisedPairs).toBe(ratedPairs(split, 'test').users.length)
    expect(errors.map(({ error }) => error)).toEqual(['crossEntropy', 'squared'])
    let [sum, weights] = [0, 0]
    validation.users.forEach((user, at) => {
      // In the train part with p, in the validation part with p · share / (1 − share).
      const p = (Math.max(0.12, Math.fround(propensity(user))) * share) / (1 - share)
      sum += (Math.fround(likes(user, validation.items[at]!)) - validation.labels[at]!) ** 2 / p
      weights += 1 / p
    })
    const { ips, snips, dr, randomised } = errors[1]!
    expect(ips.value).toBeCloseTo(sum / (rows * cols), 9)
    expect(snips.value).toBeCloseTo(sum / weights, 9)
    expect(dr).toBeNull()
    const test = ratedPairs(split, 'test')
    const squares = Array.from(test.users, (user, at) => (Math.fround(likes(user, test.items[at]!)) - test.labels[at]!) ** 2) // prettier-ignore
    expect(randomised!.value).toBeCloseTo(squares.reduce((total, one) => total + one, 0) / squares.length, 9)
    expect(randomised!.standardError).toBeGreaterThan(0)
  })

  test('have DR where errors are imputed: with the right ones, it is the mean of the imputed over all pairs', async () => {
    const taste = (user: number, item: number): number => (Math.floor(item / 10) === user % 3 ? 1 : 0)
    const model = modelOf(likes, { imputed: taste, propensities: () => 0.2 })
    const { errors, imputed } = await estimateErrors(model, split, 0.01)
    let mean = 0
    for (let user = 0; user < rows; user++)
      for (let item = 0; item < cols; item++)
        mean += (Math.fround(likes(user, item)) - taste(user, item)) ** 2 / (rows * cols)
    expect(imputed).toEqual({ pairs: rows * cols, areAllPairs: true })
    expect(errors[1]!.dr!.value).toBeCloseTo(mean, 9)
    expect(errors[1]!.dr!.standardError).toBeCloseTo(0, 9)
    const drawn = await estimateErrors(model, split, 0.01, 400)
    expect(drawn.imputed).toEqual({ pairs: 400, areAllPairs: false })
    const { value, standardError } = drawn.errors[1]!.dr!
    expect(standardError).toBeGreaterThan(0)
    expect(Math.abs(value - mean)).toBeLessThan(4 * standardError)
  })

  test('of ratings are squared, and need them; there is no truth without a randomised part', async () => {
    const ratings = modelOf(() => 3, { preference: 'continuous' })
    await expect(estimateErrors(ratings, split, 0.01)).rejects.toMatchObject({ code: 'noRatings' })
    const over = (value: number) => ({
      train: new Float32Array(nnzOf(split.train)).fill(value),
      validation: new Float32Array(nnzOf(split.validation)).fill(value),
      test: new Float32Array(nnzOf(split.test)).fill(value),
    })
    const sizes = split.negatives!
    const below = {
      train: new Float32Array(nnzOf(sizes.train)).fill(1),
      validation: new Float32Array(nnzOf(sizes.validation)).fill(1),
      test: new Float32Array(nnzOf(sizes.test)).fill(1),
    }
    const rated: Split = { ...split, isTestRandomised: false, ratings: { positives: over(4), negatives: below } }
    const { errors, randomisedPairs } = await estimateErrors(ratings, rated, 0.01)
    expect(errors.map(({ error }): ErrorKind => error)).toEqual(['squared'])
    const positives = validation.labels.filter((label) => label === 1).length / validation.labels.length
    expect(errors[0]!.naive.value).toBeCloseTo(positives + 4 * (1 - positives), 9)
    expect(errors[0]!.randomised).toBeNull()
    expect(randomisedPairs).toBeNull()
  })

  test('of a model that ranks only there are none', async () => {
    const ranks = {} as FittedModel
    await expect(estimateErrors(ranks, split, 0.01)).rejects.toMatchObject({ code: 'badRequest' })
    await expect(ratedPredictions(ranks, split, 0.01)).rejects.toMatchObject({ code: 'badRequest' })
  })
})

describe('over many logs of the same users', () => {
  const [users, items] = [40, 25]
  const propensity = (user: number): number => 0.15 + 0.015 * user
  // Who rates much is predicted badly.
  const predicted = (user: number): number => 0.9 - 0.015 * user
  /** Its propensities are those of the train part, as they are where they are fitted to it. */
  const modelFor = ({ train, validation }: Split): FittedModel => {
    const share = nnzOf(train) / (nnzOf(train) + nnzOf(validation))
    return modelOf(predicted, { propensities: (user) => share * propensity(user) })
  }

  /** Every pair is positive; it is rated with its propensity, and one in four of the rated is put aside. */
  function log(rng: Rng): Split {
    const parts = { train: [] as number[][], validation: [] as number[][] }
    for (let user = 0; user < users; user++) {
      const rated = Array.from({ length: items }, (_, item) => item).filter(() => rng.uniform() < propensity(user))
      const isAside = rated.map(() => rng.uniform() < 0.25)
      parts.train.push(rated.filter((_, at) => !isAside[at]))
      parts.validation.push(rated.filter((_, at) => isAside[at]))
    }
    const nothing = csrOf(Array.from({ length: users }, () => []), items) // prettier-ignore
    return { hash: 'log', train: csrOf(parts.train, items), validation: csrOf(parts.validation, items), test: nothing }
  }

  test('IPS and SNIPS are right in the mean, the naive mean is not, and standard errors are those of the draws', async () => {
    const rng = Rng.seeded(5)
    const draws = 300
    const found = { naive: [] as number[], ips: [] as number[], snips: [] as number[] }
    const errors = { naive: 0, ips: 0, snips: 0 }
    for (let draw = 0; draw < draws; draw++) {
      const drawn = log(rng)
      const { errors: estimates } = await estimateErrors(modelFor(drawn), drawn, 1e-6)
      for (const kind of ['naive', 'ips', 'snips'] as const) {
        found[kind].push(estimates[1]![kind].value)
        errors[kind] += estimates[1]![kind].standardError / draws
      }
    }
    let truth = 0
    for (let user = 0; user < users; user++) truth += (1 - predicted(user)) ** 2 / users
    const of = (kind: keyof typeof found): { bias: number; sd: number } => {
      const mean = found[kind].reduce((sum, value) => sum + value, 0) / draws
      const squares = found[kind].reduce((sum, value) => sum + (value - mean) ** 2, 0)
      return { bias: mean - truth, sd: Math.sqrt(squares / (draws - 1)) }
    }
    for (const kind of ['ips', 'snips'] as const) {
      const { bias, sd } = of(kind)
      // SNIPS is biased by a share of its variance.
      expect(Math.abs(bias)).toBeLessThan((4 * sd) / Math.sqrt(draws))
      expect(sd / errors[kind]).toBeGreaterThan(0.9)
      expect(sd / errors[kind]).toBeLessThan(1.1)
    }
    expect(of('naive').bias).toBeGreaterThan((10 * of('ips').sd) / Math.sqrt(draws))
  })
})

describe('what trained models predict of pairs', () => {
  beforeAll(() => useBackend('wasm'))
  const pairs: Pairs = { users: Int32Array.from([0, 3, 7, 7]), items: Int32Array.from([1, 30, 0, 12]) }
  const trained = async (id: string, params: Record<string, string> = {}): Promise<FittedModel> => {
    const outcome = await fitSmall(findMethod(id), split, { params })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    return outcome.model
  }

  test.each([
    ['ips', {}, sigmoid, false],
    ['dr-jl', {}, sigmoid, true],
    ['multi-ips', {}, sigmoid, false],
    ['multi-dr', {}, sigmoid, true],
    ['clev', { debias: 'ips' }, ndtr, false],
    ['clev', { debias: 'dr' }, ndtr, true],
  ] as const)('%s %j: the probability is that of its own link', async (id, params, link, imputes) => {
    const model = await trained(id, params)
    const { preference, values, imputed } = await model.predictions!(pairs)
    const scores = await model.score(split.train)
    expect(preference).toBe('binary')
    values.forEach((value, at) =>
      expect(value).toBeCloseTo(link(scores[pairs.users[at]! * cols + pairs.items[at]!]!), 6),
    )
    expect(imputed !== null).toBe(imputes)
    expect(imputed?.every((p) => p > 0 && p < 1) ?? true).toBe(true)
    if (imputed) expect(imputed).not.toEqual(values)
    const { predictions, targets, propensities, users } = await ratedPredictions(model, split, 0.01)
    expect([targets.length, propensities.length, users.length]).toEqual(Array(3).fill(predictions.length))
    expect(propensities.every((p) => p > 0 && p <= 1)).toBe(true)
    model.dispose()
  })
})

import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { bitsOf, fitSmall, smallParams } from '../../../../tests/support/fit'
import { randomRows } from '../../../../tests/support/kernels'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { hasPair, nnzOf, rowOf, takeRows, type Split } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import type { FitOutcome, FittedModel, Method } from '../../method'
import { fitWeighted, loadWeighted } from '../../blocks/factorisation/weighted-factorisation'
import { Propensities } from './propensity'
import { descriptor } from '.'

const modelOf = (outcome: FitOutcome): FittedModel => {
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome.model
}

const users = 30
const features = { width: 2, values: Rng.seeded(1).fillNormal(new Float32Array(users * 2)) }
const exposures = randomRows(Rng.seeded(2), users, 9, 0.5)
const ratings = Float32Array.from(exposures.indices, (_, at) => 1 + (at % 5))
const everyone = Int32Array.from({ length: users }, (_, user) => user)

/** The same split with features and exposures beside its positives. */
function described(split: Split, ofUsers = 60): Split {
  const values = Rng.seeded(5).fillNormal(new Float32Array(ofUsers * 3))
  const exposed = { ...split.train, ratings: Float32Array.from(split.train.indices, (item) => 3 + (item % 3)) }
  return { ...split, train: { ...split.train, beside: { features: { width: 3, values }, exposed } } }
}

describe('propensities', () => {
  const clip = 0.01
  const estimate = Propensities.estimate({ ...exposures, weights: ratings }, { features }, everyone, clip)

  test('are a ridge regression towards each item’s rate, and weights r/p of mean 1, as a double loop has them', () => {
    const active = everyone.filter((user) => rowOf(exposures, user).length > 0)
    const logs = Array.from(everyone, (user) => Math.log1p(rowOf(exposures, user).length))
    const mean = logs.reduce((sum, value) => sum + value, 0) / users
    const deviation = Math.sqrt(logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / users)
    const covariates = logs.map((log, u) => [
      1,
      (log - mean) / deviation,
      ...features.values.subarray(2 * u, 2 * u + 2),
    ])
    const { propensity } = estimate.lent()
    const expected = new Map<string, number>()
    for (let item = 0; item < 9; item++) {
      const rate = everyone.filter((user) => hasPair(exposures, user, item)).length / users
      const own = [0, 1, 2, 3].map((i) => propensity!.data[i * 9 + item]!)
      const gradient = own.map((value, i) => value - (i === 0 ? rate : 0))
      covariates.forEach((x, u) => {
        const fitted = x.reduce((sum, value, i) => sum + value * own[i]!, 0)
        x.forEach((value, i) => (gradient[i]! += value * (fitted - (hasPair(exposures, u, item) ? 1 : 0))))
        expected.set(`${u} ${item}`, Math.min(1, Math.max(fitted, clip * (nnzOf(exposures) / (users * 9)))))
      })
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-4)
    }
    const { weights } = estimate.weigh({ ...exposures, weights: ratings }, { features })
    const unscaled: number[] = []
    for (const u of active)
      for (const item of rowOf(exposures, u)) unscaled.push(ratings[unscaled.length]! / expected.get(`${u} ${item}`)!)
    const scale = unscaled.length / unscaled.reduce((sum, value) => sum + value, 0)
    unscaled.forEach((value, at) => expect(weights[at]! / (scale * value)).toBeCloseTo(1, 3))
    expect(weights.reduce((sum, value) => sum + value, 0) / weights.length).toBeCloseTo(1, 4)
  })

  test('follow the features where exposure does', () => {
    const drawn = csrOf(
      Array.from(everyone, (u) => (features.values[2 * u]! > 0 ? [0, 1] : [1])),
      2,
    )
    const found = Propensities.estimate(drawn, { features }, everyone, 0.01)
    const { weights } = found.weigh(csrOf([[0], [0]], 2), { features: { width: 2, values: Float32Array.of(1, 0, -1, 0) } }) // prettier-ignore
    expect(weights[1]! / weights[0]!).toBeGreaterThan(2)
  })

  test('are never below the least one, which makes a large one all alike', () => {
    const alike = Propensities.estimate(exposures, { features }, everyone, 1000).weigh(exposures, { features })
    alike.weights.forEach((weight) => expect(weight).toBeCloseTo(1, 6))
  })

  test('come back from what was saved', () => {
    const { propensity, numbers } = estimate.lent()
    const again = Propensities.from(propensity!.data as Float32Array, 9, numbers!.data as Float32Array)
    const rows = { ...exposures, weights: ratings }
    expect(again.weigh(rows, { features })).toEqual(estimate.weigh(rows, { features }))
  })
})

test('where all propensities and ratings are the same it is WMF', async () => {
  const split = ratedTinySplit()
  const params = { clip: 1000, epochs: 3 }
  const weighed = modelOf(await fitSmall(descriptor, split, { params }))
  const wmf = async (): Promise<Method> => ({
    fit: (context) => fitWeighted(context, 'plain', (rows) => rows),
    load: (saved, all, items) => loadWeighted(saved, all, items, (rows) => rows),
  })
  const plain = modelOf(await fitSmall({ ...descriptor, load: wmf }, split, { params }))
  const [a, b] = [await weighed.score(split.train), await plain.score(split.train)]
  a.forEach((score, at) => expect(score).toBeCloseTo(b[at]!, 4))
})

test('of positives alone, where all propensities and ratings are the same, it is WMF with another confidence', async () => {
  const plainSplit = ratedTinySplit()
  // Beside the positives everyone was exposed to item 30, of the same rating.
  const lists = Array.from({ length: 60 }, (_, user) => [
    ...rowOf(plainSplit.train, user).filter((item) => item < 30),
    30,
  ])
  const exposed = csrOf(lists, 31)
  const ratings = new Float32Array(exposed.indices.length).fill(3)
  const split: Split = { ...plainSplit, train: { ...plainSplit.train, beside: { exposed: { ...exposed, ratings } } } }
  const params = { clip: 1000, epochs: 3 }
  const positive = modelOf(await fitSmall(descriptor, split, { params: { ...params, wanted: 'positive' } }))
  const all = modelOf(await fitSmall(descriptor, split, { params: { ...params, wanted: 'exposed' } }))
  const wmf = async (): Promise<Method> => ({
    fit: (context) => fitWeighted(context, 'plain', (rows) => rows),
    load: (saved, all, items) => loadWeighted(saved, all, items, (rows) => rows),
  })
  const plain = modelOf(await fitSmall({ ...descriptor, load: wmf }, split, { params }))
  const [a, b, c] = [await positive.score(split.train), await plain.score(split.train), await all.score(split.train)]
  a.forEach((score, at) => expect(score).toBeCloseTo(b[at]!, 4))
  expect(Math.max(...c.map((score, at) => Math.abs(score - b[at]!)))).toBeGreaterThan(0.1)
})

describe('a training with features', () => {
  const split = described(ratedTinySplit())

  test('never reports a higher loss than before, and scores alike when loaded', async () => {
    const losses: number[] = []
    const params = { epochs: 10, patience: 10, regularisation: 2 }
    const report = { epoch: ({ values }: { values: Record<string, number> }) => void losses.push(values['loss']!) }
    const model = modelOf(await fitSmall(descriptor, split, { params, report }))
    losses.slice(1).forEach((loss, at) => expect(loss).toBeLessThanOrEqual(losses[at]! * (1 + 1e-6)))
    expect(losses.at(-1)!).toBeLessThan(losses[0]!)
    const saved = await model.save()
    expect(saved['features']!.shape).toEqual([3, 6])
    expect(Math.max(...(saved['features']!.data as Float32Array).map(Math.abs))).toBeGreaterThan(0)
    const loaded = (await descriptor.load()).load(saved, smallParams(descriptor, params), 31, null)
    expect(await loaded.score(split.train)).toEqual(await model.score(split.train))
  })

  test('scores a row by its own features, and one of none as the average user', async () => {
    const model = modelOf(await fitSmall(descriptor, split))
    const rows = takeRows(split.train, [7])
    const own = await model.score(rows)
    const withOthers = { ...rows, beside: { ...rows.beside!, features: takeRows(split.train, [8]).beside!.features! } }
    expect(await model.score(withOthers)).not.toEqual(own)
    const average = { ...rows, beside: { ...rows.beside!, features: { width: 3, values: new Float32Array(3) } } }
    const none = { ...rows, beside: { exposed: rows.beside!.exposed! } }
    expect(await model.score(none)).toEqual(await model.score(average))
    const wider = { ...rows, beside: { features: { width: 4, values: new Float32Array(4) } } }
    expect(() => model.score(wider)).toThrow('trained with 3')
  })

  test('learns nothing from users that are split off', async () => {
    const trainUsers = Int32Array.from({ length: 40 }, (_, u) => u)
    const changed = csrOf(
      Array.from({ length: 60 }, (_, u) => (u < 40 ? [...rowOf(split.train, u)] : [0, 15, 29])),
      31,
    )
    const none = csrOf(Array.from({ length: 60 }, () => []), 31) // prettier-ignore
    const base = { ...ratedTinySplit(), validation: none, trainUsers }
    const bits = async (train: Split['train']): Promise<unknown> =>
      bitsOf(await modelOf(await fitSmall(descriptor, { ...base, train })).save())
    expect(await bits(changed)).toEqual(await bits({ ...split.train, beside: {} }))
  })
})

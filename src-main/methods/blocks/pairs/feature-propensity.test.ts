import { beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { bitsOf, fitSmall, smallParams, throughDisk } from '../../../../tests/support/fit'
import { everyPair } from '../../../../tests/support/pair-learning'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import type { Split } from '../../../../src-shared/domain/split'
import type { AttributeTable, AttributeTables } from '../../../jobs/trainer-contract'
import { noAttributes } from '../../../pipeline/intervene/attributes'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { descriptor } from '../../baselines/ips'
import type { Checkpoint } from '../../method'
import { logisticOnFeatures } from './feature-propensity'
import { ObservedPairs } from './observed-pairs'
import { sigmoid } from './point-loss'
import { logistic, logisticPropensities } from './propensity'

beforeAll(() => useBackend('wasm'))

/** Two kinds, one after the other, and a number. */
function described(rng: Rng, size: number, kinds: [string, string]): AttributeTable {
  return {
    numbers: [{ name: 'amount', values: Float64Array.from({ length: size }, () => 50 + 10 * rng.normal()) }],
    texts: [{ name: 'kind', labels: kinds, codes: Int32Array.from({ length: size }, (_, at) => at % 2) }],
  }
}

const userCount = 240
const itemCount = 160
/** What being of the same kind and an amount above the mean on both sides add to a logit. */
const sameKind = 1.5
const amounts = 0.5

/** Who observes what follows from features, and from effects of users and items. */
function drawn(): { observed: ObservedPairs; truth: Float64Array } {
  const rng = Rng.seeded(12)
  const attributes: AttributeTables = {
    users: described(rng, userCount, ['women', 'men']),
    items: described(rng, itemCount, ["women's", "men's"]),
  }
  const effects = (size: number): number[] => Array.from({ length: size }, () => 0.5 * rng.normal())
  const [users, items] = [effects(userCount), effects(itemCount)]
  const amountOf = (table: AttributeTable, at: number): number => (table.numbers[0]!.values[at]! - 50) / 10
  const truth = new Float64Array(userCount * itemCount)
  const [positives, negatives] = [0, 1].map(() => users.map(() => [] as number[]))
  for (let u = 0; u < userCount; u++)
    for (let i = 0; i < itemCount; i++) {
      const products =
        sameKind * (u % 2 === i % 2 ? 1 : 0) + amounts * amountOf(attributes.users, u) * amountOf(attributes.items, i)
      const p = sigmoid(-2 + users[u]! + items[i]! + products)
      truth[u * itemCount + i] = p
      if (rng.uniform() < p) (rng.uniform() < 0.5 ? positives : negatives)![u]!.push(i)
    }
  const empty = csrOf(
    users.map(() => []),
    itemCount,
  )
  const split: Split = {
    hash: 'features',
    train: csrOf(positives!, itemCount),
    validation: empty,
    test: empty,
    negatives: { train: csrOf(negatives!, itemCount), validation: empty, test: empty },
  }
  return { observed: new ObservedPairs(split, 'binary', attributes), truth }
}

describe('on data whose observation follows from features', () => {
  const { observed, truth } = drawn()
  const estimated = logisticOnFeatures(observed)
  const pairs = everyPair(observed)
  const found = logisticPropensities(estimated)!(pairs)
  const byCounts = logisticPropensities(logistic(observed))!(pairs)

  /** Of the logits of pairs: what x and y together add, by a difference of differences. */
  const logit = (p: number): number => Math.log(p / (1 - p))

  test('what features do together comes out', () => {
    // Means over pairs leave the effects out: of users and items they are the same for both kinds of pair.
    let [same, other] = [0, 0]
    found.forEach((p, at) => {
      if (pairs.users[at]! % 2 === pairs.items[at]! % 2) same += logit(p) / (found.length / 2)
      else other += logit(p) / (found.length / 2)
    })
    expect(Math.abs(same - other - sameKind)).toBeLessThan(0.15)
    const { users, items } = observed.attributes!
    const standard = ({ numbers }: AttributeTable): number[] =>
      Array.from(numbers[0]!.values, (value) => (value - 50) / 10)
    const [x, y] = [standard(users), standard(items)]
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    const [meanX, meanY] = [mean(x), mean(y)]
    let [moved, squares] = [0, 0]
    found.forEach((p, at) => {
      const product = (x[pairs.users[at]!]! - meanX) * (y[pairs.items[at]!]! - meanY)
      moved += logit(p) * product
      squares += product ** 2
    })
    expect(Math.abs(moved / squares - amounts)).toBeLessThan(0.1)
  })

  test('the probabilities are near the true ones, nearer than those by counts', () => {
    const gap = (ps: Float32Array): number =>
      Math.sqrt(ps.reduce((sum, p, at) => sum + (p - truth[at]!) ** 2, 0) / ps.length)
    // An effect has a variance of 1 / Σ w over its pairs, w = p (1 − p), and moves p by w times that: each adds about Σ w² / Σ w to Σ (p − truth)².
    const [w, squares] = [1, 2].map((power) => truth.reduce((sum, p) => sum + (p * (1 - p)) ** power, 0))
    const expected = Math.sqrt(((userCount + itemCount) * squares!) / w! / truth.length)
    expect(gap(found)).toBeLessThan(1.1 * expected)
    expect(gap(byCounts)).toBeGreaterThan(2 * gap(found))
  })

  test('what was observed is likelier than by counts', () => {
    const likelihood = (ps: Float32Array): number =>
      ps.reduce((sum, p, at) => sum + Math.log(observed.isObserved(pairs.users[at]!, pairs.items[at]!) ? p : 1 - p), 0)
    expect(likelihood(found)).toBeGreaterThan(likelihood(byCounts) + 0.05 * observed.size)
  })

  test('the mean probability is the density, and so it is for each user and item', () => {
    const ofUsers = new Float64Array(userCount)
    const ofItems = new Float64Array(itemCount)
    found.forEach((p, at) => {
      ofUsers[pairs.users[at]!]! += p
      ofItems[pairs.items[at]!]! += p
    })
    observed.users.forEach((user) => ofUsers[user]!--)
    observed.items.forEach((item) => ofItems[item]!--)
    expect(found.reduce((sum, p) => sum + p, 0) / found.length).toBeCloseTo(observed.density, 5)
    for (const rest of [...ofUsers, ...ofItems]) expect(Math.abs(rest)).toBeLessThan(0.01)
  })

  test('it is the same every time', () => {
    expect(bitsOf(logisticOnFeatures(observed))).toEqual(bitsOf(estimated))
  })
})

const both = (): AttributeTables => {
  const rng = Rng.seeded(2)
  return { users: described(rng, 60, ['a', 'b']), items: described(rng, 31, ['c', 'd']) }
}

describe('is refused', () => {
  const many = (size: number): AttributeTable => ({
    numbers: Array.from({ length: 40 }, (_, k) => ({
      name: `n${k}`,
      values: Float64Array.from({ length: size }, (_, at) => at % (k + 2)),
    })),
    texts: [],
  })
  test.each<[string, AttributeTables | null, string]>([
    ['without attributes', null, 'neither users nor items'],
    ['with attributes of items only', { ...both(), users: noAttributes }, 'describes no users'],
    ['with attributes of users only', { ...both(), items: noAttributes }, 'describes no items'],
    ['with too many', { users: many(60), items: many(31) }, 'at most 1000'],
  ])('%s', async (_, attributes, message) => {
    const fit = fitSmall(descriptor, ratedTinySplit(), { params: { propensity: 'logistic-features' }, attributes })
    await expect(fit).rejects.toMatchObject({ code: 'badRequest', message: expect.stringContaining(message) as string })
  })
})

describe('in a training', () => {
  const params = { propensity: 'logistic-features' }
  const split = ratedTinySplit()
  const pairs = everyPair(new ObservedPairs(split, 'binary'))

  test('the model tells the propensities of any pair, also when saved and loaded', async () => {
    const outcome = await fitSmall(descriptor, split, { params, attributes: both() })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    const { model } = outcome
    const expected = logisticPropensities(logisticOnFeatures(new ObservedPairs(split, 'binary', both())))!(pairs)
    expect(await model.propensities!(pairs)).toEqual(expected)
    const saved = throughDisk({ arrays: await model.save(), state: {} }).arrays
    const loaded = (await descriptor.load()).load(saved, smallParams(descriptor, params), split.train.cols, null)
    expect(await loaded.propensities!(pairs)).toEqual(expected)
    loaded.dispose()
    model.dispose()
  })

  test('one that was paused goes on with the same propensities, to the bit', async () => {
    const whole = await fitSmall(descriptor, split, { params, attributes: both() })
    const signal = { requested: null as 'pause' | null }
    let kept: Checkpoint | null = null
    const paused = await fitSmall(descriptor, split, {
      params,
      attributes: both(),
      signal,
      report: {
        epoch: () => (signal.requested = 'pause'),
        checkpoint: async (checkpoint) => {
          kept = throughDisk(checkpoint)
        },
      },
    })
    expect(paused.end).toBe('paused')
    // What was estimated is in the checkpoint: attributes are not asked for again.
    const resumed = await fitSmall(descriptor, split, { params, resume: kept! })
    if (whole.end !== 'completed' || resumed.end !== 'completed') throw new Error(resumed.end)
    expect(bitsOf(await resumed.model.save())).toEqual(bitsOf(await whole.model.save()))
    whole.model.dispose()
    resumed.model.dispose()
  })
})

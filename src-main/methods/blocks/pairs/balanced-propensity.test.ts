import { beforeAll, describe, expect, test } from 'vitest'
import { everyPair } from '../../../../tests/support/pair-learning'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { PairNetwork } from '../../../tensor/pairs'
import { Rng } from '../../../tensor/rng'
import { balancedPropensities, balancedPropensityLoss } from './balanced-propensity'
import { ObservedPairs } from './observed-pairs'
import { sigmoid } from './point-loss'
import { densityLogit } from './propensity'

beforeAll(() => useBackend('wasm'))

describe('the loss of balanced propensities', () => {
  const logitOf = (p: number): number => Math.log(p / (1 - p))
  // Two observed pairs, then a draw of four of which the second is observed.
  const logits = Float32Array.of(logitOf(0.5), logitOf(0.2), logitOf(0.1), logitOf(0.9), logitOf(0.25), logitOf(0.4))
  const features = Float32Array.of(0.8, 0.5, 0.3, 0.9, 0.6, 0.1)
  const lossOf = (weight: number, floor = 0.01, at: Float32Array = logits) =>
    balancedPropensityLoss(at, features, 2, (d) => d === 3, { density: 0.3, floor, weight })

  test('is what its definition gives by hand', () => {
    const found = lossOf(2)
    const observed = (0.3 / 2) * (0.8 / 0.5 + 0.5 / 0.2)
    const unobserved = (0.3 / 0.9 + 0.6 / 0.75 + 0.1 / 0.6) / 4
    expect(found.imbalance).toBeCloseTo(observed - unobserved, 5)
    const likely = -(0.3 / 2) * Math.log(0.5 * 0.2) - Math.log(0.9 * 0.75 * 0.6) / 4
    expect(found.crossEntropy).toBeCloseTo(likely, 5)
  })

  test('counts no propensity below the floor in the imbalance', () =>
    expect(lossOf(1, 0.3).imbalance).toBeCloseTo(
      (0.3 / 2) * (0.8 / 0.5 + 0.5 / 0.3) - (0.3 / 0.9 + 0.6 / 0.75 + 0.1 / 0.6) / 4,
      5,
    ))

  test.each([
    ['without balance', 0, 0.01],
    ['with balance', 3, 0.01],
    ['with a floor that one is under', 3, 0.3],
  ])('has the gradient that finite differences give, %s', (_, weight, floor) => {
    const { slopes } = lossOf(weight, floor)
    const total = (at: Float32Array): number => {
      const { crossEntropy, imbalance } = lossOf(weight, floor, at)
      return crossEntropy + weight * imbalance ** 2
    }
    logits.forEach((_logit, pair) => {
      const moved = (by: number): number => total(logits.map((logit, at) => (at === pair ? logit + by : logit)))
      expect(slopes[pair]).toBeCloseTo((moved(1e-2) - moved(-1e-2)) / 2e-2, 3)
    })
  })

  /** Of all observed pairs and a draw that is all pairs: what is observed by chance, of propensities of `right` logits. */
  function overAllPairs() {
    const count = 40_000
    const rng = Rng.seeded(9)
    const values = Float32Array.from({ length: count }, () => rng.uniform())
    const right = values.map((value) => 2 * value - 1)
    const isObserved = Array.from(right, (logit) => rng.uniform() < sigmoid(logit))
    const observed = [...right.keys()].filter((pair) => isObserved[pair])
    const order = [...observed, ...right.keys()]
    const lossAt = (at: Float32Array) =>
      balancedPropensityLoss(
        Float32Array.from(order, (pair) => at[pair]!),
        Float32Array.from(order, (pair) => values[pair]!),
        observed.length,
        (position) => isObserved[order[position]!]!,
        { density: observed.length / count, floor: 0.01, weight: 1 },
      )
    return { values, right, isObserved, lossAt }
  }

  test('of all observed pairs and all pairs is the mean over all pairs', () => {
    const { values, right, isObserved, lossAt } = overAllPairs()
    const expected = { crossEntropy: 0, imbalance: 0 }
    const off = right.map((logit) => 1.5 * logit - 0.5)
    off.forEach((logit, pair) => {
      const p = sigmoid(logit)
      expected.crossEntropy -= Math.log(isObserved[pair] ? p : 1 - p) / off.length
      expected.imbalance += (values[pair]! * (isObserved[pair] ? 1 / p : -1 / (1 - p))) / off.length
    })
    expect(lossAt(off).crossEntropy).toBeCloseTo(expected.crossEntropy, 5)
    expect(lossAt(off).imbalance).toBeCloseTo(expected.imbalance, 5)
  })

  test('is in balance in the mean for right propensities, and not for wrong ones', () => {
    const { right, lossAt } = overAllPairs()
    expect(lossAt(right).imbalance ** 2).toBeLessThan(1e-3)
    expect(lossAt(right.map((logit) => 1.5 * logit - 0.5)).imbalance ** 2).toBeGreaterThan(1e-2)
  })
})

describe('propensities learned along', () => {
  const observed = new ObservedPairs(ratedTinySplit(), 'binary')
  const { users, items, targets, size } = observed
  const batch = { users, items, targets, at: Int32Array.from(users, (_, at) => at) }
  const all = everyPair(observed)
  /** All observed pairs, and after them all there are. */
  const pairs = {
    users: Int32Array.from([...users, ...all.users]),
    items: Int32Array.from([...items, ...all.items]),
  }
  /** Predictions that are high where observed, which effects of user and item cannot tell. */
  const x = Float32Array.from(pairs.users, (user, at) => (observed.isObserved(user, pairs.items[at]!) ? 2 : -2))

  async function learn(balanceWeight: number, steps = 300) {
    const params = { embeddingSize: 4, learningRate: 0.02, weightDecay: 0, balanceWeight, propensityFloor: 0.01 }
    const rng = Rng.seeded(1)
    const plan = balancedPropensities.networks({ users: observed.userCount, items: observed.itemCount }, params)[
      'propensity'
    ]!
    const network = new PairNetwork(plan.shape, plan.options, rng)
    const learner = balancedPropensities.learner({
      networks: { propensity: network },
      vectors: {},
      observed,
      params,
    })
    const losses: number[][] = []
    const propensities: Float32Array[] = []
    for (let step = 0; step < steps; step++) {
      const stepped = await learner.step(batch, pairs, x, rng)
      losses.push(stepped.losses)
      propensities.push(stepped.propensities)
    }
    const logits = await network.score(all)
    network.dispose()
    const offset = densityLogit(observed.density)
    const mean = logits.reduce((sum, logit) => sum + sigmoid(logit + offset) / logits.length, 0)
    return { losses: losses.at(-1)!, propensities, mean }
  }

  test('start about the density, and are those of the batch from before the step', async () => {
    const { propensities } = await learn(0, 1)
    expect(propensities[0]).toHaveLength(size)
    const mean = propensities[0]!.reduce((sum, p) => sum + p / size, 0)
    expect(Math.abs(mean / observed.density - 1)).toBeLessThan(0.1)
  })

  test('tell how often pairs are observed', async () =>
    expect(Math.abs((await learn(0)).mean - observed.density)).toBeLessThan(0.01))

  test('balance what they are told to, at the cost of telling what is observed', async () => {
    const plain = await learn(0)
    const balanced = await learn(10)
    expect(balanced.losses[1]).toBeLessThan(plain.losses[1]! / 10)
    expect(balanced.losses[0]).toBeGreaterThan(plain.losses[0]!)
  })
})

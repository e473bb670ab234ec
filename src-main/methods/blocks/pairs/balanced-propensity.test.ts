import { beforeAll, describe, expect, test } from 'vitest'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { emptyPairs, PairNetwork } from '../../../tensor/pairs'
import { Rng } from '../../../tensor/rng'
import { balancedPropensities, balancedPropensityLoss } from './balanced-propensity'
import { ObservedPairs } from './observed-pairs'
import { sigmoid } from './point-loss'

beforeAll(() => useBackend('wasm'))

describe('the loss of balanced propensities', () => {
  const rng = Rng.seeded(2)
  const count = 30
  const logits = Float32Array.from({ length: count }, () => 3 * rng.normal())
  const observed = Uint8Array.from({ length: count }, () => Number(rng.uniform() < 0.4))
  const phi = Float32Array.from({ length: count }, () => rng.uniform())

  test('is cross-entropy and imbalance as defined', () => {
    const { entropy, balance } = balancedPropensityLoss(logits, observed, phi, 1, 1e-6)
    const terms = Array.from(logits, (logit, d) => {
      const [p, o] = [sigmoid(logit), observed[d]!]
      return { entropy: -Math.log(o ? p : 1 - p), imbalance: phi[d]! * (o / p - (1 - o) / (1 - p)) }
    })
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / count
    expect(entropy).toBeCloseTo(mean(terms.map((term) => term.entropy)), 5)
    expect(balance / mean(terms.map((term) => term.imbalance)) ** 2).toBeCloseTo(1, 5)
  })

  test.each([
    ['without floor', 1e-6],
    ['with a floor that some are under', 0.2],
  ])('has the slopes of finite differences %s', (_, floor) => {
    const weight = 0.7
    const value = (at: Float32Array): number => {
      const { entropy, balance } = balancedPropensityLoss(at, observed, phi, weight, floor)
      return entropy + weight * balance
    }
    const { slopes } = balancedPropensityLoss(logits, observed, phi, weight, floor)
    for (let d = 0; d < count; d++) {
      const moved = (by: number): number => {
        const other = logits.slice()
        other[d]! += by
        return value(other)
      }
      const difference = (moved(1 / 64) - moved(-1 / 64)) / (2 / 64)
      expect(Math.abs(slopes[d]! - difference)).toBeLessThan(2e-3 * (1 + Math.abs(difference)))
    }
  })

  test('is in balance in the mean for right propensities, and not for wrong ones', () => {
    const many = 40_000
    const draws = Rng.seeded(9)
    const values = Float32Array.from({ length: many }, () => draws.uniform())
    const right = values.map((value) => 2 * value - 1)
    const isObserved = Uint8Array.from(right, (logit) => Number(draws.uniform() < sigmoid(logit)))
    const off = right.map((logit) => 1.5 * logit - 0.5)
    expect(balancedPropensityLoss(right, isObserved, values, 1, 0.01).balance).toBeLessThan(1e-3)
    expect(balancedPropensityLoss(off, isObserved, values, 1, 0.01).balance).toBeGreaterThan(1e-2)
  })
})

describe('propensities learned along', () => {
  const observed = new ObservedPairs(ratedTinySplit(), 'binary')
  const batch = { ...emptyPairs(1), targets: new Float32Array(1), at: new Int32Array(1) }
  const everything = observed.allPairs
  /** One pair as the batch, and after it all there are. */
  const pairs = {
    users: Int32Array.from({ length: 1 + everything }, (_, at) => Math.floor(Math.max(at - 1, 0) / observed.itemCount)),
    items: Int32Array.from({ length: 1 + everything }, (_, at) => Math.max(at - 1, 0) % observed.itemCount),
  }
  /** Predictions that are high where observed, which effects of user and item cannot tell. */
  const x = Float32Array.from(pairs.users, (user, at) => (observed.isObserved(user, pairs.items[at]!) ? 2 : -2))

  async function learn(balanceWeight: number): Promise<{ losses: number[]; mean: number }> {
    const params = { embeddingSize: 4, learningRate: 0.02, weightDecay: 0, balanceWeight, propensityFloor: 0.01 }
    const size = { users: observed.userCount, items: observed.itemCount }
    const rng = Rng.seeded(1)
    const plan = balancedPropensities.networks(size, params)['propensity']!
    const network = new PairNetwork(plan.shape, plan.options, rng)
    const learner = balancedPropensities.learner({
      networks: { propensity: network },
      vectors: {},
      observed,
      params,
    })
    let losses: number[] = []
    for (let step = 0; step < 300; step++) losses = (await learner.step(batch, pairs, x, rng)).losses
    const logits = await network.score(pairs)
    network.dispose()
    return { losses, mean: logits.reduce((sum, logit) => sum + sigmoid(logit) / logits.length, 0) }
  }

  test('tell how often pairs are observed', async () =>
    expect(Math.abs((await learn(0)).mean - observed.density)).toBeLessThan(0.01))

  test('balance what they are told to, at the cost of telling what is observed', async () => {
    const plain = await learn(0)
    const balanced = await learn(10)
    expect(balanced.losses[1]).toBeLessThan(plain.losses[1]! / 10)
    expect(balanced.losses[0]).toBeGreaterThan(plain.losses[0]!)
  })
})

import { beforeAll, describe, expect, test } from 'vitest'
import { fitSmall, smallParams } from '../../../../tests/support/fit'
import { everyPair, gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { pairValues, ratedTinySplit } from '../../../../tests/support/tiny-split'
import { withoutPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import { useBackend } from '../../../tensor/backends'
import { PairNetwork } from '../../../tensor/pairs'
import type { NamedArrays } from '../../method'
import { ObservedPairs } from '../../blocks/pairs/observed-pairs'
import { sigmoid, softplus } from '../../blocks/pairs/point-loss'
import { descriptor } from '.'
import { balancedPropensityLoss } from './balance'
import { ipsV2 } from './model'

beforeAll(() => useBackend('wasm'))

const split = ratedTinySplit()

describe('the loss of the propensity network', () => {
  const logitOf = (p: number): number => Math.log(p / (1 - p))
  // Two observed pairs, then a draw of four of which the second is observed.
  const logits = Float32Array.of(logitOf(0.5), logitOf(0.2), logitOf(0.1), logitOf(0.9), logitOf(0.25), logitOf(0.4))
  const features = Float32Array.of(0.8, 0.5, 0.3, 0.9, 0.6, 0.1)
  const lossOf = (weight: number, floor = 0.01) =>
    balancedPropensityLoss(logits, features, 2, (at) => at === 3, { density: 0.3, floor, weight })

  test('is what its definition gives by hand', () => {
    const found = lossOf(2)
    const observed = (0.3 / 2) * (0.8 / 0.5 + 0.5 / 0.2)
    const unobserved = (0.3 / 0.9 + 0.6 / 0.75 + 0.1 / 0.6) / 4
    expect(found.imbalance).toBeCloseTo(observed - unobserved, 5)
    const likely = -(0.3 / 2) * Math.log(0.5 * 0.2) - Math.log(0.9 * 0.75 * 0.6) / 4
    expect(found.crossEntropy).toBeCloseTo(likely, 5)
    found.propensities.forEach((p, at) => expect(p).toBeCloseTo([0.5, 0.2, 0.1, 0.9, 0.25, 0.4][at]!, 5))
  })

  test.each([0, 3])('has the gradient that finite differences give, with balance %d', (weight) => {
    const { slopes } = lossOf(weight)
    const total = (): number => {
      const { crossEntropy, imbalance } = lossOf(weight)
      return crossEntropy + weight * imbalance ** 2
    }
    const move = 1e-2
    logits.forEach((logit, at) => {
      logits[at] = logit + move
      const above = total()
      logits[at] = logit - move
      const below = total()
      logits[at] = logit
      expect(slopes[at]).toBeCloseTo((above - below) / (2 * move), 3)
    })
  })

  test('counts no propensity below the floor', () => {
    const found = lossOf(1, 0.3)
    expect(Math.min(...found.propensities)).toBeCloseTo(0.3, 6)
    expect(found.imbalance).toBeCloseTo(
      (0.3 / 2) * (0.8 / 0.5 + 0.5 / 0.3) - (0.3 / 0.9 + 0.6 / 0.75 + 0.1 / 0.6) / 4,
      5,
    )
  })
})

test.each(['binary', 'continuous'])(
  'the prediction goes down the weighted error, the propensities down cross-entropy and imbalance, with a %s preference',
  async (preference) => {
    const rated = { ...split, ratings: pairValues(split, 4, 2) }
    const learning = await stillLearning(ipsV2, descriptor, rated, { preference, balance: 2, propensityFloor: 0.0001 })
    expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
    const down = ([, crossEntropy, imbalance]: number[]): number => crossEntropy! + 2 * imbalance!
    expect(await gradientGap(learning, 'propensity', down)).toBeLessThan(0.01)
    learning.dispose()
  },
)

test('in expectation the cross-entropy is its mean over all pairs', async () => {
  const learning = await stillLearning(ipsV2, descriptor, split)
  const { networks, observed } = learning
  const all = everyPair(observed)
  const offset = Math.log(observed.density / (1 - observed.density))
  const logits = await networks['propensity']!.score(all)
  const expected =
    logits.reduce((sum, output, pair) => {
      const isObserved = observed.isObserved(all.users[pair]!, all.items[pair]!)
      return sum + softplus(isObserved ? -output - offset : output + offset)
    }, 0) / logits.length
  let mean = 0
  for (let seed = 1; seed <= 60; seed++) mean += (await learning.step(seed))[1]! / 60
  expect(mean).toBeCloseTo(expected, 2)
  learning.dispose()
})

test('trained by cross-entropy alone, the mean propensity over all pairs is the density of the data', async () => {
  const params = { epochs: 60, patience: 60, balance: 0 }
  let last: NamedArrays = {}
  const outcome = await fitSmall(descriptor, split, {
    params,
    report: { checkpoint: async ({ arrays }) => void (last = arrays) },
  })
  if (outcome.end === 'completed') outcome.model.dispose()
  const observed = new ObservedPairs(split, 'binary')
  const size = { users: observed.userCount, items: observed.itemCount }
  const plan = ipsV2.networks(size, smallParams(descriptor, params))['propensity']!
  // Of the last epoch: the best one for the predictions may come before the propensities have settled.
  const network = new PairNetwork(plan.shape, plan.options, withoutPrefix('weights.propensity', last))
  const logits = await network.score(everyPair(observed))
  const offset = Math.log(observed.density / (1 - observed.density))
  const mean = logits.reduce((sum, output) => sum + sigmoid(output + offset), 0) / logits.length
  expect(Math.abs(mean / observed.density - 1)).toBeLessThan(0.05)
  network.dispose()
})

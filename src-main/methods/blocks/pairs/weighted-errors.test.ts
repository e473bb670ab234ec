import { beforeAll, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { pairValues } from '../../../../tests/support/tiny-split'
import { everyPair, gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import type { Split } from '../../../../src-shared/domain/split'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import type { MethodDescriptor } from '../../method'
import { backboneParam, pairTrainingParams, propensityParams } from './pair-params'
import { pointLoss } from './point-loss'
import { backbonePlan, type PairArchitecture } from './pair-method'
import { inverseWeightedArchitecture, naiveArchitecture } from './weighted-errors'

beforeAll(() => useBackend('wasm'))

const [userCount, itemCount] = [40, 30]
const chance = { positive: 0.5, negative: 0.1 }

const inverse = inverseWeightedArchitecture((weights) => weights.length)
const descriptor = {
  info: { params: [...propensityParams(), backboneParam(), ...pairTrainingParams()] },
} as unknown as MethodDescriptor

/** A third of all pairs is liked; liked ones are seen five times as often. */
const likes = (() => {
  const rng = Rng.seeded(1)
  return Array.from({ length: userCount * itemCount }, () => rng.uniform() < 1 / 3)
})()

function observe(seed: number): Split {
  const rng = Rng.seeded(1000 + seed)
  const [positives, negatives] = [0, 1].map(() => Array.from({ length: userCount }, () => [] as number[]))
  likes.forEach((isLiked, pair) => {
    if (rng.uniform() >= (isLiked ? chance.positive : chance.negative)) return
    ;(isLiked ? positives : negatives)![Math.floor(pair / itemCount)]!.push(pair % itemCount)
  })
  const empty = csrOf(
    Array.from({ length: userCount }, () => []),
    itemCount,
  )
  const split: Split = {
    hash: `observed-${seed}`,
    train: csrOf(positives!, itemCount),
    validation: empty,
    test: empty,
    negatives: { train: csrOf(negatives!, itemCount), validation: empty, test: empty },
  }
  return { ...split, propensities: pairValues(split, chance.positive, chance.negative) }
}

/** The loss of one network, which takes most pairs not to be liked, over many observations, and its mean error over all pairs. */
async function estimates(architecture: PairArchitecture): Promise<{ losses: number[]; truth: number }> {
  const losses: number[] = []
  let truth = 0
  for (let seed = 1; seed <= 40; seed++) {
    const learning = await stillLearning(architecture, descriptor, observe(seed), { propensity: 'given' })
    const prediction = learning.networks['prediction']!
    const weights = await prediction.weights()
    weights['bias']!.data.fill(-1)
    prediction.setWeights(weights)
    losses.push((await learning.step())[0]!)
    const logits = await prediction.score(everyPair(learning.observed))
    truth =
      logits.reduce((sum, logit, pair) => sum + pointLoss('binary').error(logit, likes[pair] ? 1 : 0), 0) /
      logits.length
    learning.dispose()
  }
  return { losses, truth }
}

/** How many standard errors the mean of the estimates is from the truth. */
function distance({ losses, truth }: { losses: number[]; truth: number }): number {
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (losses.length - 1)
  return Math.abs(mean - truth) / Math.sqrt(variance / losses.length)
}

test('weighted by the inverse of true propensities, errors of observed pairs estimate the mean error over all; unweighted they do not', async () => {
  expect(distance(await estimates(inverse))).toBeLessThan(3.5)
  expect(distance(await estimates(naiveArchitecture(backbonePlan)))).toBeGreaterThan(10)
})

test('the network goes down the loss, weighted or not', async () => {
  for (const architecture of [inverse, naiveArchitecture(backbonePlan)]) {
    const learning = await stillLearning(architecture, descriptor, observe(1), { propensity: 'given' })
    expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
    learning.dispose()
  }
})

test('the sum is divided by what the architecture says', async () => {
  const own = inverseWeightedArchitecture((weights) => 2 * weights.length)
  const [once, half] = await Promise.all(
    [inverse, own].map((architecture) => stillLearning(architecture, descriptor, observe(1), { propensity: 'given' })),
  )
  expect((await half!.step())[0]).toBeCloseTo((await once!.step())[0]! / 2, 10)
  once!.dispose()
  half!.dispose()
})

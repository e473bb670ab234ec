import { beforeAll, describe, expect, test } from 'vitest'
import { fitSmall } from '../../../../tests/support/fit'
import { everyPair, gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { ObservedPairs } from '../../blocks/pairs/observed-pairs'
import { sigmoid } from '../../blocks/pairs/point-loss'
import { descriptor } from '.'
import { cvib } from './model'
import { confidence, confidenceSlope, contrast } from './objective'

beforeAll(() => useBackend('wasm'))

const logitOf = (p: number): number => Math.log(p / (1 - p))

describe('the contrast', () => {
  const observed = Float32Array.of(logitOf(0.9), logitOf(0.5))
  const unobserved = Float32Array.of(logitOf(0.1), logitOf(0.4), logitOf(0.1))

  test('is the cross-entropy of the means', () => {
    // m = 0.7, m̂ = 0.2
    expect(contrast(observed, unobserved).value).toBeCloseTo(-0.7 * Math.log(0.2) - 0.3 * Math.log(0.8), 5)
  })

  test('has the gradient that finite differences give, in both', () => {
    const found = contrast(observed, unobserved)
    const move = 1e-2
    for (const [logits, slopes] of [
      [observed, found.observed],
      [unobserved, found.unobserved],
    ] as const)
      logits.forEach((logit, at) => {
        logits[at] = logit + move
        const above = contrast(observed, unobserved).value
        logits[at] = logit - move
        const below = contrast(observed, unobserved).value
        logits[at] = logit
        expect(slopes[at]).toBeCloseTo((above - below) / (2 * move), 4)
      })
  })

  test('is finite where every prediction is certain', () => {
    for (const [one, other] of [
      [90, 90],
      [-90, -90],
      [90, -90],
    ] as const) {
      const found = contrast(Float32Array.of(one), Float32Array.of(other))
      expect(Number.isFinite(found.value)).toBe(true)
      expect([...found.observed, ...found.unobserved].every(Number.isFinite)).toBe(true)
    }
    expect(contrast(Float32Array.of(90), Float32Array.of(-90)).value).toBeCloseTo(90, 3)
  })
})

test('the confidence is p log p, with its gradient', () => {
  for (const p of [0.05, 0.3, 0.5, 0.95]) {
    const x = logitOf(p)
    expect(confidence(x)).toBeCloseTo(p * Math.log(p), 6)
    expect(confidenceSlope(x)).toBeCloseTo((confidence(x + 1e-4) - confidence(x - 1e-4)) / 2e-4, 5)
  }
  expect([confidence(-200), confidence(200), confidenceSlope(-200), confidenceSlope(200)].every(Number.isFinite)).toBe(
    true,
  )
})

test('the network goes down the loss', async () => {
  const learning = await stillLearning(cvib, descriptor, ratedTinySplit(), { balance: 3, confidencePenalty: 2 })
  expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
  learning.dispose()
})

test('where all pairs are observed there is no contrast', async () => {
  const full = { rows: 1, cols: 4, indptr: Int32Array.of(0, 2) }
  const empty = { rows: 1, cols: 4, indptr: Int32Array.of(0, 0), indices: new Int32Array(0) }
  const learning = await stillLearning(cvib, descriptor, {
    hash: 'full',
    train: { ...full, indices: Int32Array.of(0, 1) },
    validation: empty,
    test: empty,
    negatives: { train: { ...full, indices: Int32Array.of(2, 3) }, validation: empty, test: empty },
  })
  expect((await learning.step())[1]).toBe(0)
  learning.dispose()
})

test('a large balance brings the mean predictions of observed and of other pairs together', async () => {
  const split = ratedTinySplit()
  const observed = new ObservedPairs(split, 'binary')
  const gapOf = async (balance: number): Promise<number> => {
    const outcome = await fitSmall(descriptor, split, { params: { epochs: 30, balance, backbone: 'mf' } })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    const scores = await outcome.model.score(split.train)
    outcome.model.dispose()
    const sums = [0, 0]
    const counts = [0, 0]
    const all = everyPair(observed)
    scores.forEach((score, pair) => {
      const kind = observed.isObserved(all.users[pair]!, all.items[pair]!) ? 1 : 0
      sums[kind]! += sigmoid(score)
      counts[kind]!++
    })
    return Math.abs(sums[1]! / counts[1]! - sums[0]! / counts[0]!)
  }
  expect(await gapOf(10)).toBeLessThan((await gapOf(0)) / 2)
})

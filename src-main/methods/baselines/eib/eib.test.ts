import { beforeAll, expect, test } from 'vitest'
import { everyPair, gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { pairValues, ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { sigmoid, softplus } from '../../blocks/pairs/point-loss'
import { descriptor } from '.'
import { eib } from './model'

beforeAll(() => useBackend('wasm'))

const split = ratedTinySplit()

test('in expectation the loss is the mean over all pairs: of the error where observed, of the imputed one elsewhere', async () => {
  const learning = await stillLearning(eib, descriptor, split)
  const { networks, observed, batch } = learning
  const all = everyPair(observed)
  const x = await networks['prediction']!.score(all)
  const m = await networks['imputation']!.score(all)
  const labels = new Map(Array.from(batch.users, (user, at) => [user * observed.itemCount + batch.items[at]!, at]))
  let expected = 0
  x.forEach((logit, pair) => {
    const at = labels.get(pair)
    const target = at === undefined ? sigmoid(m[pair]!) : batch.targets[at]!
    expected += (softplus(logit) - target * logit) / x.length
  })
  const losses: number[] = []
  for (let seed = 1; seed <= 60; seed++) losses.push((await learning.step(seed))[0]!)
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  const variance = losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / (losses.length - 1)
  const standardError = Math.sqrt(variance / losses.length)
  // Smaller than what leaving the observed in the draw, or their share out, would change.
  expect(standardError).toBeLessThan(0.01)
  expect(Math.abs(mean - expected)).toBeLessThan(4 * standardError)
  learning.dispose()
})

test.each(['binary', 'continuous'])(
  'each network goes down its own part of the loss, with a %s preference',
  async (preference) => {
    const learning = await stillLearning(
      eib,
      descriptor,
      { ...split, ratings: pairValues(split, 4, 2) },
      { preference, sampleRatio: 1 },
    )
    expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
    expect(await gradientGap(learning, 'imputation', ([, imputation]) => imputation!)).toBeLessThan(0.01)
    learning.dispose()
  },
)

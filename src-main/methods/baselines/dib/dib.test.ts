import { beforeAll, expect, test } from 'vitest'
import { fitSmall, smallParams } from '../../../../tests/support/fit'
import { gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { softplus } from '../../blocks/pairs/point-loss'
import { descriptor } from '.'
import { dib, method } from './model'

beforeAll(() => useBackend('wasm'))

const split = ratedTinySplit()

test('the loss is (1 − γ) of the unbiased part, α − γ of the biased one and γ of both', async () => {
  const learning = await stillLearning(dib, descriptor, split, { dependencePenalty: 0.3, biasedGain: 0.1 })
  const { networks, batch } = learning
  const z = await networks['prediction']!.score(batch)
  const r = await networks['biased']!.score(batch)
  const mean = (of: (at: number) => number): number =>
    batch.targets.reduce((sum, target, at) => sum + softplus(of(at)) - target * of(at), 0) / z.length
  const parts = [mean((at) => z[at]!), mean((at) => r[at]!), mean((at) => z[at]! + r[at]!)]
  const found = await learning.step()
  expect(found[0]).toBeCloseTo(0.7 * parts[0]! - 0.2 * parts[1]! + 0.3 * parts[2]!, 5)
  found.slice(1).forEach((part, at) => expect(part).toBeCloseTo(parts[at]!, 5))
  learning.dispose()
})

test('both parts go down the loss', async () => {
  const learning = await stillLearning(dib, descriptor, split, { dependencePenalty: 0.3, biasedGain: 0.1 })
  for (const name of ['prediction', 'biased'])
    expect(await gradientGap(learning, name, ([loss]) => loss!)).toBeLessThan(0.01)
  learning.dispose()
})

test('scores come from the unbiased part alone', async () => {
  const outcome = await fitSmall(descriptor, split)
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  const scores = await outcome.model.score(split.train)
  const saved = await outcome.model.save()
  for (const [name, { data }] of Object.entries(saved)) if (name.startsWith('biased.')) data.fill(7)
  const loaded = method.load(saved, smallParams(descriptor), split.train.cols, null)
  expect(await loaded.score(split.train)).toEqual(scores)
  outcome.model.dispose()
  loaded.dispose()
})

import { beforeAll, expect, test } from 'vitest'
import { fitSmall } from '../../../../tests/support/fit'
import { gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { pairValues, ratedTinySplit } from '../../../../tests/support/tiny-split'
import type { Split } from '../../../../src-shared/domain/split'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'
import { snips } from './model'

beforeAll(() => useBackend('wasm'))

const split = ratedTinySplit()

/** The split with propensities: some number for positives, another for negatives. */
const withPropensities = (positive: number, negative: number): Split => ({
  ...split,
  propensities: pairValues(split, positive, negative),
})

/** The losses of a small training with given propensities. */
async function lossesOf(positive: number, negative: number): Promise<number[]> {
  const losses: number[] = []
  const outcome = await fitSmall(descriptor, withPropensities(positive, negative), {
    params: { propensity: 'given' },
    report: { epoch: ({ values }) => void losses.push(values['loss']!) },
  })
  if (outcome.end === 'completed') outcome.model.dispose()
  return losses
}

test('the loss is the weighted mean of the errors', async () => {
  const learning = await stillLearning(snips, descriptor, withPropensities(0.4, 0.1), { propensity: 'given' })
  const x = await learning.networks['prediction']!.score(learning.batch)
  let [errors, weights] = [0, 0]
  x.forEach((logit, at) => {
    const label = learning.batch.targets[at]!
    const weight = label ? 1 / 0.4 : 1 / 0.1
    errors += weight * Math.log(1 + Math.exp(label ? -logit : logit))
    weights += weight
  })
  expect((await learning.step())[0]).toBeCloseTo(errors / weights, 5)
  expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
  learning.dispose()
})

test('propensities that are all too small by the same factor change nothing', async () => {
  const [right, small] = [await lossesOf(0.8, 0.2), await lossesOf(0.2, 0.05)]
  expect(right).toHaveLength(3)
  right.forEach((loss, epoch) => expect(small[epoch]).toBeCloseTo(loss, 4))
})

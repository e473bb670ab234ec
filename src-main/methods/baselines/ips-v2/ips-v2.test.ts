import { beforeAll, expect, test } from 'vitest'
import { gradientGap, stillLearning } from '../../../../tests/support/pair-learning'
import { pairValues, ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'
import { ipsV2 } from './model'

beforeAll(() => useBackend('wasm'))

test.each(['binary', 'continuous'])(
  'the prediction goes down the weighted error, the propensities down cross-entropy and imbalance, with a %s preference',
  async (preference) => {
    const split = ratedTinySplit()
    const rated = { ...split, ratings: pairValues(split, 4, 2) }
    const params = { preference, balanceWeight: 2, propensityFloor: 0.0001 }
    const learning = await stillLearning(ipsV2, descriptor, rated, params)
    expect(await gradientGap(learning, 'prediction', ([loss]) => loss!)).toBeLessThan(0.01)
    const down = ([, crossEntropy, imbalance]: number[]): number => crossEntropy! + 2 * imbalance!
    expect(await gradientGap(learning, 'propensity', down)).toBeLessThan(0.01)
    learning.dispose()
  },
)

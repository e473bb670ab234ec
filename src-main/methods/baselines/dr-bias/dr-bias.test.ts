import { expect, test } from 'vitest'
import { biasWeight } from './model'

test.each([0.05, 0.3, 0.9])('at propensity %f the imputation loss is inversely weighted squared bias', (p) => {
  const difference = 0.7
  const bias = ((1 - p) / p) * difference
  // Only observed pairs can be learned from; weighted by 1/p they stand for all.
  expect(p * biasWeight(p) * difference ** 2).toBeCloseTo(bias ** 2, 10)
})

test('pairs that are sure to be observed need no imputation', () => expect(biasWeight(1)).toBe(0))

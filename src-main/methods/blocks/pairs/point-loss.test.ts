import { describe, expect, test } from 'vitest'
import { pointLoss, probitLoss, sigmoid, softplus } from './point-loss'

test('the logistic function and log(1 + exp(x)) are right where a plain formula overflows', () => {
  expect([sigmoid(0), sigmoid(800), sigmoid(-800)]).toEqual([0.5, 1, 0])
  expect(sigmoid(2)).toBeCloseTo(1 / (1 + Math.exp(-2)), 12)
  expect([softplus(800), softplus(-800)]).toEqual([800, 0])
  expect(softplus(2)).toBeCloseTo(Math.log(1 + Math.exp(2)), 12)
})

test('the errors are those of their names', () => {
  const x = 0.7
  const p = sigmoid(x)
  const binary = pointLoss('binary')
  expect(binary.error(x, 1)).toBeCloseTo(-Math.log(p), 12)
  expect(binary.error(x, 0)).toBeCloseTo(-Math.log(1 - p), 12)
  expect(binary.error(x, 0.3)).toBeCloseTo(-0.3 * Math.log(p) - 0.7 * Math.log(1 - p), 12)
  expect(pointLoss('continuous').error(3.5, 5)).toBeCloseTo(2.25, 12)
})

describe.each([
  ['binary preferences', pointLoss('binary')],
  ['continuous preferences', pointLoss('continuous')],
  ['a probit', probitLoss],
])('for %s', (_, loss) => {
  const cases = [-3, -0.4, 0, 1.2, 4].flatMap((x) => [-2, 0.3, 1].map((other) => [x, other] as const))
  const move = 1e-5

  test.each(cases)('the slope at %d for target %d is what finite differences give', (x, target) => {
    const expected = (loss.error(x + move, target) - loss.error(x - move, target)) / (2 * move)
    expect(loss.slope(x, target)).toBeCloseTo(expected, 6)
  })

  test.each(cases)('the slope of the mismatch at %d in an output of %d is what finite differences give', (x, m) => {
    for (const target of [0, 1, 0.3]) {
      const expected = (loss.mismatch(x, target, m + move) - loss.mismatch(x, target, m - move)) / (2 * move)
      expect(loss.mismatchSlope(x, target, m)).toBeCloseTo(expected, 6)
    }
  })
})

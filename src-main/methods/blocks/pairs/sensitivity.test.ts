import { expect, test } from 'vitest'
import { inverseRange } from './sensitivity'

test.each([0.01, 0.08, 0.5, 0.97])('inverse propensities around %f have odds within the sensitivity', (p) => {
  const [low, high] = inverseRange(p, { sensitivity: 3 })
  const odds = (inverse: number): number => 1 / (inverse - 1)
  expect(odds(low) / odds(1 / p)).toBeCloseTo(3, 8)
  expect(odds(high) / odds(1 / p)).toBeCloseTo(1 / 3, 8)
})

test('a sensitivity of 1 leaves the inverse as it is, to the bit', () => {
  for (let p = 0.001; p < 1; p += 0.0137) expect(inverseRange(p, { sensitivity: 1 })).toEqual([1 / p, 1 / p])
})

test('a pair that is sure to be observed stays so', () => expect(inverseRange(1, { sensitivity: 5 })).toEqual([1, 1]))

import { describe, expect, test } from 'vitest'
import { Rng } from '../../../tensor/rng'
import { targetedCorrection } from './targeting'

const rng = Rng.seeded(4)
const count = 40
const density = 0.3
/** A whole small D, so that the drawn pairs can be all there are. */
const inverses = Float64Array.from({ length: count }, () => 1 / (0.1 + 0.8 * rng.uniform()))
const errors = Float64Array.from({ length: count }, () => rng.uniform())
const imputed = Float64Array.from({ length: count }, () => rng.uniform())
const seen = Array.from({ length: count * density }, (_, k) => 3 * k + 1)
const of = (values: Float64Array): Float64Array => Float64Array.from(seen, (k) => values[k]!)
const differences = of(errors.map((error, k) => error - imputed[k]!))
const sum = (values: Iterable<number>): number => Array.from(values).reduce((total, value) => total + value, 0)

/** η by its definition. */
const eta =
  sum(of(inverses).map((inverse, b) => (inverse - 1) * differences[b]!)) /
  sum(of(inverses).map((inverse) => (inverse - 1) ** 2))
const shifted = imputed.map((value, k) => value + eta * (inverses[k]! - 1))
const estimate = (imputedErrors: Float64Array): number =>
  (sum(imputedErrors) + sum(seen.map((k) => inverses[k]! * (errors[k]! - imputedErrors[k]!)))) / count

describe('the targeted correction', () => {
  const { value, slopes } = targetedCorrection(differences, of(inverses), inverses, density)

  test('is what the estimate changes by where imputed errors are shifted', () => {
    expect(estimate(imputed) + value).toBeCloseTo(estimate(shifted), 10)
    expect(Math.abs(value)).toBeGreaterThan(0.01)
  })

  test('makes the doubly robust estimate that of imputation alone', () => {
    const isSeen = (k: number): boolean => seen.includes(k)
    const imputationAlone = sum(errors.map((error, k) => (isSeen(k) ? error : shifted[k]!))) / count
    expect(estimate(imputed) + value).toBeCloseTo(imputationAlone, 10)
    expect(Math.abs(estimate(imputed) - imputationAlone)).toBeGreaterThan(0.01)
  })

  test('has the slopes of finite differences', () => {
    for (let b = 0; b < differences.length; b++) {
      const moved = (by: number): number => {
        const other = differences.slice()
        other[b]! += by
        return targetedCorrection(other, of(inverses), inverses, density).value
      }
      expect(slopes[b]).toBeCloseTo((moved(1e-4) - moved(-1e-4)) / 2e-4, 8)
    }
  })

  test('is nothing where every pair is sure to be observed', () => {
    const ones = new Float64Array(3).fill(1)
    expect(targetedCorrection(Float64Array.of(1, 2, 3), ones, ones, 1)).toEqual({
      value: 0,
      slopes: new Float64Array(3),
    })
  })
})

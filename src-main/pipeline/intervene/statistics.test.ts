import { expect, test } from 'vitest'
import { Rng } from '../../tensor/rng'
import { estimate, bootstrap, resampleUsers } from './resample-users'
import { correlation, principalDirection } from './statistics'

test('correlation is that of Pearson, and none where nothing varies', () => {
  expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12)
  expect(correlation([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 12)
  expect(correlation([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12)
  expect(correlation([1, 1, 1], [1, 2, 3])).toBeNull()
})

test('the principal direction of a known covariance is found, its largest entry positive', () => {
  // Variance 9 along (-3, 4) / 5, 4 across.
  const along = [-0.6, 0.8]
  const across = [0.8, 0.6]
  const covariance = Float64Array.from([0, 1, 2, 3], (at) => {
    const [i, j] = [at >> 1, at & 1] as [number, number]
    return 9 * along[i]! * along[j]! + 4 * across[i]! * across[j]!
  })
  const { direction, deviation } = principalDirection(covariance, 2)
  expect(deviation).toBeCloseTo(3, 9)
  expect(direction[0]).toBeCloseTo(-0.6, 9)
  expect(direction[1]).toBeCloseTo(0.8, 9)
  expect(principalDirection(new Float64Array(4), 2)).toEqual({ direction: new Float64Array(2), deviation: 0 })
})

const noStep = (): Promise<void> => Promise.resolve()

test('the interval of a mean is near the normal one, and the same every time', async () => {
  const users = 400
  const values = Rng.seeded(4).fillNormal(new Float32Array(users))
  const drawn = await resampleUsers(Float64Array.from(values), users, [], 1, noStep)
  const mean = values.reduce((sum, value) => sum + value, 0) / users
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / users)
  const { low, high } = estimate(
    mean,
    drawn.sums.map((sum) => sum / users),
  )
  expect(low).toBeCloseTo(mean - (1.96 * sd) / Math.sqrt(users), 1)
  expect(high).toBeCloseTo(mean + (1.96 * sd) / Math.sqrt(users), 1)
  expect(low).toBeLessThan(mean)
  expect(high).toBeGreaterThan(mean)
  expect(await resampleUsers(Float64Array.from(values), users, [], 1, noStep)).toEqual(drawn)
})

test('columns and lists of one drawing belong together', async () => {
  // The second column is the first and one more; each user has its own item, so distinct items are distinct users.
  const users = 30
  const values = Float64Array.from({ length: 2 * users }, (_, at) => (at >> 1) + (at & 1))
  const lists = Int32Array.from({ length: users }, (_, user) => user)
  const { sums, distinctItems } = await resampleUsers(values, users, [lists], users, noStep)
  for (let r = 0; r < bootstrap.resamples; r++) expect(sums[2 * r + 1]! - sums[2 * r]!).toBe(users)
  const mean = distinctItems[0]!.reduce((sum, count) => sum + count, 0) / bootstrap.resamples
  // Each user is missed with probability (29/30)^30.
  expect(mean).toBeCloseTo(30 * (1 - (29 / 30) ** 30), 0)
  expect(Math.max(...distinctItems[0]!)).toBeLessThan(30)
})

test('percentiles are taken between values, and of defined ones only', () => {
  const resampled = Float64Array.from({ length: 101 }, (_, at) => 100 - at)
  const { low, high } = estimate(50, resampled)
  expect(low).toBeCloseTo(2.5, 12)
  expect(high).toBeCloseTo(97.5, 12)
  expect(estimate(1, Float64Array.of(NaN, 2, NaN))).toEqual({ mean: 1, low: 2, high: 2 })
  expect(estimate(1, Float64Array.of(NaN))).toEqual({ mean: 1, low: 1, high: 1 })
})

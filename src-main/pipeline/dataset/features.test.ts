import { expect, test } from 'vitest'
import { noAttributes } from '../intervene/attributes'
import { encodeFeatures, userFeatures } from './features'

test('categories become 0 and 1, numbers are standardised, and what is missing is 0', () => {
  const { width, rows } = encodeFeatures(
    {
      numbers: [
        { name: 'age', values: Float64Array.of(20, 40, NaN) },
        { name: 'same', values: Float64Array.of(1, 1, 1) },
      ],
      texts: [{ name: 'colour', labels: ['red|blue', 'green'], codes: Int32Array.of(0, -1, 1) }],
    },
    3,
  )
  const dense = rows.map(({ columns, values }) => {
    const row = new Array<number>(width).fill(0)
    columns.forEach((column, k) => (row[column] = values[k]!))
    return row
  })
  // Age, then blue, green and red.
  expect(dense).toEqual([
    [-1, 1, 0, 1],
    [1, 0, 0, 0],
    [0, 0, 1, 0],
  ])
})

test('features of users have mean 0 and deviation 1 over those of whom they are known, and what is missing is as the average', () => {
  const features = userFeatures(
    {
      numbers: [
        { name: 'age', values: Float64Array.of(20, 40, NaN, 60) },
        { name: 'same', values: Float64Array.of(1, 1, 1, 1) },
      ],
      texts: [
        { name: 'colour', labels: ['red|blue', 'green'], codes: Int32Array.of(0, -1, 1, 0) },
        { name: 'city', labels: ['here', 'there'], codes: Int32Array.of(0, 1, 1, 1) },
      ],
    },
    4,
  )!
  // Age, then blue, green and red, then here and there.
  expect(features.width).toBe(6)
  const column = (at: number): number[] => [0, 1, 2, 3].map((user) => features.values[user * 6 + at]!)
  const missing = [2, 1, 1, 1, null, null]
  missing.forEach((user, at) => {
    const known = column(at).filter((_, other) => other !== user)
    expect(known.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 5)
    expect(known.reduce((sum, value) => sum + value ** 2, 0) / known.length).toBeCloseTo(1, 5)
    if (user !== null) expect(column(at)[user]).toBe(0)
  })
  expect(column(1)).toEqual(column(3))
  // Blue of users 0 and 3, not of 2: mean 2/3, deviation √(2/9).
  expect(column(1)[0]).toBeCloseTo(Math.SQRT1_2, 5)
  expect(column(1)[2]).toBeCloseTo(-Math.SQRT2, 5)
})

test('users whom nothing tells apart have no features', () => {
  expect(userFeatures({ numbers: [{ name: 'same', values: Float64Array.of(1, 1) }], texts: [] }, 2)).toBeNull()
  expect(userFeatures(noAttributes, 3)).toBeNull()
})

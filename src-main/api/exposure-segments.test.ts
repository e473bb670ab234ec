import { describe, expect, it } from 'vitest'
import { exposureSegments } from './exposure-segments'

const none = { numbers: [], texts: [] }
const numbers = (values: number[]) => ({ ...none, numbers: [{ name: 'age', values: Float64Array.from(values) }] })
const shown = (segments: ReturnType<typeof exposureSegments>) => segments.map(({ label, rows }) => [label, [...rows]])

describe('segments by an attribute', () => {
  it('are its values, the most frequent first, and who has none', () => {
    const texts = [{ name: 'gender', labels: ['m', 'f', 'x'], codes: Int32Array.of(0, 1, 1, -1, 1) }]
    expect(shown(exposureSegments('gender', { ...none, texts }))).toEqual([
      ['f', [1, 2, 4]],
      ['m', [0]],
      ['not known', [3]],
    ])
  })

  it('of many values are the largest ones and all others together', () => {
    const labels = Array.from({ length: 12 }, (_, at) => `job ${String(at).padStart(2, '0')}`)
    const codes = Int32Array.from({ length: 24 }, (_, row) => (row < 12 ? row : 3))
    const segments = exposureSegments('job', { ...none, texts: [{ name: 'job', labels, codes }] })
    expect(segments).toHaveLength(8)
    expect(segments[0]).toMatchObject({ label: 'job 03' })
    expect(segments[0]!.rows).toHaveLength(13)
    expect(segments.at(-1)!.label).toBe('other values')
    expect(segments.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(24)
  })

  it('are the values of a number that has few, and quarters of one that has many', () => {
    expect(shown(exposureSegments('age', numbers([30, 20, 30, Number.NaN])))).toEqual([
      ['20', [1]],
      ['30', [0, 2]],
      ['not known', [3]],
    ])
    const quarters = exposureSegments('age', numbers(Array.from({ length: 20 }, (_, at) => at + 1)))
    expect(quarters.map(({ label, rows }) => [label, rows.length])).toEqual([
      ['1 to 5', 5],
      ['6 to 10', 5],
      ['11 to 15', 5],
      ['16 to 20', 5],
    ])
    // Two thirds have the same value: it is more than one quarter.
    const tied = exposureSegments('age', numbers([...Array<number>(20).fill(7), 1, 2, 3, 4, 5, 6, 8, 9, 10, 11]))
    expect(tied.map(({ label, rows }) => [label, rows.length])).toEqual([
      ['1 to 7', 26],
      ['8 to 11', 4],
    ])
  })

  it('are refused where there is no such attribute, or no difference', () => {
    expect(() => exposureSegments('sex', numbers([1, 2]))).toThrow('They have: age')
    expect(() => exposureSegments('sex', none)).toThrow('has none')
    expect(() => exposureSegments('age', numbers([2, 2]))).toThrow('no segments to compare')
  })
})

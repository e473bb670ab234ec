import { describe, expect, it } from 'vitest'
import { keptPositions, thin, type Point } from './thin'

describe('thin', () => {
  const wave: Point[] = Array.from({ length: 5000 }, (_, i) => [i, Math.sin(i / 50)])

  it('leaves a short curve alone', () => {
    expect(thin(wave.slice(0, 10), 10)).toEqual(wave.slice(0, 10))
  })

  it('keeps the ends, a spike, a trough and the marked point, in order', () => {
    const spiked = wave.map(([x, y]): Point => (x === 1234 ? [x, 99] : x === 4321 ? [x, -99] : [x, y]))
    const thinned = thin(spiked, 100, new Set([777]))
    const xs = thinned.map(([x]) => x)
    expect(xs).toEqual([...xs].sort((a, b) => a - b))
    expect(xs[0]).toBe(0)
    expect(xs.at(-1)).toBe(4999)
    expect(xs).toEqual(expect.arrayContaining([777, 1234, 4321]))
    expect(thinned.length).toBeLessThanOrEqual(101)
  })

  it('keeps a gap visible', () => {
    const gapped = wave.map(([x, y]): Point => [x, x >= 2000 && x < 3000 ? null : y])
    expect(thin(gapped, 100).some(([, y]) => y === null)).toBe(true)
  })
})

describe('keptPositions', () => {
  it('keeps the extremes of every stretch', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 1000) / 1000)
    const limit = 42
    const kept = keptPositions(values, limit)
    const stretches = (limit - 2) / 2
    for (let s = 0; s < stretches; s++) {
      const stretch = [...values.subarray(s * 50, s * 50 + 50)]
      const shown = kept.filter((i) => i >= s * 50 && i < s * 50 + 50).map((i) => values[i]!)
      expect(Math.min(...shown)).toBe(Math.min(...stretch))
      expect(Math.max(...shown)).toBe(Math.max(...stretch))
    }
    expect(kept.length).toBeLessThanOrEqual(limit)
  })

  it('takes NaN for a gap, not for an extreme', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => (i === 50 ? NaN : i === 51 ? 5 : 1))
    expect(keptPositions(values, 10)).toContain(51)
    expect(keptPositions(new Float64Array(100).fill(NaN), 10).length).toBeLessThanOrEqual(10)
  })
})

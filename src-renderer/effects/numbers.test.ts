import { describe, expect, it } from 'vitest'
import { decimalsOf, directionOf, estimateText, exactText, fixed, partDecimals, quantityTexts, signed } from './numbers'

const of = (mean: number, low: number, high: number) => ({ mean, low, high })

describe('decimals', () => {
  it.each([
    [of(1, 0.8, 1.2), 1],
    [of(1, 0.9, 1.1), 2],
    [of(0.0123, 0.0103, 0.0143), 3],
    [of(1204, 1000, 1400), 0],
    [of(0.007, 0.0004, 0.014), 4],
    [of(-0.007, -0.014, -0.0006), 3],
    [of(0.007, -0.0004, 0.014), 3],
    [of(0.007, 4e-18, 0.014), 3],
    [of(3, 3, 3), 0],
    [of(0.25, 0.25, 0.25), 4],
    [of(1, 1 - 1e-14, 1 + 1e-14), 0],
  ])('of %j are %i', (estimate, decimals) => expect(decimalsOf(estimate)).toBe(decimals))

  it('are enough for three digits of the largest part', () => {
    expect(partDecimals([0.5, -0.02])).toBe(3)
    expect(partDecimals([-12, 1])).toBe(1)
    expect(partDecimals([0, 0])).toBe(2)
  })
})

describe('numbers', () => {
  it('carry a real minus sign, and none where they round to zero', () => {
    expect(fixed(-1204.56, 1)).toBe('−1204.6')
    expect(fixed(20256, 0)).toBe('20,256')
    expect(fixed(-0.004, 2)).toBe('0.00')
    expect(signed(0.004, 2)).toBe('0.00')
    expect(signed(0.3, 1)).toBe('+0.3')
    expect(fixed(NaN, 2)).toBe('–')
  })

  it('say an estimate with its interval, where it has one', () => {
    expect(estimateText(of(0.82, 0.8, 0.84))).toBe('0.82 (0.80 to 0.84)')
    expect(estimateText(of(1, 1, 1))).toBe('1')
    expect(exactText(of(0.8213, 0.8, 0.84))).toBe('0.82 (0.80 to 0.84), exactly 0.8213')
  })
})

describe('directions', () => {
  it.each([
    [of(1, 0.8, 1.2), 'rises'],
    [of(-1, -1.2, -0.8), 'falls'],
    [of(0.1, -0.1, 0.3), 'unclear'],
    [of(0.1, 0, 0.2), 'unclear'],
    [of(0.1, 4e-18, 0.2), 'unclear'],
    [of(-0.1, -0.2, -4e-18), 'unclear'],
    [of(0, 0, 0), 'none'],
  ] as const)('of %j: %s', (estimate, direction) => expect(directionOf(estimate)).toBe(direction))
})

describe('a row', () => {
  it('has one number of decimals, those its change supports', () =>
    expect(quantityTexts({ before: of(10, 8, 12), after: of(11.02, 9, 13), change: of(1.02, 0.8, 1.2) })).toEqual({
      before: '10.0',
      after: '11.0',
      change: '+1.0',
      interval: '+0.8 to +1.2',
      direction: 'rises',
    }))

  it('says so where nothing changed at all', () =>
    expect(quantityTexts({ before: of(0.25, 0.23, 0.27), after: of(0.25, 0.23, 0.27), change: of(0, 0, 0) })).toEqual({
      before: '0.25',
      after: '0.25',
      change: '0',
      interval: 'exactly',
      direction: 'none',
    }))
})

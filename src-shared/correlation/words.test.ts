import { expect, test } from 'vitest'
import type { CorrelationEstimate } from '../domain/correlation'
import { estimateText, meaningText, originText, rhoText } from './words'

const estimate = (correlation: number, low: number, high: number): CorrelationEstimate => ({
  correlation,
  bootstrap: { resamples: 50, done: Array.from({ length: 50 }), interval: { low, high, level: 0.95 } } as never,
})

test('a correlation has two decimals, a real minus sign, and its interval where there is one', () => {
  expect(rhoText(-0.046)).toBe('−0.05')
  expect(rhoText(-0.001)).toBe('0.00')
  expect(estimateText({ correlation: 0.314, bootstrap: null })).toBe('0.31')
  expect(estimateText(estimate(0.314, -0.12, 0.47))).toBe('0.31 (−0.12 to 0.47)')
})

test('its sign is said in plain words, and whether it can be told from zero', () => {
  expect(meaningText(estimate(0.3, 0.1, 0.5))).toMatch(/^Positive: .*observed ratings are too good\.$/)
  expect(meaningText({ correlation: -0.004, bootstrap: null })).toMatch(/^Zero: /)
  expect(meaningText(estimate(-0.3, -0.5, -0.1))).toMatch(/^Negative: .*observed ratings are too bad\.$/)
  expect(meaningText(estimate(0.3, -0.1, 0.5))).toContain('The interval holds 0')
  expect(meaningText({ correlation: 0.3, bootstrap: null })).not.toContain('interval')
})

test('an interval says what it was made of, and one that is not there why', () => {
  expect(originText(estimate(0.3, 0.1, 0.5))).toContain('the middle 95 % of 50 trainings on users')
  expect(originText({ correlation: 0.3, bootstrap: null })).toContain('nobody has asked')
  const one = { resamples: 50, done: [{}], interval: null } as never
  expect(originText({ correlation: 0.3, bootstrap: one })).toContain('1 of 50 trainings on resampled users are too few')
})

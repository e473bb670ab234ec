import { describe, expect, it } from 'vitest'
import { formatBytes, formatDuration, formatMetric, formatNumber, formatPercent, plural } from './format'

describe('formats', () => {
  it('show counts and metrics', () => {
    expect(plural(1, 'user')).toBe('1 user')
    expect(plural(20256, 'user')).toBe('20,256 users')
    expect(formatMetric(0.12345)).toBe('0.1235')
    expect(formatMetric(Number.NaN)).toBe('–')
    expect(formatNumber(0.0001)).toBe('0.0001')
    expect(formatNumber(1e-8)).toBe('1e-8')
    expect(formatNumber(2147483647)).toBe('2,147,483,647')
  })

  it('keep two digits of a small share', () => {
    expect(formatPercent(0.063)).toBe('6.3 %')
    expect(formatPercent(0.000012, 1)).toBe('0.0012 %')
    expect(formatPercent(0)).toBe('0.0 %')
  })

  it('show durations and sizes in fitting units', () => {
    expect(formatDuration(0.42)).toBe('0.4 s')
    expect(formatDuration(59.6)).toBe('1 min 0 s')
    expect(formatDuration(185)).toBe('3 min 5 s')
    expect(formatDuration(7800)).toBe('2 h 10 min')
    expect(formatDuration(null)).toBe('–')
    expect(formatBytes(812)).toBe('812 B')
    expect(formatBytes(3_400_000)).toBe('3.4 MB')
    expect(formatBytes(999_600)).toBe('1.0 MB')
  })
})

import { describe, expect, it } from 'vitest'
import { looksLikeTimes, propensityFault, randomisedFault, ratingFault, timeFault, timeFormatOf } from './values'

describe('times', () => {
  it.each([
    [['1000000000', '1000000000.5'], 'epoch'],
    [['2024-01-31', '2024-01-31 10:00'], 'iso'],
    [['20240131'], 'yyyymmdd'],
    [['03/04/2024', '1/31/2024 8:26'], 'month-day-year'],
    [['03/04/2024', '31/1/2024'], 'day-month-year'],
    [['03/04/2024'], 'month-day-year'],
    [['03.04.2024'], 'day-month-year'],
    [['', ' '], 'iso'],
  ] as const)('%j are %s', (values, format) => {
    expect(timeFormatOf([...values])).toBe(format)
  })

  it.each([
    ['2024-02-30', 'iso'],
    ['2024-13-01', 'iso'],
    ['yesterday', 'iso'],
    ['20230229', 'yyyymmdd'],
    ['13/31/2024', 'month-day-year'],
    ['31/04/2024', 'day-month-year'],
    ['soon', 'epoch'],
    ['1e30', 'epoch'],
    ['nan', 'epoch'],
  ] as const)('%s is no time as %s, and that is told', (value, format) => {
    expect(timeFault(value, format)).toMatch(`"${value}" is not a time (expected `)
  })

  it.each([
    ['2024-02-29T23:59:59.5+05:30', 'iso'],
    ['20240229', 'yyyymmdd'],
    ['-1', 'epoch'],
    [' ', 'epoch'],
    ['2/29/2024 8:26', 'month-day-year'],
  ] as const)('%j is fine as %s', (value, format) => {
    expect(timeFault(value, format)).toBeNull()
  })

  it('are told from ratings by their size', () => {
    expect(looksLikeTimes(['978300760', '978302109'])).toBe(true)
    expect(looksLikeTimes(['5', '3'])).toBe(false)
    expect(looksLikeTimes([])).toBe(false)
  })
})

it.each(['', ' ', '3', '-1.5', '+2', '.5', '5.', '1e2', ' 4 '])('%j is fine as a rating', (value) => {
  expect(ratingFault(value)).toBeNull()
})
it.each(['x', '3,5', 'NaN', 'inf', '-Infinity', '1e999', '4 stars', '0x10', '1_000'])('%j is no rating', (value) => {
  expect(ratingFault(value)).not.toBeNull()
})

describe('randomised', () => {
  it.each(['yes', ' No ', 'TRUE', 'false', '1', '0', '1.0', '', ' '])('%j is one', (value) => {
    expect(randomisedFault(value)).toBeNull()
  })
  it.each(['2', 'y', 'random', '-1'])('%j is none', (value) => {
    expect(randomisedFault(value)).toContain(`"${value}" is neither yes nor no`)
  })
})

describe('propensities', () => {
  it.each(['1', '0.5', '1e-9', ' .25 ', ''])('%j is one', (value) => {
    expect(propensityFault(value)).toBeNull()
  })
  it.each(['0', '-0', '1.0001', '-0.5', '1e-400'])('%j is none', (value) => {
    expect(propensityFault(value)).toContain('is no probability')
  })
  it.each(['nan', 'inf', '50 %'])('%j is no number', (value) => {
    expect(propensityFault(value)).toContain('is not a number')
  })
})

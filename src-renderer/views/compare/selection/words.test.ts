import { expect, test } from 'vitest'
import { diagnosticsOf, estimatesOf, sensitivityOf } from '../../../testing/selection'
import {
  estimateNotes,
  estimateRows,
  meanErrorWords,
  propensityReadings,
  sensitivityWords,
} from '../../../../src-shared/selection/words'

const worrying = (change: Parameters<typeof diagnosticsOf>[0]): string[] =>
  propensityReadings(diagnosticsOf(change)).flatMap(({ id, isWorrying }) => (isWorrying ? [id] : []))

test('readings say values, and worry by their rules', () => {
  const readings = propensityReadings(diagnosticsOf())
  expect(Object.fromEntries(readings.map(({ id, value }) => [id, value]))).toEqual({
    effective: '3,000 of 6,000 (50.0 %)',
    largest: '80, 0.09 % of all pairs',
    clipped: '1.2 %',
    mean: '0.0701, 0.07',
    calibration: '0.004, 5.7 % of the density',
    unsupported: '0.3 %',
  })
  expect(worrying({})).toEqual([])
  const { weights, calibration, overlap } = diagnosticsOf()
  expect(worrying({ weights: { ...weights, effective: 500, effectiveShare: 0.083 } })).toEqual(['effective'])
  expect(worrying({ weights: { ...weights, largest: 2000 } })).toEqual(['largest'])
  expect(worrying({ weights: { ...weights, clippedShare: 0.06 } })).toEqual(['clipped'])
  expect(worrying({ meanPredicted: 0.09 })).toEqual(['mean'])
  expect(worrying({ calibration: { ...calibration, error: 0.02 } })).toEqual(['calibration'])
  expect(worrying({ overlap: { ...overlap, unsupportedShare: 0.1 } })).toEqual(['unsupported'])
  expect(worrying({ overlap: { ...overlap, unsupportedShare: null } })).toEqual([])
})

test('estimates stand beside their distance from what was shown at random', () => {
  const rows = estimateRows(estimatesOf())
  expect(rows.map(({ error, estimator }) => `${error} ${estimator}`)).toEqual([
    'crossEntropy naive',
    'crossEntropy ips',
    'crossEntropy snips',
    'squared naive',
    'squared ips',
    'squared snips',
  ])
  expect(meanErrorWords(rows[0]!.estimate)).toBe('0.520 ± 0.012')
  // √(0.012² + 0.005²) = 0.013
  expect(meanErrorWords(rows[0]!.distance!, true)).toBe('−0.080 ± 0.013')
  expect(meanErrorWords({ value: 0.5, standardError: 0 })).toBe('0.5000 ± 0.0000')
  const notes = estimateNotes(estimatesOf()).join(' ')
  // 0.61 / 0.59
  expect(notes).toContain('sum up to 103.4 % of all pairs')
  expect(notes).toContain('No DR')
  expect(notes).toContain('4,640 pairs of the test part')
  const without = estimatesOf({
    randomisedPairs: null,
    imputed: { pairs: 200_000, areAllPairs: false },
    errors: [{ ...estimatesOf().errors[0]!, randomised: null, dr: { value: 0.6, standardError: 0.02 } }],
  })
  expect(estimateRows(without).map(({ estimator, distance }) => [estimator, distance])).toContainEqual(['dr', null])
  expect(estimateNotes(without).join(' ')).toMatch(/200,000 pairs drawn from all\. .*no truth/)
})

test('a sensitivity is said in three sentences', () => {
  const labels = ['CLEV', 'IPS'] as const
  expect(sensitivityWords(sensitivityOf(), labels)).toEqual({
    conclusion:
      'By SNIPS on 696 logged validation pairs, CLEV has a smaller cross-entropy than IPS, by 0.030 (0.590 and 0.620).',
    chance:
      '95 % interval over 290 users: −0.050 to −0.010. It leaves 0 out: that these users were drawn, and no others, does not explain the difference.',
    flip: 'An unmeasured confounder that changes the odds of being rated by a factor of 1.37 is enough to turn this around.',
  })
  const other = sensitivityOf({
    difference: { ips: 0.02, snips: 0.03 },
    interval: { low: -0.01, high: 0.07, level: 0.95, resamples: 1000 },
    flip: null,
  })
  const words = sensitivityWords(other, labels)
  expect(words.conclusion).toContain('CLEV has a larger cross-entropy than IPS')
  expect(words.chance).toContain('It contains 0: chance alone may explain')
  expect(words.flip).toContain('however strong')
  const same = sensitivityOf({ difference: { ips: 0, snips: 0 }, flip: 1 })
  expect(sensitivityWords(same, labels).conclusion).toContain('have the same cross-entropy')
  expect(sensitivityWords(same, labels).flip).toBe('There is nothing to turn around.')
})

import { expect, test } from 'vitest'
import type { ComparisonTest } from '../domain/comparison'
import { decimalsFor, formatP, intervalWords, meanWords, testSentence } from './words'

const labelOf = (key: string): string => ({ a: 'CSC', b: 'Multi-VAE' })[key]!
const made: ComparisonTest = {
  a: 'a',
  b: 'b',
  kind: 'paired-t-seeds',
  pairs: 5,
  meanDifference: -0.0061,
  interval: { low: -0.0151, high: 0.0029 },
  statistic: -1.8,
  degreesOfFreedom: 4,
  p: 0.141,
  pHolm: 0.282,
  significant: false,
  note: null,
}

test('a test is said in a sentence', () => {
  expect(testSentence(made, 'ndcg@10', labelOf)).toBe(
    'CSC − Multi-VAE: −0.0061 NDCG@10 (−0.0151 to 0.0029), paired t over 5 seeds, p 0.14, Holm 0.28: no difference shown.',
  )
  const significant = {
    ...made,
    kind: 'wilcoxon-users' as const,
    pairs: 1204,
    interval: null,
    p: 1e-9,
    pHolm: 2e-9,
    significant: true,
  }
  expect(testSentence(significant, 'ndcg@10', labelOf)).toBe(
    'CSC − Multi-VAE: −0.0061 NDCG@10, Wilcoxon over 1,204 users, p < 0.0001, Holm < 0.0001: Multi-VAE is better.',
  )
  expect(testSentence(significant, 'gini@10', labelOf)).toContain(': CSC is better.')
  expect(testSentence(significant, 'avp:price@10', labelOf)).toContain(': Multi-VAE is higher.')
})

test('a test that was not made is said with its reason', () => {
  const none = {
    ...made,
    pairs: 1,
    interval: null,
    p: null,
    pHolm: null,
    note: 'A paired t test needs 2 shared seeds; there is 1.',
  }
  expect(testSentence(none, 'ndcg@10', labelOf)).toBe(
    'CSC − Multi-VAE: −0.0061 NDCG@10, paired t over 1 seed: not made. A paired t test needs 2 shared seeds; there is 1.',
  )
  expect(testSentence({ ...none, pairs: 0, meanDifference: 0 }, 'ndcg@10', labelOf)).toMatch(
    /^CSC − Multi-VAE: paired t over 0 seeds: not made/,
  )
})

test('numbers have the digits that their uncertainty supports', () => {
  expect([0.015, 0.0019, 0.1, 3, 40, 0, 1e-9, null].map(decimalsFor)).toEqual([3, 4, 2, 1, 0, 6, 6, 4])
  const interval = { low: 0.28712, high: 0.31639, users: 9, resamples: 1000 }
  expect(meanWords({ mean: 0.301812, sd: 0.00191, interval })).toBe('0.3018 ± 0.0019')
  expect(meanWords({ mean: 0.301812, sd: null, interval })).toBe('0.302')
  expect(meanWords({ mean: -0.301812, sd: null, interval: null })).toBe('−0.3018')
  expect(meanWords({ mean: null, sd: null, interval: null })).toBe('–')
  expect(intervalWords({ interval })).toBe('0.287 to 0.316')
  expect([0.141, 0.05043, 0.0321, 0.00412, 0.5, 0.9999, 0.00001].map(formatP)).toEqual([
    '0.14',
    '0.0504',
    '0.032',
    '0.0041',
    '0.5',
    '1',
    '< 0.0001',
  ])
})

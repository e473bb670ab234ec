import type { ComparisonCell, ComparisonTest, TestKind } from '../domain/comparison'
import { definitionOf, metricLabel } from '../domain/metric'

/** How the results of a comparison are said: the same words in the window, the terminal and the report. */

export const testLabels: Record<TestKind, string> = {
  'paired-t-seeds': 'Paired t over seeds',
  'wilcoxon-seeds': 'Wilcoxon over seeds',
  'paired-t-users': 'Paired t over users',
  'wilcoxon-users': 'Wilcoxon over users',
}

/** What a significant test of each kind says, in a sentence. */
export const testHelp: Record<TestKind, string> = {
  'paired-t-seeds':
    'Mean of the differences between runs of the same seed, by Student’s t: would training anew give the same order? Takes the differences to be normally distributed.',
  'wilcoxon-seeds':
    'Signed ranks of the differences between runs of the same seed: would training anew give the same order? With few seeds it cannot be significant: 0.25 is its smallest p with three, 0.0625 with five.',
  'paired-t-users':
    'Mean of the differences of each user, a user’s value being the mean over the seeds, by Student’s t: would other users of the same kind give the same order, with these trained models?',
  'wilcoxon-users':
    'Signed ranks of the differences of each user, a user’s value being the mean over the seeds: would other users of the same kind give the same order, with these trained models?',
}

const most = 6

/** Decimals that a number deserves whose uncertainty is so large: two digits of the uncertainty; 4 where it is not known. */
export function decimalsFor(uncertainty: number | null): number {
  if (uncertainty === null || !Number.isFinite(uncertainty)) return 4
  if (uncertainty <= 0) return most
  return Math.min(most, Math.max(0, 1 - Math.floor(Math.log10(uncertainty))))
}

/** A number with a minus sign of its own width. */
export const fixed = (value: number, decimals: number): string => {
  const text = Math.abs(value).toFixed(decimals)
  return value < 0 && Number(text) !== 0 ? `−${text}` : text
}

/** Decimals of a cell: those that the smaller of its uncertainties, over seeds and over users, supports. */
export function cellDecimals({ sd, interval }: Pick<ComparisonCell, 'sd' | 'interval'>): number {
  const known = [sd, interval && (interval.high - interval.low) / 2].filter((size) => size !== null && size > 0)
  return decimalsFor(known.length === 0 ? null : Math.min(...(known as number[])))
}

/** `0.3018 ± 0.0019`, without the deviation where one seed has none; `–` where there is no value. */
export function meanWords(cell: Pick<ComparisonCell, 'mean' | 'sd' | 'interval'>): string {
  if (cell.mean === null) return '–'
  const decimals = cellDecimals(cell)
  return fixed(cell.mean, decimals) + (cell.sd === null ? '' : ` ± ${cell.sd.toFixed(decimals)}`)
}

/** `0.287 to 0.316`; empty where there is no interval. */
export const intervalWords = ({ interval }: { interval: { low: number; high: number } | null }): string => {
  if (interval === null) return ''
  const decimals = decimalsFor((interval.high - interval.low) / 2)
  return `${fixed(interval.low, decimals)} to ${fixed(interval.high, decimals)}`
}

/** A p value: `0.14`, `0.032`, `0.0041`, `< 0.0001`. */
export function formatP(p: number): string {
  if (p < 0.0001) return '< 0.0001'
  if (p >= 0.9995) return '1'
  // 0.0504 must not read 0.05: which side of the usual limit it lies on has to be seen.
  if (p >= 0.045 && p < 0.055) return p.toFixed(4)
  return String(Number(p.toFixed(Math.max(2, 1 - Math.floor(Math.log10(p))))))
}

/** `5 seeds`, `1,204 users`. */
export const pairsOf = ({ kind, pairs }: Pick<ComparisonTest, 'kind' | 'pairs'>): string => {
  const noun = kind.endsWith('users') ? 'user' : 'seed'
  return `${pairs.toLocaleString('en-US')} ${noun}${pairs === 1 ? '' : 's'}`
}

const shortTest = (kind: TestKind): string => (kind.startsWith('paired-t') ? 'paired t' : 'Wilcoxon')

/** `paired t over 5 seeds, p 0.14, Holm 0.28`; the reason where it was not made. */
export function testWords(test: ComparisonTest): string {
  const name = `${shortTest(test.kind)} over ${pairsOf(test)}`
  if (test.p === null || test.pHolm === null) return `${name}: not made. ${test.note ?? ''}`.trim()
  return `${name}, p ${formatP(test.p)}, Holm ${formatP(test.pHolm)}`
}

/** `CSC is better`, `CSC is higher` where neither end is better, `no difference shown`. */
export function verdict(test: ComparisonTest, metric: string, labelOf: (group: string) => string): string {
  if (!test.significant) return 'no difference shown'
  const { direction } = definitionOf(metric)
  const aIsHigher = test.meanDifference > 0
  if (direction === 'none') return `${labelOf(aIsHigher ? test.a : test.b)} is higher`
  return `${labelOf(aIsHigher === (direction === 'higher') ? test.a : test.b)} is better`
}

/**
 * A test in a sentence: `CSC − Multi-VAE: −0.006 NDCG@10 (−0.015 to 0.003), paired t over 5 seeds, p 0.14, Holm 0.28: no difference
 * shown.`
 */
export function testSentence(test: ComparisonTest, metric: string, labelOf: (group: string) => string): string {
  const pair = `${labelOf(test.a)} − ${labelOf(test.b)}`
  if (test.pairs === 0) return `${pair}: ${testWords(test)}`
  const { difference, range } = differenceWords(test)
  const made = `${pair}: ${difference} ${metricLabel(metric)}${range === '' ? '' : ` (${range})`}, ${testWords(test)}`
  if (test.p === null) return made
  return `${made}: ${verdict(test, metric, labelOf)}.${test.note === null ? '' : ` ${test.note}`}`
}

/** The mean difference and its interval, empty where the test gives none: `−0.006`, `−0.015 to 0.003`. */
export function differenceWords(test: Pick<ComparisonTest, 'interval' | 'meanDifference'>): {
  difference: string
  range: string
} {
  const { interval, meanDifference } = test
  const width = interval ? (interval.high - interval.low) / 2 : Math.abs(meanDifference)
  const decimals = decimalsFor(width > 0 ? width : null)
  return {
    difference: fixed(meanDifference, decimals),
    range: interval ? `${fixed(interval.low, decimals)} to ${fixed(interval.high, decimals)}` : '',
  }
}

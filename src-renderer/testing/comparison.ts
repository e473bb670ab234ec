import type { Comparison, ComparisonCell, ComparisonTest } from '../../src-shared/domain/comparison'
import { definitionOf, evaluationProtocol } from '../../src-shared/domain/metric'

const means: Record<string, [number, number]> = { 'ndcg@10': [0.3018, 0.2822], 'recall@10': [0.31, 0.309] }

const cellOf = (group: string, mean: number, change: Partial<ComparisonCell> = {}): ComparisonCell => ({
  group,
  values: [mean - 0.002, mean, mean + 0.002],
  mean,
  sd: 0.002,
  interval: { low: mean - 0.0151, high: mean + 0.0151, users: 942, resamples: 1000 },
  mark: null,
  markNote: null,
  ...change,
})
const testOf = (meanDifference: number, change: Partial<ComparisonTest> = {}): ComparisonTest => ({
  a: 'key-csc',
  b: 'key-vae',
  kind: 'paired-t-seeds',
  pairs: 3,
  meanDifference,
  interval: { low: meanDifference - 0.01, high: meanDifference + 0.01 },
  statistic: 12,
  degreesOfFreedom: 2,
  p: 0.004,
  pHolm: 0.008,
  significant: meanDifference > 0.01,
  note: null,
  ...change,
})

/** A comparison of CSC with Multi-VAE over three seeds, of these metrics. */
export function comparisonOf(metrics: string[], change: Partial<Comparison> = {}): Comparison {
  const groups: Comparison['groups'] = [
    ['key-csc', 'CSC', 'csc'],
    ['key-vae', 'Multi-VAE', 'multi-vae'],
  ].map(([key, label, method]) => ({
    key: key!,
    label: label!,
    method: method!,
    params: {},
    datasetHash: 'data-hash',
    splitHash: 'split-hash',
    protocol: evaluationProtocol,
    runs: [0, 1, 2].map((seed) => ({ run: `${method}-${seed}`, seed })),
  }))
  return {
    users: { kind: 'all' },
    groups,
    metrics: metrics.map((name) => {
      const [first, second] = means[name] ?? [0.2, 0.1]
      const isBest = first - second > 0.01
      return {
        name,
        cells: [
          cellOf('key-csc', first, {
            mark: isBest ? 'best' : null,
            markNote: isBest
              ? 'Better than every other group: paired t over 3 seeds, Holm p 0.008.'
              : 'The highest mean, not marked: no difference from Multi-VAE shown, paired t over 3 seeds, Holm p 0.4.',
          }),
          cellOf('key-vae', second),
        ],
        tests: [
          testOf(first - second),
          testOf(first - second, { kind: 'paired-t-users', pairs: 942, p: 0.2, pHolm: 0.4, significant: false }),
        ],
      }
    }),
    warnings: [],
    rankable: true,
    level: 0.95,
    holm: { comparisons: metrics.length, notice: null },
    provenance: Object.fromEntries(
      metrics.map((name) => [
        name,
        {
          name,
          definition: definitionOf(name),
          candidates: 'All items but those the user has.',
          data: [
            { dataset: 'ml-100k', datasetHash: 'data-hash', splitHash: 'split-hash', recipe: { threshold: 4 } },
            { dataset: 'other', datasetHash: 'other-hash', splitHash: 'another', recipe: { threshold: 3 } },
          ],
          protocol: evaluationProtocol,
          users: 942,
        },
      ]),
    ),
    ...change,
  }
}

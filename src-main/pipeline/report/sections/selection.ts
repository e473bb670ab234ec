import {
  errorLabels,
  estimateNotes,
  estimateRows,
  estimatorHelp,
  estimatorLabels,
  meanErrorWords,
  propensityReadings,
  sourceWords,
} from '../../../../src-shared/selection/words'
import type { Block, Cell } from '../report-document'
import type { ReportInput } from '../report-input'
import { count } from '../words'

/** What the propensities of a run are worth, and its error over all pairs as logged pairs tell it. */
export function selectionSection({ runs }: ReportInput): Block[] {
  return runs.flatMap(({ selection }): Block[] => {
    if (!selection) return []
    const { propensities, estimates } = selection
    const { diagnostics, drawn, areAllPairs, source } = propensities
    const readings = propensityReadings(diagnostics)
    const hasTruth = estimates.randomisedPairs !== null
    return [
      { kind: 'heading', text: 'Propensities' },
      {
        kind: 'text',
        text: `${sourceWords[source]} Calibration is over ${areAllPairs ? `all ${count(drawn)} pairs` : `${count(drawn)} pairs drawn from all`}.`,
      },
      ...readings
        .filter(({ isWorrying }) => isWorrying)
        .map(({ label, value, meaning }): Block => ({ kind: 'warning', text: `${label}: ${value}. ${meaning}` })),
      {
        kind: 'table',
        caption: 'What they are worth',
        head: ['What', 'Value', 'What it means'],
        rows: readings.map(({ label, value, meaning }) => [label, value, meaning]),
      },
      {
        kind: 'table',
        caption: 'Calibration, by ascending prediction',
        head: ['Pairs', 'Predicted', 'Rated'],
        rows: diagnostics.calibration.bins.map(({ pairs, predicted, observed }) => [
          pairs,
          predicted.toFixed(4),
          observed.toFixed(4),
        ]),
      },
      { kind: 'heading', text: 'The error over all pairs' },
      {
        kind: 'table',
        caption: 'Estimates from logged pairs: mean ± standard error',
        head: ['Error', 'Estimate', 'Mean', ...(hasTruth ? ['Less randomised'] : []), 'What it is'],
        rows: [
          ...estimateRows(estimates).map(({ error, estimator, estimate, distance }): Cell[] => [
            errorLabels[error],
            estimatorLabels[estimator],
            meanErrorWords(estimate),
            ...(distance ? [meanErrorWords(distance, true)] : []),
            estimatorHelp[estimator],
          ]),
          ...estimates.errors.flatMap(({ error, randomised }): Cell[][] =>
            randomised
              ? [[errorLabels[error], 'Randomised', meanErrorWords(randomised), '', 'What pairs shown at random say: free of selection.']] // prettier-ignore
              : [],
          ),
        ],
      },
      { kind: 'list', items: estimateNotes(estimates) },
    ]
  })
}

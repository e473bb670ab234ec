import { formatP } from '../../../src-shared/comparison/words'
import type { SimulatedMethod, SimulationCell, SimulationResults, Verdict } from '../../../src-shared/domain/simulation'
import type { Block, Cell, ChartBlock, ReportDocument, ReportSection } from './report-document'
import { environmentRows, meanWords, paramWords } from './results-document'
import { count, decimals, duration, facts, moment, percent, signed } from './words'

/** The results of a simulation as a report: how data were drawn, the errors of all methods, the estimated correlations, and what holds. */
export function simulationDocument(results: SimulationResults): ReportDocument {
  const { name, madeAt, configuration, estimates, verdicts } = results
  return {
    title: name,
    subtitle: `Results of a simulation, written ${moment(madeAt)}.`,
    summary: configuration.notes,
    sections: [
      { id: 'experiment', title: 'What was run', blocks: runBlocks(results) },
      { id: 'metrics', title: 'Errors', blocks: errorBlocks(results) },
      ...(estimates.length > 0
        ? [{ id: 'graph' as const, title: 'Estimated correlation', blocks: estimateBlocks(results) }]
        : []),
      ...verdictSections(verdicts),
      { id: 'parameters', title: 'Budget and parameters', blocks: budgetBlocks(results) },
    ],
    bundle: null,
  }
}

export const verdictWords = ({ claim, holds, because }: Verdict): string =>
  `${holds ? 'Holds' : 'Does not hold'}: ${claim} ${because}`

/** What holds and what does not, with what it rests on; no section where nothing is claimed. */
export const verdictSections = (verdicts: readonly Verdict[], evidence: readonly Block[] = []): ReportSection[] =>
  verdicts.length === 0
    ? []
    : [
        {
          id: 'comparison',
          title: 'Verdicts',
          blocks: [
            {
              kind: 'list',
              items: verdicts.map(verdictWords),
            },
            ...evidence,
          ],
        },
      ]

/** What the author says of methods. */
export const remarkBlocks = (methods: readonly SimulatedMethod[]): Block[] =>
  methods.some(({ remark }) => remark !== null)
    ? [
        {
          kind: 'list',
          items: methods.flatMap(({ label, remark }) => (remark === null ? [] : [`${label}: ${remark}`])),
        },
      ]
    : []

/** What every method used. */
export const usedTable = (methods: readonly SimulatedMethod[]): Block => ({
  kind: 'table',
  caption: 'What every method used',
  head: ['Method', 'Trainings', 'Failed', 'Epochs in all', 'Training time'],
  rows: methods.map(({ label, fits, failed, epochs, seconds }) => [
    label,
    fits,
    failed,
    count(epochs),
    duration(seconds),
  ]),
})

function runBlocks({ configuration, environment, data, budget }: SimulationResults): Block[] {
  const { preferences, world, correlations, seeds, search, validationShare } = configuration
  return [
    {
      kind: 'text',
      text: `For every pair of the users and items, x is ${preferences.of === 'rating' ? 'the expected rating, divided by the highest there is,' : `the probability that a rating reaches ${preferences.threshold},`} by matrix factorisation with ${preferences.factors} factors and a ridge of ${preferences.ridge}. With (e, d) standard normal with correlation rho, the preference is ${world.scale} x + d, and it is observed where ${world.slope} tanh(x - ${world.centre ?? 'mean of x'}) + e > ${world.beta}. Methods learn from the observed pairs; their error is the mean squared error on half as many pairs, drawn from all. One seed draws the same pairs at every rho.`,
    },
    { kind: 'text', text: budget },
    facts('Configuration, data and machine', [
      ['Data set', data.dataset],
      ['Hash of the data set', data.datasetHash],
      ['Users and items', `${count(data.users)} and ${count(data.items)}`],
      ['Observed pairs, mean over seeds', `${count(data.observedMean)}, ${percent(data.density)} of all`],
      ['Correlations', correlations.join(', ')],
      ['Seeds', seeds.join(', ')],
      [
        'Search',
        `${search.strategy}, seed ${search.seed}, by the squared error on ${percent(validationShare)} of the observed pairs`,
      ],
      ...environmentRows(environment),
    ]),
  ]
}

const labelsOf = (cells: readonly SimulationCell[]): string[] => [...new Set(cells.map(({ label }) => label))]

/** A row for each method, a column for each correlation. */
const byCorrelation = (
  { cells, configuration: { correlations } }: SimulationResults,
  caption: string,
  cellWords: (cell: SimulationCell) => Cell,
  labels = labelsOf(cells),
): Block => ({
  kind: 'table',
  caption,
  head: ['Method', ...correlations.map((correlation) => `rho ${correlation}`)],
  rows: labels.map((label) => [label, ...cells.filter((cell) => cell.label === label).map(cellWords)]),
})

function errorBlocks(results: SimulationResults): Block[] {
  const { cells, ratios, configuration, methods } = results
  const { published, reference } = configuration
  const withPublished = labelsOf(cells.filter((cell) => cell.published !== null))
  return [
    byCorrelation(results, 'Mean squared error, mean ± sd over seeds', ({ mean, sd }) => meanWords(mean, sd)),
    ...(published && withPublished.length > 0
      ? [
          { kind: 'text' as const, text: `Published: ${published.source}` },
          byCorrelation(
            results,
            'Published',
            (cell) => meanWords(cell.published?.mean ?? null, cell.published?.sd ?? null),
            withPublished,
          ),
          byCorrelation(
            results,
            'Ours less the published',
            ({ mean, published: theirs }) => (mean === null || theirs === null ? '' : signed(mean - theirs.mean)),
            withPublished,
          ),
        ]
      : []),
    ...(reference !== undefined && ratios.length > 0
      ? [
          {
            kind: 'table' as const,
            caption: `${reference} beside the best other method`,
            head: ['rho', reference, 'Best other', 'Its error', 'Ratio', 'Published ratio'],
            rows: ratios.map(({ correlation, reference: own, bestOther, ratio, published: theirs }) => [
              correlation,
              decimals(own),
              bestOther.label,
              decimals(bestOther.mean),
              decimals(ratio),
              theirs === null ? '' : decimals(theirs),
            ]),
          },
          byCorrelation(
            results,
            `Difference to ${reference}, with p of the paired t test over seeds after Holm's correction over the table`,
            ({ test }) =>
              test === null
                ? ''
                : `${signed(test.meanDifference)} (${test.pHolm === null ? 'not tested' : `p ${formatP(test.pHolm)}`})`,
            labelsOf(cells).filter((label) => label !== reference),
          ),
        ]
      : []),
    ...remarkBlocks(methods),
  ]
}

/** The estimated correlation against the true one; null where nothing is estimated. */
export function estimateChart({ estimates, configuration }: SimulationResults): ChartBlock | null {
  const known = estimates
    .flatMap(({ correlation, values, mean }) => {
      const own = values.filter((value) => value !== null)
      return mean === null ? [] : [{ correlation, mean, low: Math.min(...own), high: Math.max(...own) }]
    })
    .sort((a, b) => a.correlation - b.correlation)
  if (known.length === 0 || configuration.estimate === undefined) return null
  return {
    kind: 'chart',
    caption: `rho as ${configuration.estimate} estimates it: mean and range over seeds, by the true correlation`,
    xLabel: 'True correlation',
    yLabel: 'Estimated',
    series: [
      {
        label: 'estimated',
        points: known.map(({ correlation, mean }) => [correlation, mean]),
        band: known.map(({ low, high }) => [low, high]),
      },
      { label: 'true', points: known.map(({ correlation }) => [correlation, correlation]) },
    ],
  }
}

function estimateBlocks(results: SimulationResults): Block[] {
  const chart = estimateChart(results)
  const { seeds } = results.configuration
  return [
    ...(chart ? [chart] : []),
    {
      kind: 'table',
      caption: 'The estimate of every seed',
      head: ['rho', 'Mean ± sd', 'Off by', ...seeds.map((seed) => `Seed ${seed}`)],
      rows: results.estimates.map(({ correlation, values, mean, sd }) => [
        correlation,
        meanWords(mean, sd),
        mean === null ? '' : signed(mean - correlation),
        ...values.map((value) => (value === null ? '' : decimals(value))),
      ]),
    },
  ]
}

function budgetBlocks(results: SimulationResults): Block[] {
  const { methods, cells, configuration } = results
  const searchedOf = (label: string): string[] =>
    Object.keys(configuration.methods.find((entry) => (entry.label ?? entry.method) === label)?.search ?? {})
  return [
    usedTable(methods),
    {
      kind: 'table',
      caption: 'The parameters that were trained for every seed',
      head: ['Method', 'rho', 'Searched parameters', 'Value on validation'],
      rows: cells.map(({ label, correlation, best }) => [
        label,
        correlation,
        best === null ? 'none were found' : paramWords(best.params, searchedOf(label)) || 'as given',
        best === null || best.validation === null ? '' : decimals(best.validation),
      ]),
    },
  ]
}

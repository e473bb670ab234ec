import { formatP } from '../../../src-shared/comparison/words'
import type {
  EffectsCell,
  EffectsFigure,
  EffectsResults,
  RecoveryMeasure,
} from '../../../src-shared/domain/effects-simulation'
import { featureWords } from '../experiment/simulate-effects/effects-results'
import type { Block, Cell, ChartBlock, ChartSeries, ReportDocument } from './report-document'
import { environmentRows, meanWords, paramWords } from './results-document'
import { remarkBlocks, usedTable, verdictSections } from './simulation-document'
import { count, decimals, facts, moment, percent, signed } from './words'

/** The results of an effects simulation as a report: how the world was drawn, how near the effects come, and what holds. */
export function effectsDocument(results: EffectsResults): ReportDocument {
  const { name, madeAt, configuration, verdicts } = results
  return {
    title: name,
    subtitle: `Results of an effects simulation, written ${moment(madeAt)}.`,
    summary: configuration.notes,
    sections: [
      { id: 'experiment', title: 'What was run', blocks: runBlocks(results) },
      { id: 'metrics', title: 'Effects', blocks: effectBlocks(results) },
      ...verdictSections(verdicts, gapBlocks(results)),
      { id: 'parameters', title: 'Budget and parameters', blocks: budgetBlocks(results) },
    ],
    bundle: null,
  }
}

function runBlocks({ configuration, environment, budget, exposed }: EffectsResults): Block[] {
  const { world, seeds } = configuration
  return [
    {
      kind: 'text',
      text: `Each user has ${world.causes} hidden causes c and ${world.features} features x, all standard normal. Items are exposed with log-odds that are linear in c, to shares of the users that differ between items, ${percent(exposed)} in the mean. A rating is a sum of the effects of all exposures of the user, c and x with weights of the item, and standard normal noise; features make ${percent(world.featureShare)} of the variance of what is not effects of exposures. One pair of items in five has an effect, of standard deviation 0.5. Ratings are known where items were exposed.`,
    },
    {
      kind: 'text',
      text: `Methods learn from nine tenths of the users; of the others a fifth of the exposures is held out, for the exposure model to stop by and be checked with. The effects that a method tells are held against the true ones: their correlation, and the root of the mean squared error (RMSE) in the unit of ratings. What exposing an item does to its own rating is left out: it is rated only where it was exposed, and its effect is one with its mean. The regression is least squares of an item's ratings on the other exposures of the users who rated it: it takes what the hidden causes do for effects. A seed draws the users; of two numbers of users, the fewer are the first of the more.`,
    },
    { kind: 'text', text: budget },
    facts('Configuration and machine', [
      ['Items', world.items],
      ['Hidden causes and features', `${world.causes} and ${world.features}`],
      ['Seed of the world', world.seed],
      ['Seeds of the users', seeds.join(', ')],
      ...environmentRows(environment),
    ]),
  ]
}

const labelsOf = (cells: readonly EffectsCell[]): string[] => [...new Set(cells.map(({ label }) => label))]

/** Everything that is compared, by its name: each method with features and without, and the regression. */
export function comparedEffects({ cells, regressions }: EffectsResults) {
  const ofMethods = labelsOf(cells).flatMap((label) =>
    [true, false].map((isGiven) => {
      const own = cells.filter((cell) => cell.label === label && cell.features > 0 === isGiven)
      // Short: a chart has room for 26 characters.
      return { name: isGiven ? `${label} + features` : label, cells: own }
    }),
  )
  return [...ofMethods, { name: 'Regression', cells: regressions }]
}

function effectBlocks(results: EffectsResults): Block[] {
  const { configuration, cells, methods } = results
  const head = configuration.users.map((users) => `${count(users)} users`)
  const table = (measure: RecoveryMeasure, caption: string): Block => ({
    kind: 'table',
    caption: `${caption}, mean ± sd over ${configuration.seeds.length} seeds`,
    head: ['Effects of', ...head],
    rows: comparedEffects(results).map(({ name, cells: own }) => [
      name,
      ...own.map(({ measures }) => meanWords(measures[measure].mean, measures[measure].sd)),
    ]),
  })
  return [
    ...chartBlocks(results),
    table('rmse', 'RMSE of the effects'),
    table('correlation', 'Correlation of found and true effects'),
    {
      kind: 'table',
      caption: 'p of the predictive check of the exposure model, mean over seeds (0.5 is ideal)',
      head: ['Exposure model of', ...head],
      rows: labelsOf(cells).map((label) => [
        label,
        // Features have no part in it.
        ...cells
          .filter((cell) => cell.label === label && cell.features === 0)
          .map(({ pValue }): Cell => (pValue.mean === null ? 'not measured' : decimals(pValue.mean))),
      ]),
    },
    ...remarkBlocks(methods),
  ]
}

const chartBlocks = (results: EffectsResults): Block[] => {
  const chart = effectsChart(results)
  return chart ? [chart] : []
}

/** RMSE against the number of users, with features, without, and of the regression; null where there is one number only. */
export function effectsChart(results: EffectsResults): ChartBlock | null {
  const series = comparedEffects(results).flatMap(({ name, cells }): ChartSeries[] => {
    const own = [...cells]
      .sort((a, b) => a.users - b.users)
      .flatMap(({ users, measures: { rmse } }) => (rmse.mean === null ? [] : [{ users, ...rangeOf(rmse) }]))
    if (own.length < 2) return []
    return [
      {
        label: name,
        points: own.map(({ users, mean }) => [users, mean]),
        band: own.map(({ low, high }) => [low, high]),
      },
    ]
  })
  if (series.length === 0) return null
  return {
    kind: 'chart',
    caption: 'RMSE of the effects by the number of users: mean and range over seeds',
    xLabel: 'Users',
    yLabel: 'RMSE',
    series,
  }
}

function rangeOf({ values, mean }: EffectsFigure): { mean: number; low: number; high: number } {
  const known = values.filter((value) => value !== null)
  return { mean: mean!, low: Math.min(...known), high: Math.max(...known) }
}

function gapBlocks({ gaps }: EffectsResults): Block[] {
  return [
    {
      kind: 'table',
      caption:
        "What features take off the RMSE, with Student's paired t over the seeds. Holm's correction counts all tests of the table",
      head: ['Method', 'Users', 'Difference', 'p', 'Holm'],
      rows: gaps.map(({ label, users, difference, test: { p, pHolm } }) => [
        label,
        count(users),
        difference === null ? 'not measured' : signed(difference),
        ...(p === null || pHolm === null ? ['not tested', ''] : [formatP(p), formatP(pHolm)]),
      ]),
    },
  ]
}

function budgetBlocks({ methods, cells }: EffectsResults): Block[] {
  return [
    usedTable(methods),
    {
      kind: 'table',
      caption: 'The parameters that were trained for every seed',
      head: ['Method', 'Condition', 'Parameters', 'Squared error on validation'],
      rows: cells
        // Without a search all conditions have the same.
        .filter(
          ({ label, best }, at) => best?.validation != null || cells.findIndex((cell) => cell.label === label) === at,
        )
        .map(({ label, users, features, best }) => [
          label,
          best?.validation == null ? 'all' : `${count(users)} users ${featureWords(features)}`,
          best === null ? 'none were found' : paramWords(best.params),
          best?.validation == null ? '' : decimals(best.validation),
        ]),
    },
  ]
}

import type { EffectsResults } from '../../../src-shared/domain/effects-simulation'
import { rankingMetricLabels, rankingMetrics, type RankingResults } from '../../../src-shared/domain/ranking-simulation'
import type { SimulationResults } from '../../../src-shared/domain/simulation'
import { conditionWords, hasNoises } from '../../../src-shared/experiment/parse-ranking-simulation'
import type { AnySimulationPlan } from '../../../src-shared/experiment/plan-text'
import type { AnySimulationResults } from '../../api/experiment-results'
import { comparedEffects, effectsChart, effectsDocument } from '../../pipeline/report/effects-document'
import { rankingChart, rankingDocument } from '../../pipeline/report/ranking-document'
import type { ChartBlock, ReportDocument } from '../../pipeline/report/report-document'
import { renderMarkdown } from '../../pipeline/report/render-markdown'
import { estimateChart, simulationDocument, verdictWords } from '../../pipeline/report/simulation-document'
import { standaloneSvg } from '../../pipeline/report/standalone-svg'
import type { CommandContext } from './context'
import { resultsName, writeResults } from './experiment-files'
import { count, decimals, facts, table } from './format'
import { exitCodes } from './output'

/** Says what a simulation would do. */
export const planSimulated = ({ output, session }: CommandContext, text: string): Promise<void> =>
  session('read', async ({ services }) => {
    const plan = services.simulations.plan(text)
    output.result(plan, () => describePlan(plan))
  })

/**
 * Runs a simulation, or goes on with one that was stopped, and tells what it came to.
 * @param given how it was named, to be named so again
 * @param directory where its results are written; undefined: nowhere
 */
export const runSimulated = (
  { output, session, finish, exit }: CommandContext,
  text: string,
  given: string,
  directory: string | undefined,
): Promise<void> =>
  session('write', async (opened) => {
    const { simulations } = opened.services
    output.note(simulations.plan(text).budgetStatement)
    const ended = await finish(opened, await simulations.start(text))
    if (ended.state !== 'completed') {
      if (ended.error) output.note(ended.error.message)
      output.note(`Go on with: causeway experiment ${given}`)
      exit(exitCodes.interrupted)
      return output.result({ simulation: ended.title, state: ended.state }, () => `${ended.title}: ${ended.state}`)
    }
    const results = await simulations.results(text)
    if (directory !== undefined)
      for (const file of writeResults(directory, results.name, contentsOf(results))) output.note(`Wrote ${file}`)
    output.result(results, () => describeResults(results))
  })

/** The files of the results by their endings; the drawing where there is one. */
function contentsOf(results: AnySimulationResults): Record<string, string> {
  const { chart, document } = reportOf(results)
  const image = chart ? `\n![${chart.caption}](${encodeURI(resultsName(results.name))}.svg)\n` : ''
  return {
    md: renderMarkdown(document) + image,
    json: JSON.stringify(results, null, 2) + '\n',
    ...(chart ? { svg: standaloneSvg(chart) } : {}),
  }
}

function reportOf(results: AnySimulationResults): { chart: ChartBlock | null; document: ReportDocument } {
  switch (results.type) {
    case 'causeway-simulation-results':
      return { chart: estimateChart(results), document: simulationDocument(results) }
    case 'causeway-ranking-simulation-results':
      return { chart: rankingChart(results), document: rankingDocument(results) }
    case 'causeway-effects-simulation-results':
      return { chart: effectsChart(results), document: effectsDocument(results) }
  }
}

const describePlan = ({ file, methods, fits, budgetStatement }: AnySimulationPlan): string =>
  [
    `${file.name}: ${count(fits)} trainings on data drawn ${drawnFrom(file)}`,
    budgetStatement,
    '',
    table(
      ['method', 'search trials', 'final trials'],
      methods.map(({ label, searchTrials, finalTrials }) => [label, searchTrials, finalTrials]),
    ),
  ].join('\n')

function drawnFrom(file: AnySimulationPlan['file']): string {
  if (file.type === 'causeway-simulation') return `from ${file.data.dataset}`
  if (file.type === 'causeway-effects-simulation')
    return `for ${file.users.map(count).join(', ')} users and ${count(file.world.items)} items`
  const { world } = file
  return world.kind === 'from-data'
    ? `from ${world.dataset}`
    : `for ${count(world.users)} users and ${count(world.items)} items`
}

function describeResults(results: AnySimulationResults): string {
  switch (results.type) {
    case 'causeway-simulation-results':
      return describeErrors(results)
    case 'causeway-ranking-simulation-results':
      return describeRankings(results)
    case 'causeway-effects-simulation-results':
      return describeEffects(results)
  }
}

const meanWords = (mean: number | null, sd: number | null): string | null =>
  mean === null ? null : sd === null ? decimals(mean) : `${decimals(mean)} ± ${decimals(sd)}`

function describeRankings({ name, budget, cells, verdicts, configuration }: RankingResults): string {
  const noises = hasNoises(configuration)
  return [
    facts([
      ['Simulation', name],
      ['Data', `drawn ${drawnFrom(configuration)}`],
      ['Budget', budget],
    ]),
    ...rankingMetrics.flatMap((metric) => [
      '',
      `${rankingMetricLabels[metric]}, mean ± sd over splits`,
      table(
        ['method', ...configuration.conditions.map((condition) => conditionWords(condition, noises))],
        configuration.methods.map(({ method, label = method }) => [
          label,
          ...cells
            .filter((cell) => cell.label === label)
            .map(({ metrics }) => meanWords(metrics[metric].mean, metrics[metric].sd)),
        ]),
      ),
    ]),
    ...verdicts.map(verdictWords),
  ].join('\n')
}

function describeEffects(results: EffectsResults): string {
  const { name, budget, verdicts, configuration } = results
  return [
    facts([
      ['Simulation', name],
      ['Data', `drawn ${drawnFrom(configuration)}`],
      ['Budget', budget],
    ]),
    '',
    'RMSE of the effects, mean ± sd over seeds',
    table(
      ['effects of', ...configuration.users.map((users) => `${count(users)} users`)],
      comparedEffects(results).map(({ name: own, cells }) => [
        own,
        ...cells.map(({ measures: { rmse } }) => meanWords(rmse.mean, rmse.sd)),
      ]),
    ),
    ...verdicts.map(verdictWords),
  ].join('\n')
}

function describeErrors({ name, budget, data, cells, estimates, verdicts, configuration }: SimulationResults): string {
  return [
    facts([
      ['Simulation', name],
      ['Data', `${data.dataset}, ${count(Math.round(data.observedMean))} observed pairs`],
      ['Budget', budget],
    ]),
    '',
    'Mean squared error, mean ± sd over seeds',
    table(
      ['method', ...configuration.correlations.map((correlation) => `rho ${correlation}`)],
      configuration.methods.map(({ method, label = method }) => [
        label,
        ...cells.filter((cell) => cell.label === label).map(({ mean, sd }) => meanWords(mean, sd)),
      ]),
    ),
    ...(estimates.length > 0
      ? [
          '',
          table(
            ['rho', 'estimated'],
            estimates.map(({ correlation, mean, sd }) => [String(correlation), meanWords(mean, sd)]),
          ),
        ]
      : []),
    ...verdicts.map(verdictWords),
  ].join('\n')
}

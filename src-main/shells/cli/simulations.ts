import type { SimulationPlan, SimulationResults } from '../../../src-shared/domain/simulation'
import { renderMarkdown } from '../../pipeline/report/render-markdown'
import { estimateChart, simulationDocument } from '../../pipeline/report/simulation-document'
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

/** The files of the results by their endings; the drawing where something is estimated. */
function contentsOf(results: SimulationResults): Record<string, string> {
  const chart = estimateChart(results)
  const image = chart ? `\n![${chart.caption}](${encodeURI(resultsName(results.name))}.svg)\n` : ''
  return {
    md: renderMarkdown(simulationDocument(results)) + image,
    json: JSON.stringify(results, null, 2) + '\n',
    ...(chart ? { svg: standaloneSvg(chart) } : {}),
  }
}

const describePlan = ({ file, methods, fits, budgetStatement }: SimulationPlan): string =>
  [
    `${file.name}: ${count(fits)} trainings on data drawn from ${file.data.dataset}`,
    budgetStatement,
    '',
    table(
      ['method', 'search trials', 'final trials'],
      methods.map(({ label, searchTrials, finalTrials }) => [label, searchTrials, finalTrials]),
    ),
  ].join('\n')

function describeResults({ name, budget, data, cells, estimates, verdicts, configuration }: SimulationResults): string {
  const meanOf = (mean: number | null, sd: number | null): string | null =>
    mean === null ? null : sd === null ? decimals(mean) : `${decimals(mean)} ± ${decimals(sd)}`
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
        ...cells.filter((cell) => cell.label === label).map(({ mean, sd }) => meanOf(mean, sd)),
      ]),
    ),
    ...(estimates.length > 0
      ? [
          '',
          table(
            ['rho', 'estimated'],
            estimates.map(({ correlation, mean, sd }) => [String(correlation), meanOf(mean, sd)]),
          ),
        ]
      : []),
    ...verdicts.map(({ claim, holds, because }) => `${holds ? 'Holds' : 'Does not hold'}: ${claim} ${because}`),
  ].join('\n')
}

import { CausewayError } from '../../../src-shared/contract/errors'
import type { Comparison } from '../../../src-shared/domain/comparison'
import type { ExperimentDetail, ExperimentPlan, ExperimentSummary, Trial } from '../../../src-shared/domain/experiment'
import { typeOfSimulation } from '../../../src-shared/experiment/parse-simulation'
import { renderMarkdown } from '../../pipeline/report/render-markdown'
import { experimentDocument } from '../../pipeline/report/results-document'
import { describeComparison } from './compare-commands'
import type { CommandContext } from './context'
import { count, decimals, duration, facts, table } from './format'
import { isFile, shippedExperiments, textOfName, writeResults } from './experiment-files'
import { exitCodes } from './output'
import { planSimulated, runSimulated } from './simulations'
import type { Session } from './session'
import { readText } from './text-files'

/** `causeway experiment` runs one; `causeway experiments` lists, shows and removes them. */
export function addExperimentCommands(context: CommandContext): void {
  const { program, output, session, finish, exit, experimentsDirectory } = context
  program
    .command('experiment')
    .description('run an experiment, or go on with one that was stopped')
    .argument(
      '[file or name]',
      'an experiment file (.yaml), or the name of a saved one or of one that comes with Causeway',
    )
    .option('--plan', 'only check it and say what it would do')
    .option('--results <dir>', 'write what it came to into this folder, as NAME.md and NAME.json')
    .option('--list', 'the experiments that come with Causeway')
    .action(async (given: string | undefined, { plan, results, list }: ExperimentOptions) => {
      if (list) {
        const shipped = shippedExperiments(experimentsDirectory)
        return output.result(shipped, () => describeShipped(shipped))
      }
      if (given === undefined) throw new CausewayError('badRequest', 'Name an experiment: a file, or one of --list.')
      const text = isFile(given)
        ? readText(given)
        : await session('read', async ({ request }) => {
            const saved = await request('experiments:list', {})
            return textOfName(
              given,
              experimentsDirectory,
              saved.map(({ name }) => name),
            )
          })
      if (text !== null && typeOfSimulation(text) !== null)
        return plan ? planSimulated(context, text) : runSimulated(context, text, given, results)
      if (plan)
        return session('read', async (opened) => {
          const { plan } =
            text === null ? await detailOf(opened, given) : { plan: await opened.request('experiments:plan', { text }) }
          output.result(plan, () => describePlan(plan))
        })
      return session('write', async (opened) => {
        const saved =
          text === null
            ? await detailOf(opened, given)
            : await opened.request('experiments:save', { text, replace: true })
        const { name } = saved
        output.note(saved.plan.budgetStatement)
        for (const warning of saved.plan.warnings) output.note(`warning: ${warning}`)
        const job = await opened.request('experiments:start', { experiment: name })
        const allTold = noteEndedTrials(opened, saved)
        const ended = await finish(opened, job).finally(allTold)
        const detail = await detailOf(opened, name)
        if (ended.state !== 'completed') {
          if (ended.error) output.note(ended.error.message)
          output.note(`Go on with: causeway experiment ${shellWord(name)}`)
          exit(exitCodes.interrupted)
          return output.result(shown(detail, null), () => describeExperiment(detail))
        }
        const found = await opened.services.experimentResults(name)
        const { comparison } = found
        for (const { text } of comparison.warnings) output.note(`warning: ${text}`)
        if (results !== undefined)
          for (const file of writeResults(results, name, {
            md: renderMarkdown(experimentDocument(found)),
            json: JSON.stringify(found, null, 2) + '\n',
          }))
            output.note(`Wrote ${file}`)
        output.result(shown(detail, comparison), () =>
          [describeExperiment(detail), describeComparison(comparison)].join('\n\n'),
        )
      })
    })

  const experiments = program.command('experiments').description('the experiments of the workspace')
  experiments
    .command('list')
    .description('all experiments')
    .action(() =>
      session('read', async (opened) => {
        const list = await opened.request('experiments:list', {})
        for (const { what, name, reason } of await opened.request('saved:damaged', { run: null }))
          if (what === 'experiment') output.note(`${name} cannot be read: ${reason}`)
        output.result(list, () => describeExperiments(list))
      }),
    )
  experiments
    .command('show')
    .description('an experiment with its trials and what it found')
    .argument('<name>')
    .action((name: string) =>
      session('read', async (opened) => {
        const detail = await detailOf(opened, name)
        output.result(detail, () => describeExperiment(detail))
      }),
    )
  experiments
    .command('remove')
    .description('delete an experiment; its runs stay')
    .argument('<name>')
    .action((name: string) =>
      session('write', async (opened) => {
        await opened.request('experiments:remove', { experiment: name })
        output.result({ removed: name }, () => `Removed ${name}. Its runs stay: causeway runs list`)
      }),
    )
}

interface ExperimentOptions {
  plan?: true
  results?: string
  list?: true
}

const describeShipped = (list: ReturnType<typeof shippedExperiments>): string =>
  table(
    ['name', 'title', 'what it is for'],
    list.map(({ name, title, notes }) => [name, title, notes]),
  )

const detailOf = (opened: Session, experiment: string): Promise<ExperimentDetail> =>
  opened.request('experiments:get', { experiment })

export const shellWord = (name: string): string => (/^[\w.+-]+$/.test(name) ? name : `"${name}"`)

/** Says of every trial what became of it, once it has ended. @returns what ends the telling, and resolves when all is told */
function noteEndedTrials({ services, output, request }: Session, before: ExperimentDetail): () => Promise<void> {
  const told = new Set(before.trialList.filter(hasEnded).map(({ number }) => number))
  const tell = async (): Promise<void> => {
    const { trialList } = await request('experiments:get', { experiment: before.name })
    for (const trial of trialList) {
      if (!hasEnded(trial) || told.has(trial.number)) continue
      told.add(trial.number)
      output.note(endLine(trial))
    }
  }
  let telling = Promise.resolve()
  const unsubscribe = services.events.subscribe((name) => {
    if (name === 'experiment:changed') telling = telling.then(tell)
  })
  return async () => {
    unsubscribe()
    await telling
  }
}

const hasEnded = ({ state }: Trial): boolean => state === 'completed' || state === 'pruned' || state === 'failed'

const endLine = ({ number, label, phase, seed, state, objective, epochs, seconds, reason }: Trial): string =>
  [
    `Trial ${number}, ${label}, ${phase === 'search' ? 'search' : `seed ${seed}`}: ${state}`,
    objective === null ? null : `validation ${decimals(objective)}`,
    `${count(epochs)} epochs`,
    duration(seconds),
    reason?.message ?? null,
  ]
    .filter((part) => part !== null)
    .join(' · ')

/** What the command prints as JSON. */
const shown = ({ name, state, trials, plan, best, trialList }: ExperimentDetail, comparison: Comparison | null) => ({
  experiment: name,
  state,
  budget: plan.budgetStatement,
  warnings: plan.warnings,
  trials,
  best,
  trialList,
  comparison,
})

function describePlan({ file, methods, trials, budgetStatement, warnings }: ExperimentPlan): string {
  return [
    `${file.name}: ${count(trials)} trainings on ${file.data.dataset}`,
    budgetStatement,
    '',
    table(
      ['method', 'settings', 'search trials', 'final trials'],
      methods.map(({ label, settings, searchTrials, finalTrials }) => [
        label,
        settings === null ? 'continuous' : count(settings),
        searchTrials,
        finalTrials,
      ]),
    ),
    ...(warnings.length > 0 ? ['', ...warnings.map((warning) => `warning: ${warning}`)] : []),
  ].join('\n')
}

const describeExperiments = (list: ExperimentSummary[]): string =>
  list.length === 0
    ? 'No experiments yet. Run one: causeway experiment FILE.yaml'
    : table(
        ['name', 'state', 'data', 'methods', 'trials', 'completed', 'ended early', 'failed'],
        list.map(({ name, state, dataset, methods, trials }) => [
          name,
          state === 'queued' ? 'not started' : state,
          dataset,
          methods.join(', '),
          trials.planned,
          trials.completed,
          trials.pruned,
          trials.failed,
        ]),
      )

const paramWords = (params: Trial['params'], keys: string[]): string =>
  keys.map((key) => `${key}=${params[key]}`).join(' ')

function describeExperiment(detail: ExperimentDetail): string {
  const { name, state, file, plan, trialList, best, error } = detail
  const keysOf = (label: string): string[] =>
    Object.keys(file.methods.find((entry) => (entry.label ?? entry.method) === label)?.search ?? {})
  return [
    facts([
      ['Experiment', name],
      ['State', state === 'queued' ? 'not started' : state],
      ['Data', file.data.dataset],
      ['Budget', plan.budgetStatement],
      ...(error ? ([['Error', error.message]] as [string, string][]) : []),
    ]),
    ...(trialList.length === 0
      ? ['', 'No trials yet.']
      : [
          '',
          table(
            [
              'trial',
              'method',
              'phase',
              'seed',
              'state',
              file.metrics.objective,
              'epochs',
              'time',
              'parameters',
              'run',
            ],
            trialList.map((trial) => [
              trial.number,
              trial.label,
              trial.phase,
              trial.seed,
              trial.state,
              trial.objective === null ? null : decimals(trial.objective),
              trial.epochs,
              duration(trial.seconds),
              paramWords(trial.params, keysOf(trial.label)),
              trial.run,
            ]),
          ),
        ]),
    ...trialList.flatMap(({ number, reason }) => (reason ? [`Trial ${number}: ${reason.message}`] : [])),
    ...Object.entries(best).flatMap(([label, { params, objective }]) =>
      objective === null ? [] : [`Best of ${label}: ${paramWords(params, keysOf(label))} (${decimals(objective)})`],
    ),
  ].join('\n')
}

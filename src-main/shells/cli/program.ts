import { join, resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import packageJson from '../../../package.json'
import { CausewayError } from '../../../src-shared/contract/errors'
import { backendIds } from '../../../src-shared/domain/backend'
import type { ColumnMapping, TextLayout } from '../../../src-shared/domain/dataset'
import type { JobSnapshot } from '../../../src-shared/domain/job'
import type { Entries } from '../../jobs/process-host'
import { defaultWorkspace } from '../../storage/workspace'
import { serveWorkspace } from '../web/serve-workspace'
import { addCompareCommands } from './compare-commands'
import { collect, type CommandContext } from './context'
import { addCorrelationCommands } from './correlation-commands'
import * as describe from './describe'
import { addEvalCommand } from './eval-command'
import { addExportCommands } from './export-commands'
import { addExposureCommands } from './exposure-commands'
import { followJob } from './follow-job'
import { addExperimentCommands } from './experiment-commands'
import { addGraphCommands, findKnowledge } from './graph-commands'
import { integerIn } from './integer-option'
import { addInterveneCommands } from './intervene-commands'
import { addReproduceCommand } from './reproduce-commands'
import { addRunsCommands } from './runs-commands'
import { createOutput, exitCodeOf, exitCodes, type Output } from './output'
import { addReportCommands } from './report-commands'
import { parseSettings, trainRequest, type TrainOptions } from './run-file'
import { addSelectionCommands } from './selection-commands'
import { withSession, type Session } from './session'

export interface CliOptions {
  entries: Entries
  /** The built renderer, for `serve`. */
  staticDirectory: string
  /** The experiments that come with Causeway. */
  experimentsDirectory: string
}

interface GlobalOptions {
  workspace: string
  json: boolean
}

/**
 * The command line.
 * @param args the arguments after the program's own name
 * @returns the exit code: 0, 1 failed, 2 bad usage, 130 interrupted and resumable
 */
export async function runCli(args: string[], options: CliOptions): Promise<number> {
  const output = createOutput(args.includes('--json'))
  let exitCode: number = exitCodes.ok
  const program = createProgram(options, output, (code) => (exitCode = code))
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      // Help and version were asked for; anything else is a command line that Commander refused and has explained.
      if (thrown.exitCode === 0) return exitCodes.ok
      if (output.json) output.document({ error: usageError(thrown) })
      return exitCodes.usage
    }
    const error = CausewayError.from(thrown)
    output.error(error)
    return exitCodeOf(error)
  }
}

const usageError = (error: CommanderError) => ({
  code: 'badRequest',
  // Commander shows help, and has no message, when only a subcommand was left out.
  message: error.code === 'commander.help' ? 'Name a command.' : error.message.replace(/^error: /, ''),
  details: {},
  help: 'Run the command with --help to see what it takes.',
})

function createProgram(
  { entries, staticDirectory, experimentsDirectory }: CliOptions,
  output: Output,
  exit: (code: number) => void,
): Command {
  const program = new Command('causeway')
    .description('Train causal recommender models on your own interaction logs and see what they learned.')
    .version(packageJson.version)
    .option('--workspace <dir>', 'folder with data sets and runs (default: $CAUSEWAY_WORKSPACE, else ~/Causeway)')
    .option('--json', 'one JSON document on stdout; progress and logs stay on stderr', false)
    .showHelpAfterError()
    .exitOverride()
    // Help that was not asked for follows an error: stdout is for results.
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })

  const globals = (): GlobalOptions => {
    const given = program.opts<{ workspace?: string; json: boolean }>()
    return { json: given.json, workspace: resolve(given.workspace ?? defaultWorkspace()) }
  }
  const session = <T>(access: 'read' | 'write', work: (session: Session) => Promise<T>): Promise<T> =>
    withSession({ workspace: globals().workspace, access, entries, output }, work)

  /** Follows a job to its end. @throws its error when it failed */
  const finish = async (opened: Session, job: JobSnapshot): Promise<JobSnapshot> => {
    const ended = await followJob(opened, job)
    if (ended.state === 'failed' && ended.error) {
      const { code, message, details } = ended.error
      throw new CausewayError(code, message, { ...details, ...(ended.run ? { run: ended.run } : {}) })
    }
    return ended
  }

  const context: CommandContext = { program, output, experimentsDirectory, session, finish, exit }
  addDataCommands(context)

  program
    .command('train')
    .description('train a method on a data set, or go on with a run that was stopped')
    .argument('[method]', 'id of a method (causeway methods)')
    .option('--data <name>', 'name of a data set')
    .addOption(new Option('--backend <id>', 'where to compute (default: the best usable)').choices([...backendIds]))
    .option('--seed <n>', 'seed of every random choice', integerIn(0, 2147483647))
    .option(
      '--set <key=value>',
      'a parameter of the method, or with data.KEY one of the recipe; may be repeated',
      collect,
      [],
    )
    .option(
      '--config <file>',
      'run.yaml with method, data, seed, backend, params, recipe; the command line wins over it',
    )
    .option(
      '--knowledge <file or name>',
      'required and forbidden edges for the training to honour, from a file or saved',
    )
    .option('--resume <run>', 'go on with this run, with the parameters it was started with')
    .action(async (method: string | undefined, given: TrainOptions & { resume?: string; knowledge?: string }) => {
      const { resume } = given
      if (
        resume !== undefined &&
        (method ?? given.data ?? given.backend ?? given.seed ?? given.config ?? given.knowledge ?? given.set[0]) !==
          undefined
      ) {
        throw new CausewayError(
          'badRequest',
          '--resume takes no other option: a run goes on with what it was started with.',
        )
      }
      const request = resume === undefined ? trainRequest(method, given) : null
      await session('write', async (opened) => {
        const knowledge = given.knowledge === undefined ? null : await findKnowledge(opened, given.knowledge)
        const job = request
          ? await opened.request('train:start', { ...request, knowledge })
          : await opened.request('train:resume', { run: resume! })
        output.note(`Run ${job.run} on ${job.backend}`)
        const ended = await finish(opened, job)
        const { manifest } = await opened.request('runs:get', { run: job.run! })
        if (ended.state !== 'completed') {
          if (ended.error) output.note(ended.error.message)
          output.note(`Go on with: causeway train --resume ${manifest.id}`)
          exit(exitCodes.interrupted)
        }
        const correlation = await opened.request('correlation:get', { run: manifest.id })
        output.result(
          {
            run: manifest.id,
            state: manifest.state,
            backend: manifest.backend,
            epochs: manifest.epochs,
            metrics: manifest.metrics,
            ...(correlation ? { correlation: correlation.correlation } : {}),
          },
          () => describe.describeRun(manifest, correlation),
        )
      })
    })

  addRunsCommands(context)
  addReproduceCommand(context)

  addEvalCommand(context)

  program
    .command('recommend')
    .description('what a run recommends to a user')
    .argument('<run>')
    .requiredOption('--user <id>', 'id of the user, as in the data')
    .option('--top <n>', 'number of items', integerIn(1, 1000), 10)
    .action((run: string, { user, top }: { user: string; top: number }) =>
      session('read', async (opened) => {
        const result = await opened.request('recommend:topK', { run, user, k: top })
        output.result(result, () => describe.describeRecommendation(result))
      }),
    )

  program
    .command('graph')
    .description('the causal graph a run learned')
    .argument('<run>')
    .option('--user <id>', 'with the strengths of this user instead of the mean')
    .action((run: string, { user }: { user?: string }) =>
      session('read', async (opened) => {
        const graph = await opened.request('graph:global', { run })
        const local = user === undefined ? null : await opened.request('graph:local', { run, user })
        const truth = await opened.request('graph:truth', { run })
        const { names } = await opened.request('graph:annotations', { run })
        const confidence = await opened.request('graph:confidence', { run })
        const strengths = local?.strengths ?? graph.meanStrengths
        output.result(
          {
            run,
            ...(user === undefined ? {} : { user }),
            nodes: graph.nodes,
            names,
            probabilities: graph.probabilities,
            strengths,
            ...(confidence ? { resamples: confidence.done.length, frequencies: confidence.frequencies } : {}),
            ...(truth ? { truth } : {}),
          },
          () => describe.describeGraph(graph, { strengths, user, truth, names, confidence }),
        )
      }),
    )

  addExposureCommands(context, addInterveneCommands(context))
  addCorrelationCommands(context)
  addGraphCommands(context)
  addExportCommands(context)
  addExperimentCommands(context)
  addCompareCommands(context)
  addSelectionCommands(context)

  addReportCommands(context)

  program
    .command('serve')
    .description('serve the workbench to a browser on this machine')
    .option('--port <n>', 'port on 127.0.0.1; 0 lets the system choose', integerIn(0, 65535), 0)
    .action(async ({ port }: { port: number }) => {
      const shell = await serveWorkspace({ workspace: globals().workspace, entries, port, staticDirectory })
      output.result({ url: shell.url }, () => shell.url)
      await new Promise<void>((stop) => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
      })
      output.note('Closing …')
      await shell.close()
    })

  program
    .command('doctor')
    .description('what works on this machine, what is missing and what to do')
    .action(() =>
      session('read', async (opened) => {
        const report = await opened.request('system:doctor', {})
        output.result(report, () => describe.describeDoctor(report))
      }),
    )

  program
    .command('methods')
    .description('the methods with their parameters')
    .action(() =>
      session('read', async (opened) => {
        const methods = await opened.request('train:methods', {})
        output.result(methods, () => describe.describeMethods(methods))
      }),
    )
  return program
}

interface ImportOptions {
  name: string
  userColumn?: string
  itemColumn?: string
  ratingColumn?: string
  timeColumn?: string
  randomisedColumn?: string
  propensityColumn?: string
  delimiter?: string
  /** Commander: true for --header, false for --no-header. */
  header?: boolean
}

function addDataCommands({ program, output, session, finish, exit }: CommandContext): void {
  const data = program.command('data').description('the data sets of the workspace')

  const textLayout = ({ delimiter, header }: ImportOptions): TextLayout | undefined => {
    if (delimiter === undefined && header === undefined) return undefined
    if (delimiter === undefined)
      throw new CausewayError('badRequest', 'Give --delimiter together with --header or --no-header.')
    return { delimiter: delimiter === '\\t' ? '\t' : delimiter, header: header ?? true }
  }

  /** The columns named on the command line, the rest as detected; undefined when none is named. */
  const mappingFor = async (
    opened: Session,
    files: string[],
    given: ImportOptions,
  ): Promise<ColumnMapping | undefined> => {
    const named: Partial<ColumnMapping> = {
      user: given.userColumn,
      item: given.itemColumn,
      rating: given.ratingColumn,
      time: given.timeColumn,
      randomised: given.randomisedColumn,
      propensity: given.propensityColumn,
    }
    const chosen = Object.fromEntries(Object.entries(named).filter(([, column]) => column !== undefined))
    if (Object.keys(chosen).length === 0) return undefined
    const { mapping } = await opened.request('data:preview', { files, text: textLayout(given) })
    const merged: Partial<ColumnMapping> = { ...mapping, ...chosen }
    const { user, item } = merged
    if (user === undefined || item === undefined) {
      throw new CausewayError('columnMissing', `Name the ${user === undefined ? 'user' : 'item'} column too.`, {
        mapping: merged,
      })
    }
    return { ...merged, user, item }
  }

  const importJob = async (opened: Session, job: JobSnapshot, name: string): Promise<void> => {
    const ended = await finish(opened, job)
    if (ended.state !== 'completed') {
      output.note('The import was stopped; the workspace is as it was.')
      exit(exitCodes.interrupted)
      return output.result({ dataset: name, state: ended.state }, () => '')
    }
    const manifest = (await opened.request('data:list', {})).find((set) => set.name === name)!
    const { users, items, interactions } = manifest
    output.result({ dataset: name, users, items, interactions }, () => describe.describeDatasets([manifest]))
  }

  data
    .command('import')
    .description('import tables of interactions, and of items and users that lie beside them')
    .argument('<path...>', 'a file, several files that belong together, or a folder')
    .requiredOption('--name <name>', 'name of the data set')
    .option('--user-column <name>', 'column with the user ids')
    .option('--item-column <name>', 'column with the item ids')
    .option('--rating-column <name>', 'column with the ratings')
    .option('--time-column <name>', 'column with the times')
    .option('--randomised-column <name>', 'column that says whether the item was shown at random')
    .option('--propensity-column <name>', 'column with the probability of having been observed')
    .option('--delimiter <text>', 'what separates the columns')
    .option('--header', 'the first line names the columns')
    .option('--no-header', 'the first line is data')
    .action((paths: string[], given: ImportOptions) =>
      session('write', async (opened) => {
        const files = opened.handOver(paths)
        const mapping = await mappingFor(opened, files, given)
        const job = await opened.request('data:import', { files, name: given.name, mapping, text: textLayout(given) })
        await importJob(opened, job, given.name)
      }),
    )

  data
    .command('demo')
    .description('make the built-in data set, generated from a known graph')
    .action(() =>
      session('write', async (opened) => {
        const job = await opened.request('data:demo', {})
        await importJob(opened, job, job.dataset!)
      }),
    )

  data
    .command('preview')
    .description('what an import would read, without importing')
    .argument('<path...>')
    .option('--delimiter <text>', 'what separates the columns')
    .option('--header', 'the first line names the columns')
    .option('--no-header', 'the first line is data')
    .action((paths: string[], given: ImportOptions) =>
      session('read', async (opened) => {
        const preview = await opened.request('data:preview', { files: opened.handOver(paths), text: textLayout(given) })
        output.result(preview, () => describe.describePreview(preview))
      }),
    )

  data
    .command('list')
    .description('all data sets')
    .action(() =>
      session('read', async (opened) => {
        const list = await opened.request('data:list', {})
        output.result(list, () => describe.describeDatasets(list))
      }),
    )

  data
    .command('card')
    .description('what a data set holds, and what a recipe leaves of it')
    .argument('<name>')
    .option('--set <key=value>', 'a setting of the recipe, as data.KEY or KEY; may be repeated', collect, [])
    .action((dataset: string, { set }: { set: string[] }) =>
      session('read', async (opened) => {
        const { params, recipe } = parseSettings(set)
        const card = await opened.request('data:card', { dataset, recipe: { ...params, ...recipe } })
        output.result(card, () => describe.describeCard(card))
      }),
    )

  data
    .command('remove')
    .description('delete a data set; runs trained on it stay')
    .argument('<name>')
    .action((dataset: string) =>
      session('write', async (opened) => {
        await opened.request('data:remove', { dataset })
        output.result({ removed: dataset }, () => `Removed ${dataset}.`)
      }),
    )
}

/** The folder with the built renderer, seen from the folder with the built entries. */
export const rendererBeside = (entriesDirectory: string): string => join(entriesDirectory, '..', 'renderer')

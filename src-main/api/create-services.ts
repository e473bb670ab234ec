import type { Handlers, RequestOutput } from '../../src-shared/contract/contract'
import { CausewayError, unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import type { BackendProbe } from '../../src-shared/domain/backend'
import type { FileHandle } from '../../src-shared/domain/dataset'
import type { ExperimentResults } from '../../src-shared/domain/experiment-results'
import type { JobSnapshot } from '../../src-shared/domain/job'
import { planSimulationText, type AnySimulationPlan } from '../../src-shared/experiment/plan-text'
import packageJson from '../../package.json'
import { Bootstraps } from '../jobs/bootstraps'
import { DataHost } from '../jobs/data-host'
import { EventHub, type EventSource } from '../jobs/event-hub'
import { Experiments } from '../jobs/experiments'
import { Inference, probeBackends } from '../jobs/inference'
import { JobManager } from '../jobs/job-manager'
import type { Entries } from '../jobs/process-host'
import { Simulations } from '../jobs/simulations'
import { Splits } from '../jobs/splits'
import type { BootstrapSubject } from '../jobs/trainer-contract'
import { Trainings } from '../jobs/training'
import { findMethod, methods } from '../methods/registry'
import { ExperimentStore } from '../storage/experiment-store'
import { RunIndex } from '../storage/run-index'
import { RunStore } from '../storage/run-store'
import { Saved } from '../storage/saved'
import type { Workspace } from '../storage/workspace'
import type { Core } from './core'
import { Catalogs } from './catalogs'
import { compareHandlers } from './compare-handlers'
import { correlationHandlers } from './correlation-handlers'
import { dataHandlers } from './data-handlers'
import { domainHandlers } from './domain-handlers'
import { experimentsHandlers } from './experiments-handlers'
import { resultsOf, resultsOfSimulation, type AnySimulationResults } from './experiment-results'
import { exportHandlers } from './export-handlers'
import { exposureHandlers } from './exposure-handlers'
import type { FileRegistry } from './file-registry'
import { evaluationHandlers } from './evaluation-handlers'
import { filesHandlers } from './files-handlers'
import { graphHandlers } from './graph-handlers'
import { interveneHandlers } from './intervene-handlers'
import { jobsHandlers } from './jobs-handlers'
import { knowledgeHandlers } from './knowledge-handlers'
import { masksHandlers } from './masks-handlers'
import { recommendHandlers } from './recommend-handlers'
import { reportHandlers, type Ask } from './report-handlers'
import { reproduceHandlers } from './reproduce-handlers'
import { runsHandlers } from './runs-handlers'
import { savedHandlers } from './saved-handlers'
import { selectionHandlers } from './selection-handlers'
import { Tasks } from './tasks'
import { trainHandlers } from './train-handlers'
import { workspaceHandlers } from './workspace-handlers'

export interface ServicesOptions {
  /** Closed with the services. */
  workspace: Workspace
  shell: 'electron' | 'web' | 'cli'
  /** The files that the shell hands over. */
  files: FileRegistry
  /** The shell's file dialog, where it has one. */
  pickFiles?: () => Promise<FileHandle[]>
  /** The built entries of the child processes. */
  entries: Entries
  /** Prints an HTML page as a PDF, where the shell can. @throws CausewayError `notAvailable` */
  printPdf?: (html: string) => Promise<Uint8Array>
}

/** All that a shell serves. */
export interface Services {
  readonly handlers: Handlers
  readonly events: EventSource
  readonly jobs: Pick<JobManager, 'ended' | 'interrupt' | 'kill'>
  /** What an experiment came to. No request: only the command line writes it. */
  experimentResults(name: string): Promise<ExperimentResults>
  /** Simulations, which only the command line runs. */
  readonly simulations: {
    plan(text: string): AnySimulationPlan
    start(text: string): Promise<JobSnapshot>
    results(text: string): Promise<AnySimulationResults>
  }
  /** Interrupts every job at a checkpoint, ends all child processes and gives the workspace back. */
  close(): Promise<void>
}

/** Puts the services together. */
export function createServices(options: ServicesOptions): Services {
  const { entries, workspace } = options
  const events = new EventHub()
  const store = new RunStore(workspace)
  const index = new RunIndex(workspace, store)
  const jobs = new JobManager({ onChange: (job) => events.emit('job:changed', job) })
  const data = new DataHost(entries)
  const splits = new Splits(workspace.path, data)
  const catalogs = new Catalogs(workspace, data, splits)
  const infos = methods.map(({ info }) => info)
  const inference = new Inference(entries, store, splits, (manifest) => catalogs.tables(manifest), infos)
  const probe = keepProbe(() => probeBackends(entries))
  const trainings = new Trainings({
    causeway: packageJson.version,
    entries,
    store,
    jobs,
    events,
    splits,
    probe: () => probe(false),
    labelOf: (method) => findMethod(method).info.label,
    tables: (manifest) => catalogs.tables(manifest),
  })
  const saved = new Saved(workspace, store)
  const bootstraps = new Bootstraps({ entries, store, saved, jobs, events, splits, subjectOf: bootstrapSubjectOf })
  const experimentStore = new ExperimentStore(workspace)
  const experiments = new Experiments({
    workspace,
    store,
    experiments: experimentStore,
    jobs,
    events,
    trainings,
    methods: infos,
    probe: () => probe(false),
  })
  const simulations = new Simulations({
    causeway: packageJson.version,
    workspace,
    entries,
    data,
    jobs,
    methods: infos,
  })
  const core: Core = {
    causeway: packageJson.version,
    shell: options.shell,
    workspace,
    files: options.files,
    store,
    index,
    saved,
    jobs,
    events,
    data,
    splits,
    trainings,
    bootstraps,
    experiments,
    experimentStore,
    catalogs,
    inference,
    tasks: new Tasks((task, stage, fraction) => events.emit('intervene:progress', { task, stage, fraction })),
    probe,
  }
  // A report asks the other stages as a client would.
  const ask: Ask = async (name, input) =>
    unwrap(await answer(services.handlers, name, input)) as RequestOutput<typeof name>
  const services: Services = {
    handlers: {
      ...workspaceHandlers(core),
      ...filesHandlers(options.pickFiles),
      ...dataHandlers(core),
      ...trainHandlers(core),
      ...jobsHandlers(core),
      ...runsHandlers(core),
      ...evaluationHandlers(core),
      ...compareHandlers(core),
      ...selectionHandlers(core),
      ...experimentsHandlers(core),
      ...graphHandlers(core),
      ...correlationHandlers(core),
      ...exposureHandlers(core),
      ...masksHandlers(core),
      ...knowledgeHandlers(core),
      ...domainHandlers(core),
      ...interveneHandlers(core),
      ...savedHandlers(core),
      ...recommendHandlers(core),
      ...exportHandlers(core),
      ...reportHandlers(core, { ask, printPdf: options.printPdf }),
      ...reproduceHandlers(core, ask),
    },
    events,
    jobs,
    experimentResults: (name) => resultsOf(core, ask, name),
    simulations: {
      plan: (text) => planSimulationText(text, infos),
      start: (text) => simulations.start(text),
      results: (text) => resultsOfSimulation(core, simulations, text),
    },
    async close() {
      await jobs.close()
      await Promise.all([trainings.close(), inference.close(), data.close(), index.close()])
      workspace.close()
    },
  }
  if (options.shell !== 'cli') index.warm()
  return services
}

/** @throws CausewayError `badRequest` for a method that learns nothing that resampled users could tell of */
function bootstrapSubjectOf(method: string): BootstrapSubject {
  const { label, capabilities } = findMethod(method).info
  if (capabilities.includes('graph')) return 'graph'
  if (capabilities.includes('correlation')) return 'correlation'
  throw new CausewayError(
    'badRequest',
    `${label} learns neither a causal graph nor a correlation of exogenous variables: there is nothing to bootstrap.`,
    { method },
  )
}

/** Asks once; a failed asking is not kept. */
function keepProbe(ask: () => Promise<BackendProbe>): (refresh: boolean) => Promise<BackendProbe> {
  let kept: Promise<BackendProbe> | null = null
  return async (refresh) => {
    if (refresh) kept = null
    const asked = (kept ??= ask())
    try {
      return await asked
    } catch (error) {
      if (kept === asked) kept = null
      throw error
    }
  }
}

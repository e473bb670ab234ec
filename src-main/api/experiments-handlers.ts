import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError, type ErrorPayload } from '../../src-shared/contract/errors'
import type {
  ExperimentDetail,
  ExperimentFile,
  ExperimentPlan,
  ExperimentSummary,
} from '../../src-shared/domain/experiment'
import { checkReportMetrics } from '../../src-shared/experiment/check-metrics'
import { parseExperiment } from '../../src-shared/experiment/parse-experiment'
import { planExperiment, plannedMethods } from '../../src-shared/experiment/plan-experiment'
import { methods as descriptors } from '../methods/registry'
import { readDataset } from '../pipeline/dataset/dataset'
import { differencesOf } from '../pipeline/experiment/differences'
import { bestByLabel } from '../pipeline/experiment/next-step'
import { resolveRecipe } from '../pipeline/split/prepare-split'
import { shownTrial, type StoredExperiment, type StoredTrial } from '../storage/experiment-store'
import type { Core } from './core'

type Names = Extract<keyof Handlers, `experiments:${string}`>

const methods = descriptors.map(({ info }) => info)

/** Experiments: kept by name, started and gone on with, shown with their trials. */
export function experimentsHandlers(core: Core): Pick<Handlers, Names> {
  const { events, experiments, experimentStore: store, workspace } = core

  /** Checks a text, its data set and its recipe. */
  const planOf = async (text: string): Promise<ExperimentPlan> => {
    const file = parseExperiment(text, methods)
    resolveRecipe(file.data.recipe)
    checkReportMetrics(file, await readDataset(workspace.path, file.data.dataset))
    return planExperiment(file, methods)
  }

  const detailOf = (name: string): ExperimentDetail => {
    const stored = store.read(name)
    const trials = experiments.trials(name)
    const file = parseExperiment(stored.text, methods)
    const plan = planExperiment(file, methods)
    return {
      ...summaryOf(stored, trials, plan),
      file,
      text: stored.text,
      plan,
      trialList: trials.map(shownTrial),
      best: bestByLabel(file, plannedMethods(file, methods), trials),
      error: stored.manifest.error as ErrorPayload | null,
    }
  }

  return {
    'experiments:list': () => store.list().experiments.map(listed),
    'experiments:get': ({ experiment }) => detailOf(experiment),
    'experiments:plan': ({ text }) => planOf(text),
    'experiments:save': async ({ text, replace }) => {
      workspace.assertWritable()
      const { file } = await planOf(text)
      const stored = store.find(file.name)
      if (stored === undefined) store.create(file.name, text)
      else replaceText(stored, text, file, replace)
      const detail = detailOf(file.name)
      events.emit('experiment:changed', { experiment: detail.name })
      return detail
    },
    'experiments:start': ({ experiment }) => experiments.start(experiment),
    'experiments:remove': ({ experiment }) => {
      experiments.assertIdle(experiment)
      store.remove(experiment)
      events.emit('experiment:changed', { experiment })
      return null
    },
  }

  /** @throws CausewayError `nameTaken` where another experiment has the name: always once it has trials, else without `replace` */
  function replaceText(name: string, text: string, file: ExperimentFile, replace: boolean): void {
    const before = store.read(name)
    if (before.text === text) return
    const differences = differencesOf(parseExperiment(before.text, methods), file)
    const begun = before.trials.length > 0
    if (differences.length > 0 && (begun || !replace)) {
      throw new CausewayError(
        'nameTaken',
        `There is an experiment named "${name}" already${begun ? `, with ${before.trials.length} trials` : ''}, and it differs: ${differences.slice(0, 5).join('; ')}${differences.length > 5 ? ` and ${differences.length - 5} more` : ''}.`,
        { name, differences, trials: before.trials.length },
      )
    }
    if (differences.length > 0) experiments.assertIdle(name)
    store.replaceText(name, text)
  }
}

/** An experiment in the list; one whose file this Causeway cannot read any more, with the reason as its notes. */
function listed(stored: StoredExperiment): ExperimentSummary {
  try {
    return summaryOf(stored, stored.trials, planExperiment(parseExperiment(stored.text, methods), methods))
  } catch (thrown) {
    return {
      name: stored.manifest.name,
      notes: CausewayError.from(thrown).message,
      dataset: '',
      methods: [...new Set(stored.trials.map(({ label }) => label))],
      createdAt: stored.manifest.createdAt,
      state: 'failed',
      trials: { planned: stored.trials.length, ...countsOf(stored.trials) },
    }
  }
}

const countsOf = (trials: StoredTrial[]): Omit<ExperimentSummary['trials'], 'planned'> => {
  const count = (state: StoredTrial['state']): number => trials.filter((trial) => trial.state === state).length
  return { completed: count('completed'), pruned: count('pruned'), failed: count('failed') }
}

function summaryOf(
  { manifest }: StoredExperiment,
  trials: StoredTrial[],
  { file, methods, trials: planned }: ExperimentPlan,
): ExperimentSummary {
  return {
    name: manifest.name,
    notes: file.notes,
    dataset: file.data.dataset,
    methods: methods.map(({ label }) => label),
    createdAt: manifest.createdAt,
    state: manifest.state,
    trials: { planned, ...countsOf(trials) },
  }
}

import type { DatasetManifest } from '../../src-shared/domain/dataset'
import {
  effectsFitSchema,
  type EffectsFit,
  type EffectsSimulationFile,
} from '../../src-shared/domain/effects-simulation'
import type { MethodInfo } from '../../src-shared/domain/method'
import {
  rankingFitSchema,
  type RankingFit,
  type RankingSimulationFile,
} from '../../src-shared/domain/ranking-simulation'
import { fitSchema, type FitBase, type SimulatedFit, type SimulationFile } from '../../src-shared/domain/simulation'
import { parseEffectsSimulation } from '../../src-shared/experiment/parse-effects-simulation'
import { parseRankingSimulation, searchPlace } from '../../src-shared/experiment/parse-ranking-simulation'
import { parseSimulation, typeOfSimulation } from '../../src-shared/experiment/parse-simulation'
import { plannedMethods } from '../../src-shared/experiment/plan-experiment'
import type { ParamValues } from '../../src-shared/params/params'
import { readDataset } from '../pipeline/dataset/dataset'
import {
  keyedMethods,
  planOfEffects,
  planOfRanking,
  planOfSimulation,
  type Condition,
  type FitPlan,
  type KeyedMethod,
} from '../pipeline/experiment/simulate/plan-fits'
import { drawingOf, effectsDrawingOf, SimulationStore, worldDrawingOf } from '../storage/simulation-store'
import type { Workspace } from '../storage/workspace'
import type { DataHost, TaskWatch } from './data-host'
import type { Trainer } from './inference'

/** A training as it is asked for: its condition by the names that it has in a fit. */
export interface AskedFit {
  phase: FitBase['phase']
  condition: Condition
  seed: number
  params: ParamValues
}

/** What a fit has beside what it was asked for. */
export type Measured<F extends FitBase> = Omit<F, 'key' | 'phase' | 'seed' | 'params' | 'reason' | 'causeway'>

/** What is needed to make what data are drawn from. */
interface Preparation {
  data: DataHost
  watch: TaskWatch
  /** Runs work in a trainer of its own. */
  withTrainer(work: (trainer: Trainer) => Promise<unknown>): Promise<void>
}

/** A simulation of one kind with all that its job depends on. */
export interface OpenedSimulation<F extends FitBase> {
  file: { name: string }
  /** Null where data are drawn from no data set. */
  dataset: DatasetManifest | null
  methods: KeyedMethod[]
  plan: FitPlan
  store: SimulationStore<F>
  /** Makes what data are drawn from, where it is not there. */
  prepare(preparation: Preparation): Promise<void>
  train(trainer: Trainer, method: KeyedMethod, asked: AskedFit): Promise<Measured<F>>
  /** What a training that failed measured. */
  nothing(asked: AskedFit): Measured<F>
}

export interface OpenedSquaredErrors extends OpenedSimulation<SimulatedFit> {
  type: 'causeway-simulation'
  file: SimulationFile
  dataset: DatasetManifest
}
export interface OpenedRanking extends OpenedSimulation<RankingFit> {
  type: 'causeway-ranking-simulation'
  file: RankingSimulationFile
}

export interface OpenedEffects extends OpenedSimulation<EffectsFit> {
  type: 'causeway-effects-simulation'
  file: EffectsSimulationFile
}
export type AnyOpenedSimulation = OpenedSquaredErrors | OpenedRanking | OpenedEffects

/** Opens the simulation in a text. @throws CausewayError `notFound`, and what parsing throws */
export async function openSimulation(
  text: string,
  workspace: Workspace,
  methods: readonly MethodInfo[],
): Promise<AnyOpenedSimulation> {
  switch (typeOfSimulation(text)) {
    case 'causeway-ranking-simulation':
      return openRanking(parseRankingSimulation(text, methods), workspace, methods)
    case 'causeway-effects-simulation':
      return openEffects(parseEffectsSimulation(text, methods), workspace, methods)
    default:
      return openSquaredErrors(parseSimulation(text, methods), workspace, methods)
  }
}

async function openSquaredErrors(
  file: SimulationFile,
  workspace: Workspace,
  methods: readonly MethodInfo[],
): Promise<OpenedSquaredErrors> {
  const dataset = await readDataset(workspace.path, file.data.dataset)
  const store = new SimulationStore(workspace, drawingOf(dataset.hash, file), fitSchema)
  const conditionOf = ({ condition }: AskedFit) => ({ correlation: condition['correlation']! })
  return {
    type: file.type,
    file,
    dataset,
    methods: keyedMethods(file, plannedMethods(file, methods)),
    plan: planOfSimulation(file),
    store,

    async prepare({ data, watch }) {
      if (store.has('preferences')) return
      await data.task(watch, (worker, task) =>
        worker.call('preferences', {
          workspace: workspace.path,
          dataset: file.data.dataset,
          task,
          file: store.file('preferences'),
          preferences: file.preferences,
        }),
      )
    },

    async train(trainer, method, asked) {
      const outcome = await trainer.call('simulate', {
        file: store.file('preferences'),
        of: file.preferences.of,
        world: file.world,
        ...conditionOf(asked),
        seed: asked.seed,
        validationShare: file.validationShare,
        method: method.info.id,
        params: asked.params,
      })
      return { ...conditionOf(asked), ...outcome }
    },

    nothing: (asked) => ({
      ...conditionOf(asked),
      observed: 0,
      validation: null,
      error: null,
      epochs: 0,
      seconds: 0,
      estimate: null,
    }),
  }
}

async function openRanking(
  file: RankingSimulationFile,
  workspace: Workspace,
  methods: readonly MethodInfo[],
): Promise<OpenedRanking> {
  const { world, threshold } = file
  const dataset = world.kind === 'from-data' ? await readDataset(workspace.path, world.dataset) : null
  const store = new SimulationStore(workspace, worldDrawingOf(dataset?.hash ?? null, file), rankingFitSchema)
  const conditionOf = ({ condition }: AskedFit) => ({
    gamma: condition['gamma']!,
    noise: condition['noise'] ?? null,
  })
  return {
    type: file.type,
    file,
    dataset,
    methods: keyedMethods(file, plannedMethods(file, methods), searchPlace(file)),
    plan: planOfRanking(file),
    store,

    async prepare({ data, watch, withTrainer }) {
      if (world.kind !== 'from-data' || store.has('decoders')) return
      if (!store.has('ratings'))
        await data.task(watch, (worker, task) =>
          worker.call('ratings', {
            workspace: workspace.path,
            dataset: world.dataset,
            task,
            file: store.file('ratings'),
          }),
        )
      await withTrainer((trainer) =>
        trainer.call('fitDecoders', {
          ratings: store.file('ratings'),
          file: store.file('decoders'),
          factors: world.factors,
          seed: world.seed,
        }),
      )
    },

    async train(trainer, method, asked) {
      const outcome = await trainer.call('simulateRanking', {
        world,
        decoders: world.kind === 'from-data' ? store.file('decoders') : null,
        threshold,
        ...conditionOf(asked),
        seed: asked.seed,
        phase: asked.phase,
        method: method.info.id,
        params: asked.params,
      })
      return { ...conditionOf(asked), ...outcome }
    },

    nothing: (asked) => ({ ...conditionOf(asked), validation: null, test: null, epochs: 0, seconds: 0 }),
  }
}

function openEffects(file: EffectsSimulationFile, workspace: Workspace, methods: readonly MethodInfo[]): OpenedEffects {
  const { world } = file
  const conditionOf = ({ condition }: AskedFit) => ({
    users: condition['users']!,
    features: condition['features']!,
  })
  return {
    type: file.type,
    file,
    dataset: null,
    methods: keyedMethods(file, plannedMethods(file, methods)),
    plan: planOfEffects(file),
    store: new SimulationStore(workspace, effectsDrawingOf(world), effectsFitSchema),

    // Worlds and users are drawn anew for each training: it takes less than a second.
    prepare: () => Promise.resolve(),

    async train(trainer, method, asked) {
      const { seed, params } = asked
      const outcome = await trainer.call('simulateEffects', {
        world,
        ...conditionOf(asked),
        seed,
        method: method.info.id,
        params,
      })
      return { ...conditionOf(asked), ...outcome }
    },

    nothing: (asked) => ({ ...conditionOf(asked), validation: null, found: null, epochs: 0, seconds: 0 }),
  }
}

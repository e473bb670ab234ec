import { cpus } from 'node:os'
import type { BackendId } from '../../src-shared/domain/backend'
import type { Environment, ExperimentResults } from '../../src-shared/domain/experiment-results'
import type { EffectsResults } from '../../src-shared/domain/effects-simulation'
import type { RankingResults } from '../../src-shared/domain/ranking-simulation'
import type { SimulationResults } from '../../src-shared/domain/simulation'
import { planSimulationText } from '../../src-shared/experiment/plan-text'
import type { RunManifest } from '../../src-shared/domain/run'
import type { Simulations } from '../jobs/simulations'
import { methods as descriptors } from '../methods/registry'
import { experimentResults } from '../pipeline/experiment/results'
import { effectsResults } from '../pipeline/experiment/simulate-effects/effects-results'
import { rankingResults } from '../pipeline/experiment/simulate-ranking/ranking-results'
import { simulationResults } from '../pipeline/experiment/simulate/simulation-results'
import type { Core } from './core'
import { experimentComparison, runsOfSubject, type Ask } from './report-handlers'

/** What an experiment came to. @throws CausewayError `notFound`, and `runNotReady` before a final run has completed */
export async function resultsOf(core: Core, ask: Ask, name: string): Promise<ExperimentResults> {
  const { manifests, experiment } = await runsOfSubject(core, ask, { kind: 'experiment', experiment: name })
  const [{ backend, threads, producedBy }] = manifests as [RunManifest, ...RunManifest[]]
  const comparison = await experimentComparison(ask, experiment!, manifests)
  const environment = {
    ...(await environmentOf(core, backend, threads)),
    causeway: producedBy.causeway,
    node: producedBy.node,
  }
  return experimentResults({
    experiment: experiment!,
    manifests,
    comparison,
    environment,
    madeAt: new Date().toISOString(),
  })
}

/** This machine and this Causeway, without names. */
export async function environmentOf(core: Core, backend: BackendId, threads: number): Promise<Environment> {
  const { reports } = await core.probe(false)
  const processors = cpus()
  return {
    causeway: core.causeway,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    processor: processors[0]?.model.trim() || 'unknown processor',
    cores: processors.length,
    backend: `${backend}: ${reports.find(({ id }) => id === backend)?.detail ?? 'not known'}`,
    threads,
  }
}

/** What a simulation of any type came to. */
export type AnySimulationResults = SimulationResults | RankingResults | EffectsResults

/** What a simulation came to. @throws CausewayError `runNotReady` before a final training has completed */
export async function resultsOfSimulation(
  core: Core,
  simulations: Simulations,
  text: string,
): Promise<AnySimulationResults> {
  const opened = await simulations.open(text)
  const known = {
    budget: planSimulationText(
      text,
      descriptors.map(({ info }) => info),
    ).budgetStatement,
    environment: await environmentOf(core, 'wasm', 1),
    madeAt: new Date().toISOString(),
  }
  if (opened.type === 'causeway-simulation') {
    const { file, methods, store, dataset } = opened
    const data = { dataset: dataset.name, datasetHash: dataset.hash, users: dataset.users, items: dataset.items }
    return simulationResults({ file, methods, fits: store.read(), data, ...known })
  }
  if (opened.type === 'causeway-effects-simulation') {
    const { file, methods, store } = opened
    return effectsResults({ file, methods, fits: store.read(), ...known })
  }
  const { file, methods, store, dataset } = opened
  const data = dataset && { dataset: dataset.name, datasetHash: dataset.hash }
  return rankingResults({ file, methods, fits: store.read(), data, ...known })
}

import type { Handlers } from '../../src-shared/contract/contract'
import type { BackendProbe } from '../../src-shared/domain/backend'
import type { DatasetManifest } from '../../src-shared/domain/dataset'
import type { ReportSubject } from '../../src-shared/domain/report'
import type { Difference, RecordedRun } from '../../src-shared/domain/reproduction'
import { runFilterSchema } from '../../src-shared/domain/run-table'
import { resolveParams, type ParamValues } from '../../src-shared/params/params'
import { Reproductions, type PlannedCheck } from '../jobs/reproductions'
import { threadsOf } from '../jobs/threads'
import { requireBackend } from '../jobs/training'
import { findMethod } from '../methods/registry'
import { listDatasets } from '../pipeline/dataset/dataset'
import { bundleOf } from '../pipeline/report/bundle'
import { resolveRecipe, splitHash } from '../pipeline/split/prepare-split'
import type { Core } from './core'
import { runsOfSubject, type Ask } from './report-handlers'
import { requireFittingKnowledge } from './train-handlers'

type Names = 'reproduce:bundle' | 'reproduce:start' | 'reproduce:result'

/** Recorded runs, trained again and held against what was recorded. */
export function reproduceHandlers(core: Core, ask: Ask): Pick<Handlers, Names> {
  const { store, index, events, inference, jobs, trainings, workspace } = core
  const reproductions = new Reproductions({
    jobs,
    events,
    trainings,
    probe: () => core.probe(false),
    datasets: () => listDatasets(workspace.path),
    plan: (recorded, dataset, probe) => planCheck(core.causeway, recorded, dataset, probe),
    read: (run) => store.read(run),
    remove: async (run) => {
      await inference.forget(run)
      store.remove(run)
      events.emit('runs:changed', { run })
    },
    unfinishedChecks: async (run) => {
      const filter = runFilterSchema.parse({
        states: ['paused', 'cancelled', 'interrupted', 'failed'],
        conditions: [{ column: 'reproduces', is: '=', value: run }],
      })
      const { rows } = await index.rows({ filter, sort: [], columns: [], offset: 0, limit: 500 })
      return rows.map(({ id }) => id)
    },
  })
  return {
    'reproduce:bundle': async ({ subject }) => {
      const { manifests } = await runsOfSubject(core, ask, subject)
      return bundleOf(manifests, titleOf(subject, manifests.length))
    },
    'reproduce:start': ({ bundle, keep }) => {
      workspace.assertWritable()
      return reproductions.start(bundle, keep)
    },
    'reproduce:result': ({ job }) => reproductions.result(job),
  }
}

function titleOf(subject: ReportSubject, runs: number): string {
  switch (subject.kind) {
    case 'run':
      return subject.run
    case 'experiment':
      return subject.experiment
    case 'comparison':
      return `Comparison of ${runs} runs`
  }
}

/**
 * The training that a recorded run says it was, as it can be done here.
 * @throws CausewayError where it cannot: `methodUnknown`, `paramUnknown`, `paramInvalid`, `backendUnavailable`, `badRequest`
 */
function planCheck(
  causeway: string,
  recorded: RecordedRun,
  dataset: DatasetManifest,
  probe: BackendProbe,
): PlannedCheck {
  const { info } = findMethod(recorded.method)
  const params = resolveParams(info.params, recorded.params)
  if (recorded.knowledge) requireFittingKnowledge(info, params, recorded.knowledge)
  const recipe = resolveRecipe(recorded.data.recipe)
  requireBackend(probe, recorded.backend)
  const threads = threadsOf(recorded.backend)
  const environment: Difference[] = []
  const note = (what: string, then: string, now: string): void => {
    if (then !== now) environment.push({ what, recorded: then === '' ? 'not recorded' : then, now })
  }
  note('Causeway', recorded.environment.causeway, causeway)
  note('platform', recorded.environment.platform, `${process.platform}-${process.arch}`)
  note('Node', recorded.environment.node, process.version)
  note('threads', String(recorded.threads), String(threads))
  note('name of the data set', recorded.data.dataset, dataset.name)
  // Settings that there were none of when it was recorded have their defaults.
  const added = (kind: string, then: ParamValues, now: ParamValues): void => {
    for (const key in now) if (then[key] === undefined) note(`${kind} ${key}`, '', String(now[key]))
  }
  added('parameter', recorded.params, params)
  added('recipe', recorded.data.recipe, { ...recipe })
  return {
    plan: {
      method: { id: info.id, label: info.label },
      dataset: { name: dataset.name, hash: dataset.hash },
      recipe: { ...recipe },
      params,
      knowledge: recorded.knowledge,
      seed: recorded.seed,
      backend: recorded.backend,
      threads,
      experiment: null,
      reproduces: recorded.run,
    },
    splitHash: splitHash(dataset.hash, recipe),
    environment,
  }
}

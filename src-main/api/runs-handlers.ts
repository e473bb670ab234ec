import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { isActive } from '../../src-shared/domain/job'
import type { RunManifest } from '../../src-shared/domain/run'
import type { RefusedRun } from '../storage/run-store'
import type { Core } from './core'

type Names = 'runs:list' | 'runs:get' | 'runs:remove' | 'runs:evaluate'

/** A manifest for a folder that cannot be read, so that lists show it with its reason. */
const shownRefused = ({ id, error }: RefusedRun): RunManifest => ({
  type: 'causeway-run',
  version: 1,
  id,
  method: 'unreadable',
  dataset: 'unreadable',
  recipe: {},
  params: {},
  knowledge: null,
  seed: 0,
  backend: 'cpu',
  threads: 1,
  state: 'failed',
  createdAt: new Date(0).toISOString(),
  startedAt: null,
  endedAt: null,
  durationSeconds: 0,
  epochs: 0,
  bestEpoch: null,
  metrics: null,
  error: error.toPayload(),
  evaluation: null,
  weightsHash: null,
  experiment: null,
  reproduces: null,
  producedBy: { causeway: '', datasetHash: '', splitHash: null, platform: '', node: '' },
})

export function runsHandlers({ store, inference, events, bootstraps }: Core): Pick<Handlers, Names> {
  return {
    'runs:list': () => {
      const { runs, refused } = store.list()
      return [...runs, ...refused.map(shownRefused)]
    },
    'runs:get': ({ run }) => store.detail(run),
    'runs:remove': async ({ run }) => {
      if (store.isLive(run)) {
        throw new CausewayError('badRequest', `The run ${run} is being trained: cancel it first.`, { run })
      }
      bootstraps.assertIdle(run)
      await inference.forget(run)
      store.remove(run)
      events.emit('runs:changed', { run })
      return null
    },
    'runs:evaluate': async ({ run, part }) => {
      const manifest = requireCompleted(store.read(run))
      return { run, metrics: await inference.use(manifest, (trainer) => trainer.call('evaluate', { part })) }
    },
  }
}

/** @throws CausewayError `runNotReady` for a run without trained weights */
export function requireCompleted(manifest: RunManifest): RunManifest {
  if (manifest.state === 'completed') return manifest
  throw new CausewayError(
    'runNotReady',
    `The run ${manifest.id} is ${manifest.state}${isActive(manifest.state) ? '' : ' and has no final weights'}.`,
    { run: manifest.id, state: manifest.state },
  )
}

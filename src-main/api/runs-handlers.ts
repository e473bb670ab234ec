import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { isActive } from '../../src-shared/domain/job'
import type { RunManifest } from '../../src-shared/domain/run'
import { shownRefused } from '../storage/run-store'
import type { Core } from './core'
import { runCurves } from './run-curves'

type Names =
  | 'runs:list'
  | 'runs:get'
  | 'runs:remove'
  | 'runs:evaluate'
  | 'runs:bootstrap'
  | 'runs:columns'
  | 'runs:rows'
  | 'runs:groups'
  | 'runs:curves'

/** The runs of the workspace: their table, their curves, and what is measured of one anew. */
export function runsHandlers({ store, index, inference, events, bootstraps, workspace }: Core): Pick<Handlers, Names> {
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
    'runs:bootstrap': ({ run, resamples }) => {
      workspace.assertWritable()
      return bootstraps.start(requireCompleted(store.read(run)), resamples)
    },
    'runs:columns': ({ filter }) => index.columns(filter),
    'runs:rows': (asked) => index.rows(asked),
    'runs:groups': (asked) => index.groups(asked),
    'runs:curves': (asked) => runCurves(store, workspace.path, asked),
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

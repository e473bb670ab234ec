import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { Capability } from '../../src-shared/domain/method'
import type { RunManifest } from '../../src-shared/domain/run'
import { findMethod } from '../methods/registry'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = 'graph:global' | 'graph:local'

/** The causal graph a run learned, over all users and for one. */
export function graphHandlers({ store, inference, splits }: Core): Pick<Handlers, Names> {
  return {
    'graph:global': ({ run }) => {
      const manifest = requireGraph(requireCompleted(store.read(run)), 'graph')
      return inference.use(manifest, (trainer) => trainer.call('graph', {}))
    },
    'graph:local': async ({ run, user }) => {
      const manifest = requireGraph(requireCompleted(store.read(run)), 'local-graph')
      const row = await splits.rowOf(manifest, user)
      const strengths = await inference.use(manifest, (trainer) => trainer.call('localGraph', { row }))
      return { user, strengths }
    },
  }
}

/** @throws CausewayError `noGraph` for a run of a method that learns none */
export function requireGraph(
  manifest: RunManifest,
  capability: Extract<Capability, 'graph' | 'local-graph'>,
): RunManifest {
  const { info } = findMethod(manifest.method)
  if (info.capabilities.includes(capability)) return manifest
  const what = capability === 'graph' ? 'a causal graph' : "a user's own causal graph"
  throw new CausewayError('noGraph', `${info.label} does not learn ${what}.`, { run: manifest.id, method: info.id })
}

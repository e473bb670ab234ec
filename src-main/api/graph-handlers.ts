import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { CausalGraph, GraphComparison, KnownGraph } from '../../src-shared/domain/graph'
import type { Capability } from '../../src-shared/domain/method'
import type { RunManifest } from '../../src-shared/domain/run'
import { compareGraphs, learnedDag } from '../../src-shared/graph/truth'
import { findMethod } from '../methods/registry'
import { readDataset } from '../pipeline/dataset/dataset'
import { readTruth, type Truth } from '../pipeline/ingest/truth'
import { readGraph } from '../pipeline/run-files'
import { Rng } from '../tensor/rng'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = 'graph:global' | 'graph:local' | 'graph:truth'

/** Probability from which on a learned edge counts beside the known graph. */
const truthThreshold = 0.5

/** The causal graph a run learned, over all users and for one. */
export function graphHandlers({ store, inference, splits, workspace }: Core): Pick<Handlers, Names> {
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
    'graph:truth': async ({ run }) => {
      const manifest = requireGraph(requireCompleted(store.read(run)), 'graph')
      const graph = readGraph(store.directory(run))
      const truth = await truthOf(workspace.path, manifest)
      return truth && { ...knownGraph(truth), comparison: compare(graph, truth) }
    },
  }
}

/** The truth of the very data that a run was trained on: not of others that took their name. */
async function truthOf(workspace: string, { dataset, producedBy }: RunManifest): Promise<Truth | null> {
  try {
    const { hash } = await readDataset(workspace, dataset)
    return hash === producedBy.datasetHash ? await readTruth(workspace, dataset) : null
  } catch (thrown) {
    if (thrown instanceof CausewayError && thrown.code === 'notFound') return null
    throw thrown
  }
}

const knownGraph = ({ nodes, adjacency }: Truth): Pick<KnownGraph, 'nodes' | 'edges'> => ({
  nodes,
  edges: adjacency.flatMap((row, i) =>
    row.flatMap((edge, j): KnownGraph['edges'] => (edge === 0 ? [] : [[nodes[i]!, nodes[j]!]])),
  ),
})

function compare(graph: CausalGraph, truth: Truth): GraphComparison | null {
  if (graph.nodes.length !== truth.nodes.length) return null
  const random = Rng.seeded(0)
  const learned = learnedDag(graph.probabilities, truthThreshold)
  const { order, ...distances } = compareGraphs(learned, truth.adjacency, (n) => random.integer(n))
  return {
    threshold: truthThreshold,
    ...distances,
    matching: truth.nodes.map((known, at) => ({ learned: graph.nodes[order[at]!]!, known })),
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

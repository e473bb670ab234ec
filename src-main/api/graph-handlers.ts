import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type {
  Annotations,
  BootstrapConfidence,
  CausalGraph,
  GraphComparison,
  KnownGraph,
} from '../../src-shared/domain/graph'
import type { Capability } from '../../src-shared/domain/method'
import type { RunManifest } from '../../src-shared/domain/run'
import { bootstrapConfidence } from '../../src-shared/graph/bootstrap'
import { compareGraphs, learnedDag } from '../../src-shared/graph/truth'
import { findMethod } from '../methods/registry'
import { readDataset } from '../pipeline/dataset/dataset'
import { readTruth, type Truth } from '../pipeline/ingest/truth'
import { readGraph } from '../pipeline/run-files'
import type { RunStore } from '../storage/run-store'
import { Rng } from '../tensor/rng'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = Extract<keyof Handlers, `graph:${string}`>

/** Probability from which on a learned edge counts beside the known graph. */
const truthThreshold = 0.5

/** The causal graph a run learned, over all users and for one. */
export function graphHandlers(core: Core): Pick<Handlers, Names> {
  const { store, inference, splits, workspace, saved, events } = core
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
    'graph:annotations': ({ run }) => saved.annotations(run),
    'graph:annotate': ({ run, annotations }) => {
      const manifest = requireGraph(requireCompleted(store.read(run)), 'graph')
      requireKnownNodes(nodesOf(store, manifest.id), annotations)
      const kept = saved.annotate(run, annotations)
      events.emit('run:annotated', { run })
      return kept
    },
    'graph:confidence': ({ run }) => {
      const manifest = requireGraph(requireCompleted(store.read(run)), 'graph')
      return confidenceOf(core, manifest.id)
    },
  }
}

/** The learned names of the nodes of a completed run. @throws CausewayError `noGraph` */
export const nodesOf = (store: RunStore, run: string): string[] => readGraph(store.directory(run)).nodes

/** How often each edge was found in the resamples that are there; null where no bootstrap was asked for. */
export function confidenceOf({ store, saved }: Pick<Core, 'store' | 'saved'>, run: string): BootstrapConfidence | null {
  const resamples = saved.bootstrapPlan(run)
  if (resamples === null) return null
  return bootstrapConfidence(resamples, store.resamples(run), nodesOf(store, run).length)
}

/** @throws CausewayError `badRequest` for a name or note of a node there is none of, or a name two nodes would share */
function requireKnownNodes(nodes: string[], { names, notes }: Annotations): void {
  const unknown = [...Object.keys(names), ...Object.keys(notes)].find((node) => !nodes.includes(node))
  if (unknown !== undefined) {
    throw new CausewayError('badRequest', `The graph of the run has no node ${JSON.stringify(unknown)}.`, {
      node: unknown,
      nodes,
    })
  }
  const shown = nodes.map((node) => names[node] ?? node)
  const twice = shown.find((name, at) => shown.indexOf(name) !== at)
  if (twice !== undefined)
    throw new CausewayError('badRequest', `Two nodes would be named ${JSON.stringify(twice)}.`, { name: twice })
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
  capability: Extract<Capability, 'graph' | 'local-graph' | 'mask' | 'intervene'>,
): RunManifest {
  const { info } = findMethod(manifest.method)
  if (info.capabilities.includes(capability)) return manifest
  const cannot = {
    graph: 'does not learn a causal graph',
    'local-graph': "does not learn a user's own causal graph",
    mask: 'has no causal edges to mask',
    intervene: 'has no confounders to intervene on',
  }[capability]
  throw new CausewayError('noGraph', `${info.label} ${cannot}.`, { run: manifest.id, method: info.id })
}

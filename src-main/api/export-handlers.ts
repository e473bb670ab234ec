import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ModelFormat } from '../../src-shared/domain/exported'
import type { CausalGraph } from '../../src-shared/domain/graph'
import type { RunManifest } from '../../src-shared/domain/run'
import { requireMask } from '../../src-shared/graph/mask'
import { findMethod } from '../methods/registry'
import { modelFiles, modelProperties, type ModelContent, type NamedItems } from '../pipeline/export/model-files'
import { readGraph, readWeights } from '../pipeline/run-files'
import type { Core } from './core'
import { requireGraph } from './graph-handlers'
import { requireCompleted } from './runs-handlers'

type Names = Extract<keyof Handlers, `export:${string}`>

const mediaTypes = { csv: 'text/csv', parquet: 'application/vnd.apache.parquet' } as const

/** What leaves Causeway: models with their cards, and the lists of all users. Nothing is written into the workspace. */
export function exportHandlers(core: Core): Pick<Handlers, Names> {
  const { causeway, store, splits, catalogs, inference, data, saved, tasks } = core

  /** The items of a run's split in the order of its columns. */
  async function itemsOf(manifest: RunManifest): Promise<NamedItems> {
    const [view, cardOf] = await Promise.all([splits.view(manifest), catalogs.cards(manifest)])
    return view.items.map((id) => ({ id, title: cardOf(id).title }))
  }

  async function contentOf(manifest: RunManifest, format: ModelFormat, mask: number[][] | null): Promise<ModelContent> {
    if (format === 'safetensors') return { format, weights: readWeights(store.directory(manifest.id)) }
    const { info } = findMethod(manifest.method)
    if (!info.capabilities.includes('export')) {
      throw new CausewayError(
        'badRequest',
        `The scoring function of ${info.label} cannot be written for other programs. Export its weights as safetensors.`,
        { run: manifest.id, format },
      )
    }
    const graph = await inference.use(manifest, (trainer) => trainer.call('scoringGraph', { mask: flat(mask) }))
    return { format, graph }
  }

  return {
    'export:model': async ({ run, format, mask }) => {
      const manifest = requireCompleted(store.read(run))
      const graph = graphOf(store.directory(run))
      checkMask(manifest, graph, mask)
      const [items, content] = await Promise.all([itemsOf(manifest), contentOf(manifest, format, mask)])
      const method = findMethod(manifest.method).info
      const { names } = saved.annotations(run)
      return modelFiles({ causeway, manifest, method, items, graph, names, mask }, content)
    },

    'export:topK': ({ run, format, k, mask, task }) =>
      tasks.run(task, async (begin, onStop) => {
        const manifest = requireCompleted(store.read(run))
        const graph = graphOf(store.directory(run))
        checkMask(manifest, graph, mask)
        const [items, { users }] = await Promise.all([itemsOf(manifest), splits.view(manifest)])
        const lists = await inference.use(manifest, (trainer) =>
          trainer.call('topKOfAll', { task: begin(trainer), k, mask: flat(mask) }),
        )
        const properties = modelProperties({ causeway, manifest, graph, mask })
        const bytes = await data.query((worker) => {
          // A worker that dies before it answers rejects the question itself.
          onStop(() => void worker.call('stop', { task }).catch(() => undefined))
          return worker.call('lists', { task, format, users, items, lists, properties })
        })
        return {
          name: `top-${k}-of-all-users-by-${run}.${format}`,
          mediaType: mediaTypes[format],
          bytes,
          users: users.length,
        }
      }),
  }
}

const flat = (mask: number[][] | null): Float32Array<ArrayBuffer> | null => mask && Float32Array.from(mask.flat())

/** The causal graph of a run; null where it learned none. */
function graphOf(directory: string): CausalGraph | null {
  try {
    return readGraph(directory)
  } catch (thrown) {
    if (thrown instanceof CausewayError && thrown.code === 'noGraph') return null
    throw thrown
  }
}

/** @throws CausewayError `noGraph` for a mask on a model without edges, `badRequest` for one that does not fit them */
function checkMask(manifest: RunManifest, graph: CausalGraph | null, mask: number[][] | null): void {
  if (!mask) return
  requireGraph(manifest, 'mask')
  if (!graph)
    throw new CausewayError('noGraph', `The run ${manifest.id} has no causal edges to mask.`, { run: manifest.id })
  requireMask(mask, graph.nodes.length)
}

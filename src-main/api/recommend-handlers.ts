import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ItemCard, UserMatch } from '../../src-shared/domain/recommendation'
import type { RunManifest } from '../../src-shared/domain/run'
import { rowOf } from '../../src-shared/domain/split'
import type { SplitView } from '../jobs/splits'
import { readDataset } from '../pipeline/dataset/dataset'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = 'recommend:users' | 'recommend:topK'

/** Users found by their id, and what a run recommends to one of them. */
export function recommendHandlers(core: Core): Pick<Handlers, Names> {
  const { store, splits, inference } = core
  const catalog = createCatalog(core)
  return {
    'recommend:users': async ({ run, query, limit }) => {
      const view = await splits.view(store.read(run))
      return findUsers(view, query, limit)
    },
    'recommend:topK': async ({ run, user, k }) => {
      const manifest = requireCompleted(store.read(run))
      const row = await splits.rowOf(manifest, user)
      const [view, cardOf, top] = await Promise.all([
        splits.view(manifest),
        catalog(manifest),
        inference.use(manifest, (trainer) => trainer.call('topK', { rows: [row], k })),
      ])
      const known = [...rowOf(view.split.train, row), ...rowOf(view.split.validation, row)]
      const inTest = new Set(rowOf(view.split.test, row))
      // -1 pads a list that is shorter than k.
      const listed = [...top.items].filter((item) => item >= 0)
      return {
        run,
        user,
        history: known.sort((a, b) => a - b).map((item) => cardOf(view.items[item]!)),
        items: listed.map((item, index) => ({
          ...cardOf(view.items[item]!),
          rank: index + 1,
          score: top.scores[index]!,
          inTest: inTest.has(item),
        })),
      }
    },
  }
}

/** Users whose id begins with the query, then those whose id contains it, each in the order of the split; case is ignored. */
export function findUsers(view: Pick<SplitView, 'users' | 'split'>, query: string, limit: number): UserMatch[] {
  const wanted = query.trim().toLowerCase()
  const begins: number[] = []
  const contains: number[] = []
  for (const [row, id] of view.users.entries()) {
    const at = id.toLowerCase().indexOf(wanted)
    if (at === 0) begins.push(row)
    else if (at > 0) contains.push(row)
    if (begins.length >= limit) break
  }
  return [...begins, ...contains]
    .slice(0, limit)
    .map((row) => ({ id: view.users[row]!, trainItems: rowOf(view.split.train, row).length }))
}

const keptCatalogs = 2

/** Titles and attributes of the items of a run's data set; an item without any goes by its id. */
export function createCatalog({ data, workspace }: Pick<Core, 'data' | 'workspace'>) {
  const kept = new Map<string, Promise<Map<string, ItemCard>>>()

  async function load(manifest: RunManifest): Promise<Map<string, ItemCard>> {
    const { dataset, producedBy } = manifest
    try {
      // The attributes of another data set that now has the name would be wrong ones.
      if ((await readDataset(workspace.path, dataset)).hash !== producedBy.datasetHash) return new Map()
    } catch (error) {
      if (error instanceof CausewayError && error.code === 'notFound') return new Map()
      throw error
    }
    const cards = await data.query((worker) => worker.call('catalog', { workspace: workspace.path, dataset }))
    return new Map(cards.map((card) => [card.id, card]))
  }

  return async (manifest: RunManifest): Promise<(id: string) => ItemCard> => {
    const key = manifest.producedBy.datasetHash
    const loading = kept.get(key) ?? load(manifest)
    kept.set(key, loading)
    if (kept.size > keptCatalogs) kept.delete(kept.keys().next().value!)
    try {
      const cards = await loading
      return (id) => cards.get(id) ?? { id, title: id, attributes: {} }
    } catch (error) {
      kept.delete(key)
      throw error
    }
  }
}

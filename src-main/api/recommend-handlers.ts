import type { Handlers } from '../../src-shared/contract/contract'
import type { UserMatch } from '../../src-shared/domain/recommendation'
import { rowOf } from '../../src-shared/domain/split'
import type { SplitView } from '../jobs/splits'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = 'recommend:users' | 'recommend:topK'

/** Users found by their id, and what a run recommends to one of them. */
export function recommendHandlers({ store, splits, inference, catalogs }: Core): Pick<Handlers, Names> {
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
        catalogs.cards(manifest),
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

import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { Intervention, SavedEffect, SegmentEffect, UserSelection } from '../../src-shared/domain/intervention'
import type { ItemCard } from '../../src-shared/domain/recommendation'
import type { RunManifest } from '../../src-shared/domain/run'
import { rowOf } from '../../src-shared/domain/split'
import type { Trainer } from '../jobs/inference'
import type { SplitView } from '../jobs/splits'
import type { RowIntervention, RowsEffect } from '../jobs/trainer-contract'
import type { Core } from './core'
import { nodesOf, requireGraph } from './graph-handlers'
import { requireCompleted } from './runs-handlers'
import type { Begin } from './tasks'
import { segmentChoices, selectRows } from './user-selection'

type Names = Extract<keyof Handlers, `intervene:${string}`>

/** What is known of a run while a question about it is answered. */
interface Asked {
  manifest: RunManifest
  view: SplitView
  cardOf: (column: number) => ItemCard
  rowsOf(users: UserSelection): Int32Array<ArrayBuffer> | null
  intervene(intervention: Intervention): RowIntervention
}

/** What interventions do: users' own ids become rows of the split and the answers' columns items, nothing else happens here. */
export function interveneHandlers(core: Core): Pick<Handlers, Names> {
  const { store, splits, inference, catalogs, events, saved, tasks } = core

  async function ask(run: string): Promise<Asked> {
    const manifest = requireGraph(requireCompleted(store.read(run)), 'intervene')
    const [view, cardById, tables] = await Promise.all([
      splits.view(manifest),
      catalogs.cards(manifest),
      catalogs.tables(manifest),
    ])
    const nodes = nodesOf(store, run)
    const rowsOf = (users: UserSelection): Int32Array<ArrayBuffer> | null => selectRows(users, view, tables.users)
    return {
      manifest,
      view,
      cardOf: (column) => cardById(view.items[column]!),
      rowsOf,
      intervene: (intervention) => rowIntervention(intervention, nodes, view, rowsOf),
    }
  }

  const useTrainer = <T>({ manifest }: Asked, work: (trainer: Trainer) => Promise<T>): Promise<T> =>
    inference.useDescribed(manifest, work)

  async function segmentEffect(
    asked: Asked,
    question: { users: UserSelection; k: number; intervention: Intervention },
    begin: Begin,
  ): Promise<SegmentEffect> {
    const rows = asked.rowsOf(question.users)
    const intervention = asked.intervene(question.intervention)
    const effect = await useTrainer(asked, (trainer) =>
      trainer.call('effect', { task: begin(trainer), rows, k: question.k, intervention }),
    )
    return namedEffect(effect, asked.cardOf)
  }

  return {
    'intervene:segments': async ({ run }) => {
      const manifest = requireCompleted(store.read(run))
      const [view, tables] = await Promise.all([splits.view(manifest), catalogs.tables(manifest)])
      return segmentChoices(view, tables.users)
    },

    'intervene:user': async ({ run, user, k, intervention }) => {
      const asked = await ask(run)
      const row = await splits.rowOf(asked.manifest, user)
      const change = asked.intervene(intervention)
      const effect = await useTrainer(asked, (trainer) => trainer.call('userEffect', { row, k, intervention: change }))
      const inTest = new Set(rowOf(asked.view.split.test, row))
      const listed = <E extends { item: number }>({ item, ...entry }: E, at: number) => ({
        ...asked.cardOf(item),
        ...entry,
        rank: at + 1,
        inTest: inTest.has(item),
      })
      return {
        user,
        k,
        before: effect.before.map(listed),
        after: effect.after.map(listed),
        noDifference: effect.noDifference,
      }
    },

    'intervene:segment': ({ run, task, ...question }) =>
      tasks.run(task, async (begin) => segmentEffect(await ask(run), question, begin)),

    'intervene:perConfounder': ({ run, users, k, task }) =>
      tasks.run(task, async (begin) => {
        const asked = await ask(run)
        const rows = asked.rowsOf(users)
        const effects = await useTrainer(asked, (trainer) =>
          trainer.call('perConfounder', { task: begin(trainer), rows, k }),
        )
        return {
          users: rows?.length ?? asked.view.users.length,
          k,
          rows: effects.map(({ node, effect }) => ({ node, effect: namedEffect(effect, asked.cardOf) })),
        }
      }),

    'intervene:paths': async ({ run, user, item, intervention }) => {
      const asked = await ask(run)
      const row = await splits.rowOf(asked.manifest, user)
      const column = asked.view.items.indexOf(item)
      if (column < 0) {
        throw new CausewayError(
          'notFound',
          `There is no item ${JSON.stringify(item)} in the split of the run ${run}.`,
          {
            item,
            run,
          },
        )
      }
      const change = asked.intervene(intervention)
      const paths = await useTrainer(asked, (trainer) =>
        trainer.call('paths', { row, item: column, intervention: change }),
      )
      return { user, item: asked.cardOf(column), ...paths }
    },

    'intervene:profiles': ({ run, task }) =>
      tasks.run(task, async (begin) => {
        const asked = await ask(run)
        const profiles = await useTrainer(asked, (trainer) => trainer.call('profiles', { task: begin(trainer) }))
        const moved = ({ item, change }: { item: number; change: number }) => ({ ...asked.cardOf(item), change })
        return profiles.map((profile) => ({
          ...profile,
          raises: profile.raises.map(moved),
          lowers: profile.lowers.map(moved),
        }))
      }),

    'intervene:stop': async ({ task }) => {
      tasks.stop(task)
      return null
    },

    'intervene:save': ({ run, name, notes, replace, task, ...question }) =>
      tasks.run(task, async (begin) => {
        const asked = await ask(run)
        const effects = saved.effects(run)
        // Before the work, not after it.
        effects.assertFree(name, replace)
        const effect = await segmentEffect(asked, question, begin)
        const { seed, backend, producedBy } = asked.manifest
        const { names } = saved.annotations(run)
        const kept: SavedEffect = effects.save(
          {
            type: 'causeway-effect',
            version: 1,
            name,
            notes,
            savedAt: new Date().toISOString(),
            run,
            nodes: nodesOf(store, run).map((node) => names[node] ?? node),
            users: question.users,
            intervention: question.intervention,
            effect,
            producedBy: { causeway: core.causeway, splitHash: producedBy.splitHash, seed, backend },
          },
          replace,
        )
        events.emit('run:annotated', { run })
        return kept
      }),
    'intervene:saved': ({ run }) => saved.effects(run).list().saved,
    'intervene:removeSaved': ({ run, name }) => {
      saved.effects(run).remove(name)
      events.emit('run:annotated', { run })
      return null
    },
  }
}

const namedEffect = (effect: RowsEffect, cardOf: Asked['cardOf']): SegmentEffect => {
  const moved = ({ item, ...counts }: RowsEffect['entering'][number]) => ({ ...cardOf(item), ...counts })
  return { ...effect, entering: effect.entering.map(moved), leaving: effect.leaving.map(moved) }
}

/** @throws CausewayError `badRequest` where it does not fit the graph, `notFound` for an unknown user */
function rowIntervention(
  { factors, holds }: Intervention,
  nodes: string[],
  view: SplitView,
  rowsOf: Asked['rowsOf'],
): RowIntervention {
  const k = nodes.length
  if (factors && factors.length !== k) {
    throw new CausewayError('badRequest', `The mask is on ${factors.length} nodes, the graph of the run has ${k}.`, {
      factors: factors.length,
      nodes,
    })
  }
  const held = new Set<number>()
  return {
    factors,
    holds: holds.map(({ node, at }) => {
      if (node >= k)
        throw new CausewayError('badRequest', `There is no node c${node + 1}: the graph of the run has ${k}.`, {
          nodes,
        })
      if (held.has(node))
        throw new CausewayError('badRequest', `${nodes[node]} is held twice: at most one value a node.`, { node })
      held.add(node)
      switch (at.kind) {
        case 'mean':
          return { node, at: { kind: 'mean', rows: rowsOf(at.users) } }
        case 'sd':
          return { node, at }
        case 'user': {
          const row = view.rowOfUser.get(at.user)
          if (row !== undefined) return { node, at: { kind: 'user', row } }
          throw new CausewayError('notFound', `There is no user ${JSON.stringify(at.user)} in the split of the run.`, {
            user: at.user,
          })
        }
      }
    }),
  }
}

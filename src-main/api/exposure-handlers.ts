import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { judgedCheck, segmentSample } from '../../src-shared/domain/exposure'
import type { ItemCard } from '../../src-shared/domain/recommendation'
import type { RunManifest } from '../../src-shared/domain/run'
import type { SplitView } from '../jobs/splits'
import type { ExposureColumn, RowExposedItem } from '../jobs/trainer-contract'
import { findMethod, methods } from '../methods/registry'
import { readExposureCheck } from '../pipeline/run-files'
import type { Core } from './core'
import { findItems } from './exposure-items'
import { exposureSegments } from './exposure-segments'
import { requireCompleted } from './runs-handlers'

type Names = Extract<keyof Handlers, `exposure:${string}`>

/** What is known of a run while a question about it is answered. */
interface Asked {
  manifest: RunManifest
  view: SplitView
  cardOf: (column: number) => ItemCard
  /** @throws CausewayError `notFound` */
  columnOf: (item: string) => number
}

/** What exposing users to items does to their ratings: users' own ids become rows and columns of the split, and back. */
export function exposureHandlers(core: Core): Pick<Handlers, Names> {
  const { store, inference, splits, catalogs, tasks } = core

  async function ask(run: string): Promise<Asked> {
    const manifest = requireExposureEffects(requireCompleted(store.read(run)))
    const [view, cardById] = await Promise.all([splits.view(manifest), catalogs.cards(manifest)])
    return {
      manifest,
      view,
      cardOf: (column) => cardById(view.items[column]!),
      columnOf: (item) => {
        const column = view.items.indexOf(item)
        if (column >= 0) return column
        throw new CausewayError(
          'notFound',
          `There is no item ${JSON.stringify(item)} in the split of the run ${run}.`,
          {
            item,
            run,
          },
        )
      },
    }
  }

  const rowOrEveryone = ({ manifest }: Asked, user: string | null): Promise<number> | null =>
    user === null ? null : splits.rowOf(manifest, user)

  /** A column of the Jacobian. */
  async function columnOf(asked: Asked, item: string, user: string | null): Promise<ExposureColumn & { item: number }> {
    const column = asked.columnOf(item)
    const row = await rowOrEveryone(asked, user)
    const answer = await inference.use(asked.manifest, (trainer) =>
      trainer.call('exposureColumn', { item: column, row }),
    )
    return { ...answer, item: column }
  }

  return {
    'exposure:check': ({ run }) => {
      const { recipe } = requireExposureEffects(store.read(run))
      return judgedCheck(readExposureCheck(store.directory(run)), recipe)
    },

    'exposure:items': async ({ run, query, limit }) => {
      const { view, cardOf } = await ask(run)
      return findItems(view, cardOf, query, limit)
    },

    'exposure:effects': async ({ run, item, user, count }) => {
      const asked = await ask(run)
      const { effects, exposed, outcome, item: column } = await columnOf(asked, item, user)
      const isExposed = exposed && new Set(exposed)
      const others = [...effects.keys()].filter((other) => other !== column)
      const raising = others.filter((other) => effects[other]! > 0).sort((a, b) => effects[b]! - effects[a]!)
      const lowering = others.filter((other) => effects[other]! < 0).sort((a, b) => effects[a]! - effects[b]!)
      const affected = (other: number) => ({
        ...asked.cardOf(other),
        effect: effects[other]!,
        isExposed: isExposed && isExposed.has(other),
      })
      return {
        item: asked.cardOf(column),
        user,
        outcome,
        own: effects[column]!,
        isExposed: isExposed && isExposed.has(column),
        raised: raising.slice(0, count).map(affected),
        lowered: lowering.slice(0, count).map(affected),
        raises: raising.length,
        lowers: lowering.length,
      }
    },

    'exposure:column': async ({ run, item, user }) => {
      const asked = await ask(run)
      const { effects, exposed, outcome } = await columnOf(asked, item, user)
      return {
        outcome,
        items: asked.view.items.map((id, column) => ({ id, title: asked.cardOf(column).title })),
        effects,
        exposed: exposed && [...exposed].map((column) => asked.view.items[column]!),
      }
    },

    'exposure:rows': async ({ run, user, from, count }) => {
      const asked = await ask(run)
      const { items } = asked.view
      const row = await rowOrEveryone(asked, user)
      const { effects, outcome } = await inference.use(asked.manifest, (trainer) =>
        trainer.call('exposureRows', { from, count: Math.min(count, Math.max(1, items.length - from)), row }),
      )
      return { outcome, items, from, effects }
    },

    'exposure:strongest': ({ run, user, count, own, task }) =>
      tasks.run(task, async (begin) => {
        const started = performance.now()
        const asked = await ask(run)
        const row = await rowOrEveryone(asked, user)
        const { pairs, outcome } = await inference.use(asked.manifest, (trainer) =>
          trainer.call('strongestExposures', { task: begin(trainer), row, count, own }),
        )
        const items = asked.view.items.length
        return {
          user,
          outcome,
          pairs: pairs.map(({ from, to, effect }) => ({ from: asked.cardOf(from), to: asked.cardOf(to), effect })),
          among: items * (own ? items : items - 1),
          seconds: (performance.now() - started) / 1000,
        }
      }),

    'exposure:expose': async ({ run, user, expose, withdraw, k }) => {
      const asked = await ask(run)
      const row = await splits.rowOf(asked.manifest, user)
      const set = { expose: expose.map(asked.columnOf), withdraw: withdraw.map(asked.columnOf) }
      const answer = await inference
        .use(asked.manifest, (trainer) => trainer.call('exposeItems', { row, ...set, k }))
        .catch((thrown: unknown) => {
          throw withTitle(thrown, user, asked.cardOf)
        })
      const named = ({ item, ...places }: RowExposedItem) => ({ ...asked.cardOf(item), ...places })
      return {
        user,
        k,
        outcome: answer.outcome,
        exposures: answer.exposures.map(asked.cardOf).sort((a, b) => a.title.localeCompare(b.title)),
        listed: answer.listed.map(named),
        moved: answer.moved.map(named),
      }
    },

    'exposure:segments': ({ run, item, attribute, count, task }) =>
      tasks.run(task, async (begin) => {
        const started = performance.now()
        const asked = await ask(run)
        const column = asked.columnOf(item)
        const segments = exposureSegments(attribute, (await catalogs.tables(asked.manifest)).users)
        const { sampled, items, outcome } = await inference.use(asked.manifest, (trainer) =>
          trainer.call('segmentExposures', {
            task: begin(trainer),
            item: column,
            segments: segments.map(({ rows }) => rows),
            count,
          }),
        )
        return {
          item: asked.cardOf(column),
          attribute,
          outcome,
          segments: segments.map(({ label, rows }, at) => ({ label, users: rows.length, sampled: sampled[at]! })),
          items: items.map(({ item: affected, ...means }) => ({ ...asked.cardOf(affected), ...means })),
          sample: { ...segmentSample },
          seconds: (performance.now() - started) / 1000,
        }
      }),
  }
}

/** A refusal that names a column, said again with the item's title. */
function withTitle(thrown: unknown, user: string, cardOf: (column: number) => ItemCard): unknown {
  if (!(thrown instanceof CausewayError) || typeof thrown.details?.item !== 'number') return thrown
  const { id, title } = cardOf(thrown.details.item)
  const named = title === id ? JSON.stringify(id) : `“${title}” (${id})`
  return new CausewayError('badRequest', `The item ${named} ${String(thrown.details.why)}, for user ${user}.`, {
    user,
    item: id,
  })
}

/** @throws CausewayError `badRequest` for a run of a method that tells no such effects */
function requireExposureEffects(manifest: RunManifest): RunManifest {
  const { info } = findMethod(manifest.method)
  if (info.capabilities.includes('exposure-effects')) return manifest
  const able = methods.filter((method) => method.info.capabilities.includes('exposure-effects'))
  throw new CausewayError(
    'badRequest',
    `${info.label} does not tell what exposing items does. Choose a run of a method that does: ${able.map((method) => method.info.label).join(', ')}.`,
    { run: manifest.id, method: info.id },
  )
}

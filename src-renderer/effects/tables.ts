import type {
  Estimate,
  PathExplanation,
  PerConfounderEffects,
  Quantity,
  SegmentEffect,
  UserEffect,
} from '../../src-shared/domain/intervention'
import type { ChartTable } from '../charts/chart'

/** Effects as tables to be saved: every digit, nothing left out. Pure functions. */

const columns = (...labels: string[]): ChartTable['columns'] => labels.map((label) => ({ label }))
const bounds = ({ mean, low, high }: Estimate): number[] => [mean, low, high]

/** All quantities of a segment's effect, in the order of the pane. */
export const quantitiesOf = (effect: SegmentEffect): Quantity[] => [
  ...effect.metrics,
  ...effect.attributes,
  effect.coverage,
  ...effect.categories.flatMap(({ shares }) => shares),
]

export function segmentTable(effect: SegmentEffect): ChartTable {
  const similarity = (id: string, estimate: Estimate): ChartTable['rows'][number] => [
    id,
    effect.users,
    ...Array.from({ length: 6 }, () => null),
    ...bounds(estimate),
  ]
  return {
    columns: columns(
      'quantity',
      'users',
      ...['before', 'after', 'change'].flatMap((what) => [what, `${what}_low`, `${what}_high`]),
    ),
    rows: [
      ...quantitiesOf(effect).map((quantity) => [
        quantity.id,
        quantity.users,
        ...bounds(quantity.before),
        ...bounds(quantity.after),
        ...bounds(quantity.change),
      ]),
      similarity(`jaccard@${effect.k}`, effect.jaccard),
      similarity(`rankCorrelation@${effect.k}`, effect.rankCorrelation),
      ['changedLists', effect.users, null, null, null, effect.changedLists, ...Array.from({ length: 5 }, () => null)],
    ],
  }
}

export const userTable = (effect: UserEffect): ChartTable => ({
  columns: columns('user', 'list', 'rank', 'other_rank', 'item', 'title', 'score', 'in_test'),
  rows: [
    ...effect.before.map((item) => ['before', item.rankAfter, item] as const),
    ...effect.after.map((item) => ['after', item.rankBefore, item] as const),
  ].map(([list, other, item]) => [
    effect.user,
    list,
    item.rank,
    other,
    item.id,
    item.title,
    item.score,
    item.inTest ? 'yes' : 'no',
  ]),
})

/** One row a confounder and quantity. */
export const confoundersTable = (effects: PerConfounderEffects, nameOf: (node: number) => string): ChartTable => ({
  columns: columns('confounder', 'quantity', 'users', 'before', 'after', 'change', 'change_low', 'change_high'),
  rows: effects.rows.flatMap(({ node, effect }) => [
    ...quantitiesOf(effect).map((quantity) => [
      nameOf(node),
      quantity.id,
      quantity.users,
      quantity.before.mean,
      quantity.after.mean,
      ...bounds(quantity.change),
    ]),
    [nameOf(node), 'changedLists', effect.users, null, effect.changedLists, null, null, null],
  ]),
})

export const pathsTable = (explanation: PathExplanation, nameOf: (node: number) => string): ChartTable => ({
  columns: columns('user', 'item', 'part', 'of', 'value'),
  rows: [
    ['score', '', explanation.score],
    ['preference', '', explanation.preference],
    ...explanation.confounders.flatMap(({ node, flow, own, remainder }) => [
      ['flow', nameOf(node), flow],
      ['own', nameOf(node), own],
      ['remainder', nameOf(node), remainder],
    ]),
    ...explanation.edges.map(({ from, to, flow }) => ['edge', `${nameOf(from)} -> ${nameOf(to)}`, flow]),
    ['remainder', '', explanation.remainder],
  ].map((row) => [explanation.user, explanation.item.id, ...row] as (string | number)[]),
})

import type { Quantity, SavedEffect } from '../../../src-shared/domain/intervention'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { describeHold, describeMask, describeUsers } from '../../../src-shared/graph/edit/intervention'
import type { Block, ReportSection } from './report-document'

/** What differs by less is the rounding of sums. */
const rounding = 1e-9

/** Four decimals, and as many more as it takes that what is not zero does not read as zero. */
function decimals(value: number): string {
  if (Math.abs(value) < rounding) return '0.0000'
  const text = value.toFixed(4)
  return /[1-9]/.test(text) ? text : value.toPrecision(2)
}
const signed = (value: number): string => `${value > rounding ? '+' : ''}${decimals(value)}`

/** Every saved result of an intervention: what was done to whom, what came of it, and how far it can be believed. */
export function interventionSection(effects: readonly SavedEffect[], method: MethodInfo): ReportSection[] {
  if (effects.length === 0) return []
  const blocks: Block[] = [
    {
      kind: 'text',
      text: 'Each result compares the lists of the same users from the same model with and without the change. An interval is the percentile bootstrap over users, before and after drawn together; it says how much the figure depends on which users are here, not whether the model is right.',
    },
    ...identificationBlocks(method),
    ...effects.flatMap((saved) => effectBlocks(saved)),
    definitions(effects),
  ]
  return [{ title: 'Interventions', blocks }]
}

function identificationBlocks({ identification }: MethodInfo): Block[] {
  if (identification === null) return []
  const { statement, byConstruction, assumed } = identification
  return [
    { kind: 'heading', text: 'Is the effect identified?' },
    { kind: 'text', text: statement },
    { kind: 'text', text: 'This holds by construction of the model:' },
    { kind: 'list', items: byConstruction },
    { kind: 'text', text: 'This is assumed of the world, and not tested:' },
    { kind: 'list', items: assumed },
  ]
}

function effectBlocks(saved: SavedEffect): Block[] {
  const { effect, intervention, nodes, producedBy } = saved
  const { factors, holds } = intervention
  const nameOf = (node: number): string => nodes[node] ?? `c${node + 1}`
  const { resamples, level, seed } = effect.bootstrap
  const facts: (string | number)[][] = [
    ['Edges', factors ? describeMask(factors, nameOf) : 'as learned'],
    ...(holds.length > 0 ? [['Held values', holds.map((hold) => describeHold(hold, nameOf)).join('; ')]] : []),
    ['Users', `${effect.users}: ${listed(saved)}`],
    ['Length of the lists', effect.k],
    ['Lists that change', `${effect.changedLists} of ${effect.users}`],
    ['Jaccard similarity of the lists', interval(effect.jaccard)],
    ['Rank correlation of the lists', interval(effect.rankCorrelation)],
    ['Bootstrap', `${resamples} resamples of the users, level ${level}, seed ${seed}`],
    ['Made', `${saved.savedAt} with Causeway ${producedBy.causeway}`],
    ['Run', `seed ${producedBy.seed}, backend ${producedBy.backend}, split ${producedBy.splitHash ?? '-'}`],
  ]
  const blocks: Block[] = [{ kind: 'heading', text: saved.name }]
  if (saved.notes !== '') blocks.push({ kind: 'text', text: saved.notes })
  if (effect.noDifference)
    blocks.push({
      kind: 'text',
      text: 'It makes no difference: no score changes. The edges are absent for everyone, or the values were what they are held at.',
    })
  blocks.push({ kind: 'table', caption: 'What was done, to whom', head: ['What', 'Value'], rows: facts })
  if (factors) {
    blocks.push({
      kind: 'table',
      caption: 'The mask: factor of each edge from row to column; 0 removes it, 1 leaves it as learned',
      head: ['From \\ to', ...nodes],
      rows: factors.map((row, from) => [nameOf(from), ...row.map((factor, to) => (from === to ? '' : factor))]),
    })
  }
  blocks.push({
    kind: 'table',
    caption: 'What came of it: means over users',
    head: ['Quantity', 'Users', 'Before', 'After', 'Change', `${level * 100} % interval of the change`],
    rows: quantitiesOf(saved).map(({ label, users, before, after, change }) => [
      label,
      users,
      decimals(before.mean),
      decimals(after.mean),
      signed(change.mean),
      `${signed(change.low)} to ${signed(change.high)}`,
    ]),
  })
  for (const [caption, items] of [
    ['Items that enter most lists', effect.entering],
    ['Items that leave most lists', effect.leaving],
  ] as const) {
    if (items.length === 0) continue
    blocks.push({
      kind: 'table',
      caption,
      head: ['Item', 'Lists before', 'Lists after'],
      rows: items.slice(0, 10).map(({ title, before, after }) => [title, before, after]),
    })
  }
  return blocks
}

const interval = ({ mean, low, high }: SavedEffect['effect']['jaccard']): string =>
  `${decimals(mean)} (${decimals(low)} to ${decimals(high)})`

/** The chosen users in words; named ones by their ids, so that the result can be asked for again. */
function listed({ users }: SavedEffect): string {
  if (users.kind !== 'users') return describeUsers(users)
  const shown = users.users.slice(0, 50).join(', ')
  return users.users.length > 50 ? `${shown} and ${users.users.length - 50} more` : shown
}

const quantitiesOf = ({ effect }: SavedEffect): Quantity[] => [
  ...effect.metrics,
  ...effect.attributes,
  ...effect.categories.flatMap(({ attribute, shares }) =>
    shares.map((share) => ({ ...share, label: `Share of ${attribute} = ${share.label}` })),
  ),
  effect.coverage,
]

const similarities = [
  [
    'Jaccard similarity of the lists',
    'jaccard',
    'Mean over users of the items in both of their two lists, divided by the items in either: 1 for the same items.',
  ],
  [
    'Rank correlation of the lists',
    'rankCorrelation',
    "Mean over users of Kendall's tau-b over the items of either of their two lists, an item that is absent from a list ranked behind its end: 1 for the same order.",
  ],
]

const heldAtSd = [
  'Held at n sd',
  'sd',
  'The mean value of the confounder over all users, moved by n standard deviations along the direction in which it varies most over users; the largest entry of the direction is positive.',
]

/** Each quantity's definition once, however many results have it. */
function definitions(effects: readonly SavedEffect[]): Block {
  const quantities = new Map(effects.flatMap(quantitiesOf).map((quantity) => [quantity.id, quantity]))
  return {
    kind: 'table',
    caption: 'Definitions',
    head: ['Quantity', 'Id', 'Definition'],
    rows: [
      ...[...quantities.values()].map(({ id, label, help }) => [label, id, help]),
      ...similarities,
      ...(effects.some(({ intervention }) => intervention.holds.some(({ at }) => at.kind === 'sd')) ? [heldAtSd] : []),
    ],
  }
}

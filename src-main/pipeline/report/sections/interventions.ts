import type { Hold, Quantity, SavedEffect, UserSelection } from '../../../../src-shared/domain/intervention'
import { describeHold, describeMask, describeUsers } from '../../../../src-shared/graph/edit/intervention'
import { groupsOf, type ReportInput } from '../report-input'
import { tooFew, type Block, type Cell } from '../report-document'
import { decimals, fewestUsers, facts, levelWords, moment, plural, signed } from '../words'

/** Every saved result of an intervention: what was done to whom, what came of it, and how far it can be believed. */
export function interventionSection({ runs, options }: ReportInput): Block[] {
  const groups = groupsOf(runs)
  const withEffects = runs.filter(({ effects }) => effects.length > 0)
  const told = (saved: SavedEffect): boolean => !options.aggregatesOnly || speaksOfMany(saved)
  const effects = withEffects.flatMap((run) => run.effects)
  const left = effects.filter((saved) => !told(saved)).length
  return [
    {
      kind: 'text',
      text: 'Each result compares the lists of the same users from the same model with and without the change. An interval is the percentile bootstrap over users, before and after drawn together; it says how much the figure depends on which users are here, not whether the model is right.',
    },
    ...(left > 0
      ? [
          {
            kind: 'text' as const,
            text: `${plural(left, 'result')} of single users or of fewer than ${fewestUsers} ${left === 1 ? 'is' : 'are'} left out.`,
          },
        ]
      : []),
    ...withEffects.flatMap((run) => {
      const group = groups.find((one) => one.runs.includes(run))!
      const of = runs.length > 1 ? ` (${group.label}, seed ${run.manifest.seed})` : ''
      return run.effects.filter(told).flatMap((saved) => effectBlocks(saved, of, options.aggregatesOnly))
    }),
    ...(effects.some(told) ? [definitions(effects.filter(told))] : []),
  ]
}

/** Whether a result is of at least five users, and nothing in it comes from a single one. */
export function speaksOfMany({ effect, users, intervention }: SavedEffect): boolean {
  const single = (selection: UserSelection): boolean =>
    selection.kind === 'users' && selection.users.length < fewestUsers
  return (
    effect.users >= fewestUsers &&
    !single(users) &&
    intervention.holds.every(({ at }: Hold) => at.kind === 'sd' || (at.kind === 'mean' && !single(at.users)))
  )
}

function effectBlocks(saved: SavedEffect, of: string, aggregatesOnly: boolean): Block[] {
  const { effect, intervention, nodes, producedBy } = saved
  const { factors, holds } = intervention
  const nameOf = (node: number): string => nodes[node] ?? `c${node + 1}`
  const { resamples, level, seed } = effect.bootstrap
  // A count of so few people would speak of them.
  const counted = (people: number): Cell => (aggregatesOnly && people > 0 && people < fewestUsers ? tooFew : people)
  const quantities = quantitiesOf(saved).filter(({ users }) => !aggregatesOnly || users === 0 || users >= fewestUsers)
  const rows: Cell[][] = [
    ['Edges', factors ? describeMask(factors, nameOf) : 'as learned'],
    ...(holds.length > 0 ? [['Held values', holds.map((hold) => describeHold(hold, nameOf)).join('; ')]] : []),
    ['Users', aggregatesOnly ? `${effect.users}: ${describeUsers(saved.users)}` : `${effect.users}: ${listed(saved)}`],
    ['Length of the lists', effect.k],
    ['Lists that change', `${counted(effect.changedLists)} of ${effect.users}`],
    ['Jaccard similarity of the lists', interval(effect.jaccard)],
    ['Rank correlation of the lists', interval(effect.rankCorrelation)],
    ['Bootstrap', `${resamples} resamples of the users, level ${levelWords(level)}, seed ${seed}`],
    ['Made', `${moment(saved.savedAt)} with Causeway ${producedBy.causeway}`],
    ['Run', `seed ${producedBy.seed}, backend ${producedBy.backend}, split ${producedBy.splitHash ?? '-'}`],
  ]
  const blocks: Block[] = [{ kind: 'heading', text: `${saved.name}${of}` }]
  if (saved.notes !== '') blocks.push({ kind: 'text', text: saved.notes })
  if (effect.noDifference)
    blocks.push({
      kind: 'text',
      text: 'It makes no difference: no score changes. The edges are absent for everyone, or the values were what they are held at.',
    })
  blocks.push(facts('What was done, to whom', rows))
  if (factors) {
    blocks.push({
      kind: 'table',
      caption: 'The mask: factor of each edge from row to column; 0 removes it, 1 leaves it as learned',
      head: ['From \\ to', ...nodes],
      rows: factors.map((row, from) => [nameOf(from), ...row.map((factor, to) => (from === to ? '' : factor))]),
    })
  }
  const accuracy = quantities.filter(({ id }) => effect.metrics.some((metric) => metric.id === id))
  if (accuracy.length > 0) {
    blocks.push({
      kind: 'intervals',
      caption: `Change of accuracy, after less before, with its ${levelWords(level)} interval over users`,
      xLabel: 'Change',
      rows: accuracy.map(({ label, change }) => ({
        label,
        value: change.mean,
        low: change.low,
        high: change.high,
        points: [],
      })),
    })
  }
  blocks.push({
    kind: 'table',
    caption: 'What came of it: means over users',
    head: ['Quantity', 'Users', 'Before', 'After', 'Change', `${levelWords(level)} interval of the change`],
    rows: quantities.map(({ label, users, before, after, change }) => [
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
      rows: items.slice(0, 10).map(({ title, before, after }) => [title, counted(before), counted(after)]),
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

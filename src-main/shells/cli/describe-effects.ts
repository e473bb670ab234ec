import type { BootstrapConfidence } from '../../../src-shared/domain/graph'
import type {
  ConfounderProfile,
  Intervention,
  PathExplanation,
  PerConfounderEffects,
  Quantity,
  SavedEffect,
  SegmentChoices,
  SegmentEffect,
  UserSelection,
} from '../../../src-shared/domain/intervention'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import type { SavedDomainGraph } from '../../../src-shared/domain/domain-graph'
import type { SavedMask } from '../../../src-shared/domain/mask'
import type { DomainAnswers } from '../../../src-shared/graph/dag/answers'
import { describeHold, describeMask, describeUsers } from '../../../src-shared/graph/edit/intervention'
import { count, decimals, duration, table } from './format'

/** What the commands about interventions print for people, one function a product. */

/** All quantities of an effect in reporting order. */
export const quantitiesOf = (effect: SegmentEffect): Quantity[] => [
  ...effect.metrics,
  ...effect.attributes,
  ...effect.categories.flatMap(({ shares }) => shares),
  effect.coverage,
]

const signed = (value: number): string => (value > 0 ? '+' : '') + decimals(value)

/** The changes in words. */
export const changesOf = ({ factors, holds }: Intervention, names: string[]): string[] => {
  const nameOf = (node: number): string => names[node] ?? `c${node + 1}`
  return [...(factors ? [describeMask(factors, nameOf)] : []), ...holds.map((hold) => describeHold(hold, nameOf))]
}

export function describeEffect(
  effect: SegmentEffect,
  asked: { users: UserSelection; intervention: Intervention },
  names: string[],
): string {
  const { resamples, level } = effect.bootstrap
  return [
    `${changesOf(asked.intervention, names).join('; ')}`,
    `${count(effect.users)} users (${describeUsers(asked.users)}), lists of ${effect.k}: ${count(effect.changedLists)} lists change`,
    ...(effect.noDifference ? ['This makes no difference: no score changes, the edges are absent for everyone.'] : []),
    '',
    table(
      ['quantity', 'users', 'before', 'after', 'change', `${level * 100} % interval`],
      quantitiesOf(effect).map(({ id, users, before, after, change }) => [
        id,
        users,
        decimals(before.mean),
        decimals(after.mean),
        signed(change.mean),
        `${signed(change.low)} … ${signed(change.high)}`,
      ]),
    ),
    '',
    `Likeness of the lists: Jaccard ${decimals(effect.jaccard.mean)}, rank correlation ${decimals(effect.rankCorrelation.mean)}`,
    `Intervals: percentile bootstrap over users, ${count(resamples)} resamples; ${duration(effect.seconds)}`,
    ...moves('Entering', effect.entering),
    ...moves('Leaving', effect.leaving),
  ].join('\n')
}

const moves = (title: string, items: SegmentEffect['entering']): string[] =>
  items.length === 0
    ? []
    : [
        '',
        title,
        ...items.slice(0, 5).map(({ title, before, after }) => `  ${title}: in ${before} lists, then ${after}`),
      ]

/** One row a confounder: what do(c) changes. */
export function describePerConfounder({ users, k, rows }: PerConfounderEffects, names: string[]): string {
  const shown = rows[0] ? [...rows[0].effect.metrics, ...rows[0].effect.attributes].map(({ id }) => id) : []
  return [
    `do(c) for each confounder, ${count(users)} users, lists of ${k}: change of the mean`,
    table(
      ['do', 'lists changed', ...shown],
      rows.map(({ node, effect }) => {
        const changes = new Map(quantitiesOf(effect).map(({ id, change }) => [id, signed(change.mean)]))
        return [names[node] ?? node, effect.changedLists, ...shown.map((id) => changes.get(id) ?? null)]
      }),
    ),
  ].join('\n')
}

export const describePaths = (paths: PathExplanation, names: string[]): string =>
  [
    `${paths.item.title} (${paths.item.id}) for user ${paths.user}: rank ${paths.rank}, score ${decimals(paths.score)} above the mean item`,
    '',
    table(
      ['part of the score', 'flow', 'of its own', 'of joint causes'],
      [
        ['preference (no confounder)', signed(paths.preference), null, null],
        ...paths.confounders.map(({ node, flow, own, remainder }) => [
          names[node] ?? node,
          signed(flow),
          signed(own),
          signed(remainder),
        ]),
        ['several confounders together', signed(paths.remainder), null, null],
      ],
    ),
    '',
    table(
      ['edge', 'flow'],
      [...paths.edges]
        .sort((a, b) => Math.abs(b.flow) - Math.abs(a.flow))
        .slice(0, 20)
        .map(({ from, to, flow }) => [`${names[from]} → ${names[to]}`, signed(flow)]),
    ),
  ].join('\n')

export const describeProfiles = (
  profiles: ConfounderProfile[],
  names: string[],
  notes: (string | undefined)[],
): string =>
  profiles
    .map(({ node, raises, lowers, itemTies, userTies, suggestedName, strength }) => {
      const items = (moved: typeof raises): string =>
        moved
          .slice(0, 5)
          .map(({ title, change }) => `${title} (${signed(change)})`)
          .join(', ') || 'nothing'
      const ties = [...itemTies, ...userTies]
        .slice(0, 4)
        .map(
          ({ attribute, value, correlation }) =>
            `${value === null ? attribute : `${attribute} = ${value}`} ${signed(correlation)}`,
        )
      return [
        `${names[node]}: strength ${decimals(strength)}${suggestedName === null ? '' : `, suggested name: ${suggestedName}`}`,
        ...(notes[node] === undefined ? [] : [`  Note: ${notes[node]}`]),
        `  Raises ${items(raises)}`,
        `  Lowers ${items(lowers)}`,
        `  Goes along with ${ties.join(', ') || 'no attribute'}`,
      ].join('\n')
    })
    .join('\n\n')

export function describeConfidence(
  { resamples, done, frequencies, meanSimilarity }: BootstrapConfidence,
  names: string[],
): string {
  const edges = frequencies
    .flatMap((row, from) => row.map((frequency, to) => ({ from, to, frequency })))
    .filter(({ from, to, frequency }) => from !== to && frequency > 0)
    .sort((a, b) => b.frequency - a.frequency)
  return [
    `${done.length} of ${resamples} resamples`,
    table(
      ['edge', 'found in'],
      edges.map(({ from, to, frequency }) => [`${names[from]} → ${names[to]}`, `${Math.round(frequency * 100)} %`]),
    ),
    '',
    table(
      ['confounder', 'likeness to its match'],
      meanSimilarity.map((similarity, node) => [names[node]!, decimals(similarity, 3)]),
    ),
  ].join('\n')
}

export const describeMasks = (masks: SavedMask[], names: string[]): string =>
  masks.length === 0
    ? 'No masks yet. Import one: causeway masks import RUN FILE'
    : table(
        ['mask', 'saved', 'changes', 'notes'],
        masks.map(({ mask, savedAt }) => [
          mask.name,
          savedAt.slice(0, 10),
          describeMask(mask.factors, (node) => names[node]!),
          mask.notes,
        ]),
      )

export const describeSavedEffects = (effects: SavedEffect[]): string =>
  effects.length === 0
    ? 'No saved results yet. Save one: causeway do RUN --zero-row c1 --save NAME'
    : table(
        ['result', 'saved', 'users', 'what was done', 'changed lists'],
        effects.map((saved) => [
          saved.name,
          saved.savedAt.slice(0, 10),
          describeUsers(saved.users),
          changesOf(saved.intervention, saved.nodes).join('; '),
          saved.effect.changedLists,
        ]),
      )

export const describeSegments = ({ users, texts, numbers, activity }: SegmentChoices): string =>
  [
    `${count(users)} users`,
    `activity: ${activity.min} to ${activity.max} train items, thirds at ${activity.lowerThird} and ${activity.upperThird}`,
    ...numbers.map(({ attribute, min, max, median }) => `${attribute}: ${min} to ${max}, median ${median}`),
    ...texts.map(
      ({ attribute, values }) =>
        `${attribute}: ${values
          .slice(0, 10)
          .map(({ value, users }) => `${value} (${users})`)
          .join(', ')}${values.length > 10 ? ', …' : ''}`,
    ),
  ].join('\n')

const arrows = (edges: readonly (readonly [string, string])[]): string =>
  edges.map(([from, to]) => `${from} → ${to}`).join(', ') || 'none'

export const describeKnowledge = (list: Knowledge[]): string =>
  list.length === 0
    ? 'No knowledge yet. Import some: causeway knowledge import FILE'
    : table(
        ['knowledge', 'nodes', 'required', 'forbidden', 'tiers'],
        list.map(({ name, nodes, required, forbidden, tiers }) => [
          name,
          nodes.length,
          arrows(required),
          arrows(forbidden),
          tiers.map((tier) => tier.join(' ')).join(' < ') || 'none',
        ]),
      )

export const describeDomainGraphs = (graphs: SavedDomainGraph[]): string =>
  graphs.length === 0
    ? 'No domain graphs yet. Save one: causeway domain save FILE --name NAME'
    : table(
        ['domain graph', 'saved'],
        graphs.map(({ name, savedAt }) => [name, savedAt.slice(0, 10)]),
      )

export function describeDomain(answers: DomainAnswers): string {
  const sets = (list: string[][]): string[] =>
    list.map((set) => (set.length === 0 ? '  (nothing)' : `  ${set.join(', ')}`))
  const section = (title: string, part: { sentence: string } | null, lines: string[]): string[] =>
    part === null ? [] : ['', title, part.sentence, ...lines]
  const { implications, paths, adjustment, frontDoor, instruments, advice, problems } = answers
  return [
    ...problems.map(({ level, text, advice }) => `${level}: ${text} ${advice}`),
    ...answers.summary,
    ...section(
      'Paths',
      paths,
      (paths?.paths ?? []).map(
        ({ text, causal, open }) => `  ${text}  (${causal ? 'causal' : 'biasing'}, ${open ? 'open' : 'blocked'})`,
      ),
    ),
    ...section('Adjustment', adjustment, [
      ...(adjustment ? [adjustment.current.sentence] : []),
      ...sets(adjustment?.sets ?? []),
    ]),
    ...section('Front door', frontDoor, sets(frontDoor?.sets ?? [])),
    ...section(
      'Instruments',
      instruments,
      (instruments?.instruments ?? []).map(({ text }) => `  ${text}`),
    ),
    ...section(
      'Testable implications',
      implications,
      (implications?.implications ?? []).map(({ text }) => `  ${text}`),
    ),
    ...(advice === null
      ? []
      : [
          '',
          'Methods that fit',
          ...advice.map(
            ({ label, available, reason, caveat }) =>
              `  ${label}${available ? '' : ' (not in this Causeway)'}: ${reason} ${caveat}`,
          ),
        ]),
  ].join('\n')
}

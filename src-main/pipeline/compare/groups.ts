import { createHash } from 'node:crypto'
import type { ComparabilityWarning, ComparisonGroup } from '../../../src-shared/domain/comparison'
import { evaluationProtocol } from '../../../src-shared/domain/metric'
import type { RunManifest } from '../../../src-shared/domain/run'

/** A group with the manifests of its runs, in the order of `group.runs`. */
export interface GroupedRuns {
  group: ComparisonGroup
  manifests: RunManifest[]
}

/** The protocol a run was evaluated under; runs from before it was recorded were evaluated under the first one. */
const protocolOf = ({ evaluation }: RunManifest): string => evaluation?.protocol ?? evaluationProtocol

/** What the runs of a group share, each part with the name it has in a label. */
const sharedBy = (manifest: RunManifest) => ({
  method: manifest.method,
  params: manifest.params,
  recipe: manifest.recipe,
  knowledge: manifest.knowledge,
  backend: manifest.backend,
  datasetHash: manifest.producedBy.datasetHash,
  splitHash: manifest.producedBy.splitHash,
  protocol: protocolOf(manifest),
})

/** JSON with the keys of all objects in order, so that equal things have equal text. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

/** Key of the group that a run belongs to: a hash of everything but the seed. */
export const groupKey = (manifest: RunManifest): string =>
  createHash('sha256')
    .update(canonical(sharedBy(manifest)))
    .digest('hex')
    .slice(0, 16)

/**
 * Puts runs that differ in their seed only into groups, in the order in which the groups appear. Of two runs of one group with one
 * seed the newer counts: a run that was repeated is not two seeds.
 * @param labelOf the label of a method, by id
 */
export function groupRuns(
  manifests: readonly RunManifest[],
  labelOf: (method: string) => string,
): { groups: GroupedRuns[]; repeated: RunManifest[] } {
  const byKey = new Map<string, Map<number, RunManifest>>()
  const repeated: RunManifest[] = []
  for (const manifest of manifests) {
    const key = groupKey(manifest)
    const bySeed = byKey.get(key) ?? new Map<number, RunManifest>()
    byKey.set(key, bySeed)
    const other = bySeed.get(manifest.seed)
    if (other) repeated.push(other.createdAt < manifest.createdAt ? other : manifest)
    if (!other || other.createdAt < manifest.createdAt) bySeed.set(manifest.seed, manifest)
  }
  const members = [...byKey].map(([key, bySeed]) => ({
    key,
    runs: [...bySeed.values()].sort((a, b) => a.seed - b.seed),
  }))
  const labels = labelGroups(
    members.map(({ runs }) => runs),
    labelOf,
  )
  const groups = members.map(({ key, runs }, at) => {
    const { method, params, datasetHash, splitHash, protocol } = sharedBy(runs[0]!)
    return {
      group: {
        key,
        label: labels[at]!,
        method,
        params,
        datasetHash,
        splitHash,
        protocol,
        runs: runs.map(({ id, seed }) => ({ run: id, seed })),
      },
      manifests: runs,
    }
  })
  return { groups, repeated }
}

const short = (hash: string | null): string => hash?.slice(0, 8) ?? 'unknown'

/** The method with what tells the group from the others; the labels of an experiment where all groups come from one. */
function labelGroups(groups: readonly RunManifest[][], labelOf: (method: string) => string): string[] {
  const own = experimentLabels(groups)
  if (own) return own
  const first = groups.map((runs) => runs[0]!)
  /** What may differ between groups of any methods. */
  const facets = first.map((manifest) => {
    const { datasetHash, splitHash } = manifest.producedBy
    return {
      data: manifest.dataset,
      ...manifest.recipe,
      backend: manifest.backend,
      knowledge: manifest.knowledge?.name ?? 'none',
      candidates: protocolOf(manifest),
      dataHash: short(datasetHash),
      split: short(splitHash),
    } as Record<string, unknown>
  })
  const differing = (of: Record<string, unknown>[]): string[] =>
    [...new Set(of.flatMap(Object.keys))].filter((key) => new Set(of.map((one) => canonical(one[key]))).size > 1)
  const shown = differing(facets)
  // A hash only where no word says what differs.
  const words = shown.filter((key) => key !== 'dataHash' && key !== 'split')
  const facetKeys = words.some((key) => !['backend', 'knowledge', 'candidates'].includes(key)) ? words : shown
  const labels = first.map((manifest, at) => {
    const alike = first.filter(({ method }) => method === manifest.method)
    const parts = [
      ...differing(alike.map(({ params }) => params)).map((key) => [key, manifest.params[key]] as const),
      ...facetKeys.map((key) => [key, facets[at]![key]] as const),
    ].map(([key, value]) => `${key}=${value === undefined ? 'none' : String(value)}`)
    const label = labelOf(manifest.method)
    return parts.length === 0 ? label : `${label} (${parts.join(', ')})`
  })
  // Knowledge of one name may have changed its edges; data of one name their rows.
  return labels.map((label, at) =>
    labels.indexOf(label) === labels.lastIndexOf(label) ? label : `${label} #${groupKey(first[at]!).slice(0, 4)}`,
  )
}

/** The labels that an experiment's author gave, where every group is one of its final trials and they tell the groups apart. */
function experimentLabels(groups: readonly RunManifest[][]): string[] | null {
  const trials = groups.flat().map(({ experiment }) => experiment)
  const name = trials[0]?.name
  if (name === undefined || trials.some((trial) => trial?.name !== name || trial.phase !== 'final')) return null
  // A label that is the method's id was not given by anyone.
  if (groups.flat().every(({ experiment, method }) => experiment!.label === method)) return null
  const labels = groups.map((runs) => [...new Set(runs.map(({ experiment }) => experiment!.label))])
  const unique = new Set(labels.flat()).size === labels.length
  return unique && labels.every((own) => own.length === 1) ? labels.flat() : null
}

/** As many as a sentence bears: the first ones, and how many more there are. */
function firstOf(names: readonly string[]): string[] {
  const most = 3
  return names.length <= most ? [...names] : [...names.slice(0, most - 1), `and ${names.length - most + 1} more`]
}

/** Why the groups do not belong in one ranking, and what to bear in mind where they do. */
export function comparabilityWarnings(groups: readonly GroupedRuns[]): ComparabilityWarning[] {
  const warnings: ComparabilityWarning[] = []
  const runsOf = (chosen: readonly GroupedRuns[]): string[] =>
    chosen.flatMap(({ manifests }) => manifests.map(({ id }) => id))

  /** Groups by what `value` says of them; says `text` of all values but the commonest where there are several. */
  const differ = (
    code: ComparabilityWarning['code'],
    forbidsRanking: boolean,
    value: (grouped: GroupedRuns) => string,
    text: (values: string) => string,
  ): boolean => {
    const byValue = new Map<string, GroupedRuns[]>()
    for (const grouped of groups) byValue.set(value(grouped), [...(byValue.get(value(grouped)) ?? []), grouped])
    if (byValue.size < 2) return false
    const most = Math.max(...[...byValue.values()].map((own) => own.length))
    const commonest = [...byValue.values()].find((own) => own.length === most)
    const values = firstOf(
      [...byValue].map(([of, own]) => `${of} (${firstOf(own.map(({ group }) => group.label)).join(', ')})`),
    )
    const others = groups.filter((grouped) => !commonest!.includes(grouped))
    warnings.push({ code, text: text(values.join('; ')), runs: runsOf(others), forbidsRanking })
    return true
  }

  const noRanking = 'Their numbers stand side by side without a ranking, a test or a mark.'
  const otherData = differ(
    'otherData',
    true,
    ({ group, manifests }) => `${manifests[0]!.dataset} ${short(group.datasetHash)}`,
    (values) => `The groups are of different data: ${values}. ${noRanking} Compare runs of one data set.`,
  )
  if (!otherData)
    differ(
      'otherSplit',
      true,
      ({ group }) => short(group.splitHash),
      (values) =>
        `The groups were tested on different splits: ${values}. A difference may be one of the test parts. ${noRanking} Train on one recipe and split seed.`,
    )
  differ(
    'otherCandidates',
    true,
    ({ group }) => group.protocol,
    (values) =>
      `The groups ranked different candidates: ${values}. The same model has other numbers under other candidates. ${noRanking} Evaluate them under one protocol.`,
  )
  differ(
    'otherCode',
    false,
    ({ manifests }) => [...new Set(manifests.map(({ producedBy }) => producedBy.causeway))].sort().join(' and '),
    (values) =>
      `The groups were trained by different versions of Causeway: ${values}. A difference may be one of the code. Train them anew with one version to be sure.`,
  )
  differ(
    'otherBackend',
    false,
    ({ manifests }) => manifests[0]!.backend,
    (values) =>
      `The groups were trained on different backends: ${values}. Rounding differs between backends, as another seed would.`,
  )
  differ(
    'otherBudget',
    false,
    ({ manifests }) => [...new Set(manifests.map(tuning))].sort().join(' and '),
    (values) =>
      `The groups were not tuned in one experiment: ${values}. One may have had more tuning than the other. An experiment gives every method the same budget.`,
  )
  // Only tests pair seeds.
  if (!warnings.some(({ forbidsRanking }) => forbidsRanking))
    differ(
      'otherSeeds',
      false,
      ({ group }) => `seeds ${group.runs.map(({ seed }) => seed).join(' ')}`,
      (values) =>
        `The groups have different seeds: ${values}. Tests over seeds pair the runs of the seeds that both groups have; means are over all.`,
    )
  return warnings
}

const tuning = ({ experiment }: RunManifest): string => {
  if (!experiment) return 'by themselves'
  return experiment.phase === 'final' ? `experiment ${experiment.name}` : `search of experiment ${experiment.name}`
}

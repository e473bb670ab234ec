import type {
  Comparison,
  ComparisonCell,
  ComparisonGroup,
  ComparisonMetric,
  ComparisonTest,
} from '../../../src-shared/domain/comparison'
import { testKinds } from '../../../src-shared/domain/comparison'
import { definitionOf } from '../../../src-shared/domain/metric'
import type { Step } from '../intervene/tasks'
import { marksOf } from './marks'
import { holm, meanOf, pairedT, sampleDeviation, wilcoxonSignedRank } from './paired-tests'
import { userDifferences, userIntervals, userMeans, type ValuesOfRuns } from './user-means'

/** A group with all its numbers. */
export interface MeasuredGroup {
  group: ComparisonGroup
  /** By metric: one value a run, null where it has none. */
  values: ReadonlyMap<string, readonly (number | null)[]>
  /** By metric that has them: the values of each run by user, over the users of the group's split. */
  byUser: ReadonlyMap<string, ValuesOfRuns>
}

export interface CompareOptions {
  metrics: readonly string[]
  /** Key of the group that the others are tested against; null: every group against every other. */
  baseline: string | null
  level: number
  /** Whether the groups belong in one ranking: if not, nothing is tested or marked. */
  rankable: boolean
  /** Called between two pieces of work: lets other messages in. */
  step: Step
}

/** What would take minutes is left out, and the comparison says so. */
const mostTests = 2000
const mostNumbersTested = 3e7
const mostNumbersDrawn = 1.2e7

/** Milliseconds of work between two steps. */
const patienceMilliseconds = 25

export interface ComparedGroups extends Pick<Comparison, 'metrics' | 'holm'> {
  /** What was left out for being too much: in words. */
  leftOut: string[]
}

/**
 * Means, intervals, tests and marks of groups.
 * @param groups over the same users where `rankable`; otherwise each of its own
 */
export async function compareGroups(
  groups: readonly MeasuredGroup[],
  { metrics, baseline, level, rankable, step }: CompareOptions,
): Promise<ComparedGroups> {
  const leftOut: string[] = []
  const pairs = rankable ? pairsOf(groups, baseline) : []
  const usersOf = (group: MeasuredGroup): number => [...group.byUser.values()][0]?.[0]?.length ?? 0
  const mostUsers = Math.max(0, ...groups.map(usersOf))
  const tested = pairs.length * metrics.length
  const tests = tested <= mostTests
  const userTests = tests && tested * mostUsers <= mostNumbersTested
  if (pairs.length > 0 && !tests) {
    leftOut.push(
      `${groups.length} groups make ${pairs.length.toLocaleString('en-US')} pairs: no tests were made. Choose a baseline, fewer runs or fewer metrics.`,
    )
  } else if (pairs.length > 0 && !userTests) {
    leftOut.push(
      `Tests over ${mostUsers.toLocaleString('en-US')} users of so many groups and metrics were left out. Choose a baseline, fewer runs or fewer metrics.`,
    )
  }
  const drawn = groups.reduce((sum, group) => sum + group.byUser.size * usersOf(group), 0) <= mostNumbersDrawn
  if (!drawn)
    leftOut.push(
      'Intervals over users of so many groups and metrics were left out. Choose fewer runs or fewer metrics.',
    )
  const intervals = drawn ? await intervalsOf(groups, level, step) : new Map<string, ComparisonCell['interval']>()

  let since = performance.now()
  const breathe = async (fraction: number): Promise<void> => {
    if (performance.now() - since < patienceMilliseconds) return
    await step('Testing differences', fraction)
    since = performance.now()
  }
  const compared: ComparisonMetric[] = []
  for (const [at, name] of metrics.entries()) {
    const means = new Map<string, Float64Array>()
    if (userTests)
      for (const { group, byUser } of groups) {
        const runs = byUser.get(name)
        if (runs) means.set(group.key, userMeans(runs))
        await breathe(at / metrics.length)
      }
    const own: ComparisonTest[] = []
    for (const [a, b] of tests ? pairs : []) {
      own.push(...testsOf(a, b, name, level, means))
      await breathe(at / metrics.length)
    }
    const cells = groups.map(({ group, values }): ComparisonCell => {
      const all = values.get(name) ?? group.runs.map(() => null)
      const known = all.filter((value) => value !== null)
      return {
        group: group.key,
        values: [...all],
        mean: known.length === 0 ? null : meanOf(known),
        sd: sampleDeviation(known),
        interval: intervals.get(`${group.key} ${name}`) ?? null,
        mark: null,
        markNote: null,
      }
    })
    compared.push({ name, cells, tests: own })
  }
  correct(compared, level)
  const ofGroups = groups.map(({ group }) => group)
  for (const metric of compared) {
    const means = metric.cells.map(({ mean }) => mean)
    const marks = marksOf(definitionOf(metric.name), ofGroups, means, metric.tests, rankable)
    metric.cells.forEach((cell, at) => Object.assign(cell, marks[at]))
  }
  return { metrics: compared, holm: holmNotice(compared, level), leftOut }
}

type Pair = readonly [MeasuredGroup, MeasuredGroup]

/** Every two groups in their order; with a baseline every other group against it. */
function pairsOf(groups: readonly MeasuredGroup[], baseline: string | null): Pair[] {
  if (baseline === null) return groups.flatMap((a, at) => groups.slice(at + 1).map((b): Pair => [a, b]))
  const base = groups.find(({ group }) => group.key === baseline)!
  return groups.filter((group) => group !== base).map((group): Pair => [group, base])
}

/** By group and metric. Groups over the same users draw the same ones. */
async function intervalsOf(groups: readonly MeasuredGroup[], level: number, step: Step) {
  const byUsers = new Map<string, { key: string; runs: ValuesOfRuns; users: number }[]>()
  for (const { group, byUser } of groups)
    for (const [name, runs] of byUser) {
      const users = runs[0]!.length
      const frame = `${group.splitHash} ${group.protocol} ${users}`
      byUsers.set(frame, [...(byUsers.get(frame) ?? []), { key: `${group.key} ${name}`, runs, users }])
    }
  const intervals = new Map<string, ComparisonCell['interval']>()
  for (const sets of byUsers.values()) {
    const found = await userIntervals(
      sets.map(({ runs }) => runs),
      sets[0]!.users,
      level,
      step,
    )
    sets.forEach(({ key }, at) => intervals.set(key, found[at]!))
  }
  return intervals
}

/** The tests of one metric between two groups that have something to be tested by. */
function testsOf(
  a: MeasuredGroup,
  b: MeasuredGroup,
  name: string,
  level: number,
  means: ReadonlyMap<string, Float64Array>,
): ComparisonTest[] {
  const bySeed = seedDifferences(a, b, name)
  const [meansA, meansB] = [means.get(a.group.key), means.get(b.group.key)]
  const byUser = meansA && meansB ? userDifferences(meansA, meansB) : null
  return testKinds.flatMap((kind): ComparisonTest[] => {
    const differences = kind.endsWith('users') ? byUser : bySeed
    if (differences === null) return []
    const pair = kind.endsWith('users') ? 'user' : 'shared seed'
    const test = kind.startsWith('paired-t') ? pairedT(differences, level, pair) : wilcoxonSignedRank(differences, pair)
    return [{ a: a.group.key, b: b.group.key, kind, ...test, pHolm: null, significant: false }]
  })
}

/** a less b of the seeds that both have a value for. */
function seedDifferences(a: MeasuredGroup, b: MeasuredGroup, name: string): number[] {
  const valueOf = new Map(b.group.runs.map(({ seed }, at) => [seed, b.values.get(name)?.[at] ?? null]))
  return a.group.runs.flatMap(({ seed }, at) => {
    const [own, other] = [a.values.get(name)?.[at] ?? null, valueOf.get(seed) ?? null]
    return own === null || other === null ? [] : [own - other]
  })
}

/** Holm's correction over all tests of one kind. */
function correct(metrics: readonly ComparisonMetric[], level: number): void {
  for (const kind of testKinds) {
    const own = metrics.flatMap(({ tests }) => tests.filter((test) => test.kind === kind))
    holm(own.map(({ p }) => p)).forEach((pHolm, at) => {
      const test = own[at]!
      test.pHolm = pHolm
      test.significant = pHolm !== null && pHolm < 1 - level
    })
  }
}

/** From so many tests on it is said that there were many. */
const many = 10

function holmNotice(metrics: readonly ComparisonMetric[], level: number): Comparison['holm'] {
  const made = testKinds.map(
    (kind) => metrics.flatMap(({ tests }) => tests.filter((test) => test.kind === kind && test.p !== null)).length,
  )
  const comparisons = Math.max(...made)
  if (comparisons < many) return { comparisons, notice: null }
  const share = Number(((1 - level) * 100).toPrecision(3))
  const byChance = Number((comparisons * (1 - level)).toPrecision(2))
  return {
    comparisons,
    notice: `${comparisons.toLocaleString('en-US')} comparisons were made. If nothing differed at all, about ${byChance} of them would still have p below ${share} %. Marks and verdicts therefore go by Holm's p, which counts them all; each further metric or group makes it stricter.`,
  }
}

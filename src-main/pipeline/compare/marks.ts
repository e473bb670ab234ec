import { formatP, pairsOf } from '../../../src-shared/comparison/words'
import type { ComparisonCell, ComparisonGroup, ComparisonTest, TestKind } from '../../../src-shared/domain/comparison'
import type { MetricDefinition } from '../../../src-shared/domain/metric'

/** What a cell gets. */
export type Mark = Pick<ComparisonCell, 'mark' | 'markNote'>

const none: Mark = { mark: null, markNote: null }

/**
 * The marks of one metric, a cell each. `best` is the group with the best mean if it is significantly better, by Holm's p, than
 * every other; `second` the next one if `best` was given and it is significantly better than all that follow. One kind of test
 * decides for the whole metric: paired t over seeds where each pair of groups has such a test, otherwise paired t over users.
 * @param tests of the metric, of all kinds
 */
export function marksOf(
  definition: MetricDefinition,
  groups: readonly ComparisonGroup[],
  means: readonly (number | null)[],
  tests: readonly ComparisonTest[],
  rankable: boolean,
): Mark[] {
  const marks = groups.map(() => none)
  if (!rankable || definition.direction === 'none') return marks
  const sign = definition.direction === 'higher' ? 1 : -1
  const ranked = means
    .map((mean, at) => ({ mean, at }))
    .filter((entry): entry is { mean: number; at: number } => entry.mean !== null)
    .sort((a, b) => sign * (b.mean - a.mean))
    .map(({ at }) => at)
  const [first, second] = ranked
  if (first === undefined || second === undefined) return marks

  const between = (kind: TestKind, a: number, b: number): ComparisonTest | undefined =>
    tests.find(
      (test) =>
        test.kind === kind &&
        ((test.a === groups[a]!.key && test.b === groups[b]!.key) ||
          (test.a === groups[b]!.key && test.b === groups[a]!.key)),
    )
  const extreme = definition.direction === 'higher' ? 'highest' : 'lowest'
  const kind = decidingKind(tests, ranked.length)
  if (kind === null) {
    marks[first] = { mark: null, markNote: `The ${extreme} mean, not marked: ${whyUntested(tests, groups)}` }
    return marks
  }

  /** Marks a group if its tests against all of `others` allow it, and says which decided. */
  const decide = (at: number, others: number[], mark: 'best' | 'second'): boolean => {
    const place = mark === 'best' ? `The ${extreme} mean` : 'The next mean'
    const made = others.map((other) => ({ other, test: between(kind, at, other) }))
    const missing = made.find(({ test }) => test?.p === undefined || test.p === null)
    if (missing) {
      const name = groups[missing.other]!.label
      const note = missing.test?.note ?? 'with a baseline, groups are tested against it only.'
      marks[at] = { mark: null, markNote: `${place}, not marked: no test against ${name}; ${note}` }
      return false
    }
    const against = made.map(({ other, test }) => ({ other, test: test! }))
    // Where groups have different seeds, the mean over the shared ones may point the other way.
    const favours = (test: ComparisonTest): boolean =>
      test.significant && sign * test.meanDifference * (test.a === groups[at]!.key ? 1 : -1) > 0
    const undecided = against.find(({ test }) => !favours(test))
    if (undecided) {
      const { test, other } = undecided
      const note = test.note === null ? '' : ` ${test.note}`
      marks[at] = {
        mark: null,
        markNote: `${place}, not marked: no difference from ${groups[other]!.label} shown, ${testName(test)}, Holm p ${formatP(test.pHolm!)}.${note}`,
      }
      return false
    }
    const largest = against.reduce((a, b) => (b.test.pHolm! > a.test.pHolm! ? b : a)).test
    const than = mark === 'best' ? 'every other group' : 'every group that follows'
    marks[at] = {
      mark,
      markNote: `Better than ${than}: ${testName(largest)}, Holm p ${others.length > 1 ? 'at most ' : ''}${formatP(largest.pHolm!)}.`,
    }
    return true
  }
  const isBest = decide(
    first,
    ranked.filter((at) => at !== first),
    'best',
  )
  const following = ranked.slice(2)
  if (isBest && following.length > 0) decide(second, following, 'second')
  return marks
}

const testName = (test: ComparisonTest): string => `paired t over ${pairsOf(test)}`

/** Over seeds where all tests over seeds could be made, else over users; null where neither is there. */
function decidingKind(tests: readonly ComparisonTest[], ranked: number): TestKind | null {
  if (ranked < 2) return null
  for (const kind of ['paired-t-seeds', 'paired-t-users'] as const) {
    const own = tests.filter((test) => test.kind === kind)
    if (own.length > 0 && own.every(({ p }) => p !== null)) return kind
  }
  return null
}

function whyUntested(tests: readonly ComparisonTest[], groups: readonly ComparisonGroup[]): string {
  if (tests.length === 0) return 'no tests were made of so many groups. Choose a baseline or fewer runs.'
  const seeds = Math.min(...groups.map(({ runs }) => runs.length))
  const few = `${seeds} seed${seeds === 1 ? '' : 's'} for a group, and no values by user are stored for all`
  const reason = tests.find(({ kind, note }) => kind === 'paired-t-seeds' && note !== null)?.note
  return `${reason ?? `${few}.`} Without values by user for every group nothing else can decide. Train each group on more seeds.`
}

import { CausewayError } from '../../../../src-shared/contract/errors'
import { formatP } from '../../../../src-shared/comparison/words'
import type { Environment } from '../../../../src-shared/domain/experiment-results'
import {
  rankingMetricLabels,
  rankingMetrics,
  type GapTest,
  type RankingBase,
  type RankingCell,
  type RankingCondition,
  type RankingFit,
  type RankingGap,
  type RankingMetric,
  type RankingResults,
  type RankingSimulationFile,
  type RankingTest,
} from '../../../../src-shared/domain/ranking-simulation'
import type { Verdict } from '../../../../src-shared/domain/simulation'
import { conditionWords, hasNoises, noiseWords } from '../../../../src-shared/experiment/parse-ranking-simulation'
import { holm, meanOf, pairedT, type PairedTest } from '../../compare/paired-tests'
import { signed } from '../../report/words'
import { bestParams, fitsOf, fitsOfPlan, planOfRanking, type KeyedMethod } from '../simulate/plan-fits'
import { summary, usedBy } from '../simulate/simulation-results'

export interface RankingInput {
  file: RankingSimulationFile
  methods: readonly KeyedMethod[]
  fits: readonly RankingFit[]
  budget: string
  environment: Environment
  data: RankingResults['data']
  madeAt: string
}

/** A difference is significant where the corrected p is below it. */
const limit = 0.05

/** What a ranking simulation came to. @throws CausewayError `runNotReady` before a final training has completed */
export function rankingResults(input: RankingInput): RankingResults {
  const { file, methods, fits, budget, environment, data, madeAt } = input
  const plan = planOfRanking(file)
  const cells = cellsOf(input)
  if (cells.every(({ metrics }) => metrics['ndcg@20'].mean === null))
    throw new CausewayError('runNotReady', `No training of the simulation "${file.name}" has completed.`)
  const gaps = gapsOf(input, cells)
  return {
    type: 'causeway-ranking-simulation-results',
    version: 1,
    name: file.name,
    madeAt,
    configuration: file,
    environment,
    data,
    budget,
    methods: methods.map((method) => usedBy(method, fitsOfPlan(plan, [method], fits), file.remarks)),
    bases: basesOf(input),
    cells,
    gaps,
    verdicts: [
      ...orderVerdicts(file, gaps),
      ...(file.claims.peak ? peakVerdicts(file, cells) : []),
      ...(file.claims.features ? featureVerdicts(file, cells, gaps) : []),
    ],
    besidePublished: besidePublished(file, cells),
  }
}

/** What was tested of each seed's final training; null where it failed or is still to be made. */
function testsOf({ file, fits }: RankingInput, method: KeyedMethod, condition: RankingCondition) {
  const finals = fitsOf(fits, method, 'final', condition)
  return file.seeds.map((seed) => finals.find((fit) => fit.seed === seed)?.test ?? null)
}

function cellsOf(input: RankingInput): RankingCell[] {
  const { file, methods, fits } = input
  const plan = planOfRanking(file)
  return methods.flatMap((method) =>
    file.conditions.map((condition, at): RankingCell => {
      const tests = testsOf(input, method, condition)
      const published = file.published?.figures[method.label]?.[at]
      const figureOf = (metric: RankingMetric) => {
        const values = tests.map((test) => test && test.metrics[metric])
        const [recall, ndcg] = published ?? [null, null]
        return { values, ...summary(values), published: metric === 'recall@20' ? recall : ndcg }
      }
      return {
        label: method.label,
        ...condition,
        metrics: { 'ndcg@20': figureOf('ndcg@20'), 'recall@20': figureOf('recall@20') },
        best: bestParams(plan, method, condition, fits),
      }
    }),
  )
}

/** Of every condition that a method was tested at: the data are the same for all methods. */
function basesOf(input: RankingInput): RankingBase[] {
  return input.file.conditions.flatMap((condition): RankingBase[] => {
    const bySeed = input.file.seeds.flatMap((_, seed): RankingTest['base'][] => {
      const tests = input.methods.map((method) => testsOf(input, method, condition)[seed] ?? null)
      const test = tests.find((one) => one !== null)
      return test ? [test.base] : []
    })
    if (bySeed.length === 0) return []
    const mean = (of: (base: RankingTest['base']) => number): number => meanOf(bySeed.map(of))
    return [
      {
        ...condition,
        exposed: mean(({ exposed }) => exposed),
        liked: mean(({ liked }) => liked),
        likedExposed: mean(({ likedExposed }) => likedExposed),
        relevant: mean(({ relevant }) => relevant),
        candidates: mean(({ candidates }) => candidates),
        random: {
          'ndcg@20': mean(({ random }) => random['ndcg@20']),
          'recall@20': mean(({ random }) => random['recall@20']),
        },
      },
    ]
  })
}

/** From the least noise to the most, without features last. */
const byNoise = (a: RankingCondition, b: RankingCondition): number =>
  (a.noise ?? Infinity) === (b.noise ?? Infinity) ? 0 : (a.noise ?? Infinity) - (b.noise ?? Infinity)

const gammasOf = ({ conditions }: RankingSimulationFile): number[] =>
  [...new Set(conditions.map(({ gamma }) => gamma))].sort((a, b) => a - b)

/** Neighbours of the claimed orders, each with its tests. */
function gapsOf(input: RankingInput, cells: readonly RankingCell[]): RankingGap[] {
  const { file, methods } = input
  const { order, features } = file.claims
  type Side = [label: string, condition: RankingCondition]
  const pairs: { of: RankingGap['of']; better: Side; worse: Side }[] = [
    ...order.slice(1).flatMap((better, at) =>
      file.conditions.map((condition) => ({
        of: 'order' as const,
        better: [better, condition] as Side,
        worse: [order[at]!, condition] as Side,
      })),
    ),
    ...(features
      ? methods.flatMap(({ label }) =>
          gammasOf(file).flatMap((gamma) => {
            const noises = file.conditions.filter((condition) => condition.gamma === gamma).sort(byNoise)
            return noises.slice(1).map((worse, at) => ({
              of: 'features' as const,
              better: [label, noises[at]!] as Side,
              worse: [label, worse] as Side,
            }))
          }),
        )
      : []),
  ]
  const tests = ([label, condition]: Side): (RankingTest | null)[] =>
    testsOf(
      input,
      methods.find((method) => method.label === label)!,
      condition,
    )
  const cellOf = ([label, { gamma, noise }]: Side): RankingCell =>
    cells.find((cell) => cell.label === label && cell.gamma === gamma && cell.noise === noise)!
  return (['order', 'features'] as const).flatMap((of) =>
    rankingMetrics.flatMap((metric) => {
      const made = pairs
        .filter((pair) => pair.of === of)
        .map(({ better, worse }) => {
          const bySplit = tests(better).flatMap((own, seed) => {
            const other = tests(worse)[seed] ?? null
            return own && other ? [{ own, other }] : []
          })
          const differences = bySplit.map(({ own, other }) => own.metrics[metric] - other.metrics[metric])
          const [mine, theirs] = [better, worse].map((side) => cellOf(side).metrics[metric].published)
          return {
            gap: {
              of,
              metric,
              better: better[0],
              worse: worse[0],
              ...better[1],
              worseNoise: worse[1].noise,
              difference: differences.length === 0 ? null : meanOf(differences),
              publishedDifference: mine == null || theirs == null ? null : mine - theirs,
            },
            splits: pairedT(differences, 1 - limit, 'split'),
            users: pairedT(userDifferences(bySplit, metric), 1 - limit, 'user'),
          }
        })
      const corrected = (of: (one: (typeof made)[number]) => PairedTest) => holm(made.map((one) => of(one).p))
      const [splits, users] = [corrected((one) => one.splits), corrected((one) => one.users)]
      const testOf = ({ pairs, p }: PairedTest, pHolm: number | null): GapTest => ({ pairs, p, pHolm })
      return made.map((one, at): RankingGap => ({
        ...one.gap,
        overSplits: testOf(one.splits, splits[at]!),
        overUsers: testOf(one.users, users[at]!),
      }))
    }),
  )
}

/** Each test user's difference, as a mean over the splits in which both have the user. */
function userDifferences(
  bySplit: readonly { own: RankingTest; other: RankingTest }[],
  metric: RankingMetric,
): number[] {
  const byUser = new Map<number, number[]>()
  for (const { own, other } of bySplit) {
    const others = new Map(other.users.map((user, at) => [user, other.byUser[metric][at]!]))
    own.users.forEach((user, at) => {
      const value = others.get(user)
      if (value === undefined) return
      byUser.set(user, [...(byUser.get(user) ?? []), own.byUser[metric][at]! - value])
    })
  }
  return [...byUser.values()].map(meanOf)
}

const pWords = ({ pHolm }: GapTest): string => (pHolm === null ? 'not tested' : `p ${formatP(pHolm)}`)

/** Of each two neighbours whether the one is better at every condition. */
function orderVerdicts(file: RankingSimulationFile, gaps: readonly RankingGap[]): Verdict[] {
  const { order } = file.claims
  const noises = hasNoises(file)
  return rankingMetrics.flatMap((metric) =>
    order.slice(1).map((better, at) => {
      const worse = order[at]!
      const own = gaps.filter(
        (gap) => gap.of === 'order' && gap.metric === metric && gap.better === better && gap.worse === worse,
      )
      return gapVerdict(
        `${better} has a higher ${rankingMetricLabels[metric]} than ${worse} at every condition.`,
        own,
        (gap) => conditionWords(gap, noises),
      )
    }),
  )
}

/** Whether all gaps are above 0; with how many of them are more than chance. */
function gapVerdict(claim: string, gaps: readonly RankingGap[], where: (gap: RankingGap) => string): Verdict {
  const missing = gaps.filter(({ difference }) => difference === null)
  if (missing.length > 0) return { claim, holds: false, because: `Not measured at ${missing.map(where).join('; ')}.` }
  if (gaps.length === 0) return { claim, holds: false, because: 'There is nothing to compare.' }
  const words = (gap: RankingGap): string => `${signed(gap.difference!)} at ${where(gap)} (${pWords(gap.overSplits)})`
  const failing = gaps.filter(({ difference }) => !(difference! > 0))
  const isSignificant = ({ overSplits: { pHolm }, difference }: RankingGap): boolean =>
    pHolm !== null && pHolm < limit && difference! > 0
  const sure = `${gaps.filter(isSignificant).length} of ${gaps.length} gaps are significantly above 0 over splits.`
  if (failing.length > 0) return { claim, holds: false, because: `${failing.map(words).join('; ')}. ${sure}` }
  const smallest = gaps.reduce((a, b) => (b.difference! < a.difference! ? b : a))
  return { claim, holds: true, because: `The smallest gap is ${words(smallest)}. ${sure}` }
}

/** How a row of values moves, in words. */
export function movesWords(values: readonly number[]): string {
  const steps = values.slice(1).map((value, at) => Math.sign(value - values[at]!))
  const runs = steps.filter((step, at) => step !== 0 && step !== steps.slice(0, at).findLast((other) => other !== 0))
  if (runs.length === 0) return 'stays the same'
  const words = runs.map((step) => (step > 0 ? 'rises' : 'falls'))
  return words.length === 1 ? `${words[0]} throughout` : words.join(', then ')
}

/** A point of a curve over γ: its values by seed. */
interface PeakPoint {
  gamma: number
  values: readonly (number | null)[]
}

/** Of each method whether its best γ lies inside, at every noise of the features. */
function peakVerdicts(file: RankingSimulationFile, cells: readonly RankingCell[]): Verdict[] {
  const labels = [...new Set(cells.map(({ label }) => label))]
  const noises = [...new Set(file.conditions.map(({ noise }) => noise))]
  return rankingMetrics.flatMap((metric) =>
    labels.flatMap((label) =>
      noises.map((noise): Verdict => {
        const own = cells
          .filter((cell) => cell.label === label && cell.noise === noise)
          .sort((a, b) => a.gamma - b.gamma)
          .map(({ gamma, metrics }) => ({ gamma, ...metrics[metric] }))
        const name = rankingMetricLabels[metric]
        const given = noises.length > 1 ? ` with ${noiseWords(noise)}` : ''
        const claim = `${name} of ${label}${given} is best neither at the lowest gamma nor at the highest.`
        const missing = own.filter(({ mean }) => mean === null)
        if (missing.length > 0)
          return {
            claim,
            holds: false,
            because: `Not measured at gamma ${missing.map(({ gamma }) => gamma).join(', ')}.`,
          }
        const values = own.map(({ mean }) => mean!)
        const best = values.indexOf(Math.max(...values))
        const holds = best > 0 && best < values.length - 1
        const published = own.map((one) => one.published).filter((value) => value !== null)
        const theirs =
          published.length === own.length
            ? ` The published ${name} ${movesWords(published)}, with its best at gamma ${own[published.indexOf(Math.max(...published))]!.gamma}.`
            : ''
        return {
          claim,
          holds,
          because: `It ${movesWords(values)}, with its best at gamma ${own[best]!.gamma}: ${own
            .map(({ gamma }, at) => `${values[at]!.toFixed(4)} at ${gamma}`)
            .join(', ')}.${holds ? aboveEnds(own[best]!, [own[0]!, own.at(-1)!]) : ''}${theirs}`,
        }
      }),
    ),
  )
}

/** How sure it is that a peak is above both ends of the curve. */
function aboveEnds(best: Pick<PeakPoint, 'values'>, ends: readonly PeakPoint[]): string {
  const words = ends.map(({ gamma, values }) => {
    const differences = best.values.flatMap((value, seed) => {
      const other = values[seed] ?? null
      return value === null || other === null ? [] : [value - other]
    })
    const { p } = pairedT(differences, 1 - limit, 'split')
    return `${p === null ? 'not tested' : `p ${formatP(p)}`} against gamma ${gamma}`
  })
  return ` Over splits ${words.join(', ')}, not corrected for the best being chosen by the same figures.`
}

/** Of each method and γ whether less noise is better and features are better than none. */
function featureVerdicts(
  file: RankingSimulationFile,
  cells: readonly RankingCell[],
  gaps: readonly RankingGap[],
): Verdict[] {
  const labels = [...new Set(cells.map(({ label }) => label))]
  return rankingMetrics.flatMap((metric) =>
    labels.flatMap((label) =>
      gammasOf(file).flatMap((gamma) => {
        const own = gaps.filter(
          (gap) => gap.of === 'features' && gap.metric === metric && gap.better === label && gap.gamma === gamma,
        )
        const noises = file.conditions.filter((condition) => condition.gamma === gamma).sort(byNoise)
        if (noises.length < 2) return []
        const ladder = noises.map(({ noise }) => noiseWords(noise)).join(' > ')
        return gapVerdict(
          `${rankingMetricLabels[metric]} of ${label} at gamma ${gamma}: ${ladder}.`,
          own,
          ({ noise, worseNoise }) => `${noiseWords(noise)} less ${noiseWords(worseNoise)}`,
        )
      }),
    ),
  )
}

/** How far the figures are from the published ones, and whether these order methods alike. */
function besidePublished(file: RankingSimulationFile, cells: readonly RankingCell[]): string[] {
  const noises = hasNoises(file)
  const labels = [...new Set(cells.map(({ label }) => label))]
  const known = (cell: RankingCell, metric: RankingMetric): { gap: number; cell: RankingCell }[] => {
    const { mean, published } = cell.metrics[metric]
    return mean === null || published === null ? [] : [{ gap: mean - published, cell }]
  }
  const distances = rankingMetrics.flatMap((metric) =>
    labels.flatMap((label) => {
      const own = cells.filter((cell) => cell.label === label).flatMap((cell) => known(cell, metric))
      if (own.length === 0) return []
      const sorted = [...own].sort((a, b) => a.gap - b.gap)
      const [low, high] = [sorted[0]!, sorted.at(-1)!]
      const at = ({ gap, cell }: typeof low): string => `${signed(gap)} at ${conditionWords(cell, noises)}`
      const range = own.length === 1 ? at(low) : `${at(low)} to ${at(high)}`
      return [
        `${rankingMetricLabels[metric]} of ${label} less the published: ${range}, ${signed(meanOf(own.map(({ gap }) => gap)))} in the mean.`,
      ]
    }),
  )
  const orders = rankingMetrics.flatMap((metric) =>
    file.conditions.flatMap((condition) => {
      const here = cells.filter(
        (cell) => cell.gamma === condition.gamma && cell.noise === condition.noise && known(cell, metric).length > 0,
      )
      const pairs = here.flatMap((a, at) =>
        here.slice(at + 1).map((b) => [a.metrics[metric], b.metrics[metric]] as const),
      )
      if (pairs.length === 0) return []
      const alike = pairs.filter(
        ([a, b]) => Math.sign(a.mean! - b.mean!) === Math.sign(a.published! - b.published!),
      ).length
      return [
        `${rankingMetricLabels[metric]} at ${conditionWords(condition, noises)} orders ${alike} of ${pairs.length} pairs of methods as published.`,
      ]
    }),
  )
  return [...distances, ...orders]
}

import { z } from 'zod'
import { userSelectionSchema, type UserSelection } from './intervention'
import type { ParamValues } from '../params/params'
import type { MetricProvenance } from './metric'

export const comparisonRequestSchema = z
  .object({
    runs: z.array(z.string().min(1).max(64)).min(1).max(1000),
    /** Metric names: `ndcg@10`, `avp:price@10`. */
    metrics: z.array(z.string().max(200)).min(1).max(40),
    /** Which users the metrics are of. */
    users: userSelectionSchema.default({ kind: 'all' }),
    /** Key of the group that the others are tested against; null: every group against every other. */
    baseline: z.string().nullable().default(null),
    level: z.number().min(0.5).max(0.999).default(0.95),
  })
  .strict()
export type ComparisonRequest = z.infer<typeof comparisonRequestSchema>

/** Runs that differ in their seed only: same method, parameters, knowledge, data, split, candidates, backend. */
export interface ComparisonGroup {
  /** A hash of what its runs share. */
  key: string
  /** The method's label with the parameters that differ between the groups. */
  label: string
  method: string
  params: ParamValues
  /** With the metric's provenance, what its numbers are of. */
  datasetHash: string
  splitHash: string | null
  protocol: string
  /** One run a seed, by seed. */
  runs: { run: string; seed: number }[]
}

export interface ComparisonCell {
  group: string
  /** One value a run, in the order of the group's runs; null where a run lacks the metric. */
  values: (number | null)[]
  /** Over the runs that have it; null where none has. */
  mean: number | null
  /** Sample standard deviation over seeds; null for fewer than two. */
  sd: number | null
  /** Bootstrap over users of the mean over the group's runs; null where no values by user are stored. */
  interval: { low: number; high: number; users: number; resamples: number } | null
  /** Given only where the tests allow it. */
  mark: 'best' | 'second' | null
  /** Why there is no mark where one could be expected. */
  markNote: string | null
}

export const testKinds = ['paired-t-seeds', 'wilcoxon-seeds', 'paired-t-users', 'wilcoxon-users'] as const
export type TestKind = (typeof testKinds)[number]

/** A test of one metric between two groups, a less b. */
export interface ComparisonTest {
  a: string
  b: string
  kind: TestKind
  /** Pairs it is of: shared seeds, or users. */
  pairs: number
  meanDifference: number
  /** Of the mean difference; null where the test gives none. */
  interval: { low: number; high: number } | null
  statistic: number | null
  degreesOfFreedom: number | null
  /** Null where the test cannot be made, with the reason in `note`. */
  p: number | null
  /** Holm's correction over all tests of this kind in the comparison. */
  pHolm: number | null
  significant: boolean
  note: string | null
}

export interface ComparisonMetric {
  name: string
  cells: ComparisonCell[]
  tests: ComparisonTest[]
}

/** Why runs do not belong in one ranking. */
export interface ComparabilityWarning {
  code:
    | 'otherData'
    | 'otherSplit'
    | 'otherCandidates'
    | 'otherCode'
    | 'otherBackend'
    | 'otherSeeds'
    | 'noUserValues'
    /** None of the runs has a metric that was asked for. */
    | 'notMeasured'
    | 'otherBudget'
    /** Runs that were asked for and are not in the comparison. */
    | 'leftOut'
    /** So many groups and metrics that intervals or tests are left out. */
    | 'tooMany'
  /** What differs, what it means and what to do. */
  text: string
  runs: string[]
  /** The ranking is withheld; the other warnings only accompany it. */
  forbidsRanking: boolean
}

export interface Comparison {
  users: UserSelection
  groups: ComparisonGroup[]
  metrics: ComparisonMetric[]
  warnings: ComparabilityWarning[]
  rankable: boolean
  level: number
  holm: {
    /** Tests of one kind that the correction counts. */
    comparisons: number
    /** Said once many comparisons were made; null before. */
    notice: string | null
  }
  /** By metric name. */
  provenance: Record<string, MetricProvenance>
}

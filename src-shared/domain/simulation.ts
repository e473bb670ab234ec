import { z } from 'zod'
import type { ParamValues } from '../params/params'
import { methodEntriesSchema, remarksSchema, searchStrategies, seedSchema, seedsSchema } from './experiment'
import type { Environment } from './experiment-results'
import { savedNameSchema } from './mask'

/** A mean with its standard deviation, as it was published. */
const published = z.tuple([z.number(), z.number().min(0)])

/** The same for every method. */
export const simulationBudgetSchema = z
  .object({
    trialsPerMethod: z.number().int().min(1).max(1000).default(10),
    epochsPerTrial: z.number().int().min(1).max(100_000).optional(),
  })
  .strict()
  .prefault({})

/** A bound that is held where the size of the correlation is at least `from` and below `below`. */
const rangeOf = { from: z.number().min(0).max(1).default(0), below: z.number().min(0).max(1.01).default(1.01) }

/**
 * A simulation as its author writes it, in YAML: preferences and observations are drawn for every pair of a data set's users and items, so
 * that the truth is known, and methods are compared by how well they recover it from the observed pairs. With x in [0, 1] of a pair
 * from a factorisation of the data set's ratings, and (e, d) standard normal with a correlation: the preference is `scale` x + d, and it is
 * observed where `slope` tanh(x - `centre`) + e > `beta`.
 */
export const simulationFileSchema = z
  .object({
    type: z.literal('causeway-simulation'),
    version: z.literal(1),
    name: savedNameSchema,
    notes: z.string().max(4000).default(''),
    data: z.object({ dataset: z.string().min(1).max(64) }).strict(),
    /**
     * x, by matrix factorisation: `rating`, the expected rating divided by the highest there is, or `liking`, the probability that a rating
     * reaches the threshold.
     */
    preferences: z
      .object({
        of: z.enum(['rating', 'liking']).default('rating'),
        /** For `liking`. */
        threshold: z.number().default(4),
        factors: z.number().int().min(1).max(64).default(4),
        /** Squared penalty on factors and biases. */
        ridge: z.number().positive().default(1),
        seed: seedSchema.default(0),
      })
      .strict()
      .prefault({}),
    world: z
      .object({
        scale: z.number().default(5),
        slope: z.number().default(5),
        /** Left out: the mean of x over all pairs. */
        centre: z.number().optional(),
        beta: z.number().default(3),
      })
      .strict()
      .prefault({}),
    /** Correlations of the noise of preferences and observations. */
    correlations: z.array(z.number().gt(-1).lt(1)).min(1).max(50),
    methods: methodEntriesSchema,
    /** For each correlation, on data drawn with a seed of their own. */
    search: z
      .object({ strategy: z.enum(searchStrategies).default('random'), seed: seedSchema.default(0) })
      .strict()
      .prefault({}),
    /** Data are drawn and methods trained once for each. */
    seeds: seedsSchema,
    budget: simulationBudgetSchema,
    /** Share of the observed pairs that the search and early stopping go by. */
    validationShare: z.number().gt(0).max(0.5).default(0.1),
    /** Label of the method that the others are compared with. */
    reference: z.string().min(1).max(64).optional(),
    /** Label of a method that learns the correlation. */
    estimate: z.string().min(1).max(64).optional(),
    /** What is to hold; the results say of each whether it does. */
    claims: z
      .object({
        /** The error of the reference is at most so many times that of the best other method. */
        ratio: z.array(z.object({ ...rangeOf, most: z.number().positive() }).strict()).default([]),
        /** The estimated correlation, as a mean over seeds, is so near to the true one. */
        estimate: z.array(z.object({ ...rangeOf, within: z.number().positive() }).strict()).default([]),
      })
      .strict()
      .prefault({}),
    /** Errors that somebody published, by label, in the order of the correlations. */
    published: z
      .object({ source: z.string().min(1).max(400), errors: z.record(z.string(), z.array(published)) })
      .strict()
      .optional(),
    remarks: remarksSchema,
  })
  .strict()
export type SimulationFile = z.infer<typeof simulationFileSchema>

/** What a simulation will do, computed from its file before anything runs. */
export interface SimulationPlan<File = SimulationFile> {
  file: File
  methods: { label: string; method: string; searchTrials: number; finalTrials: number }[]
  /** Trainings in all. */
  fits: number
  budgetStatement: string
}

/** What the lines of `fits.jsonl` have in common, whatever is simulated. */
export const fitBaseSchema = z.object({
  /** Known by what it is of, not by the file it is asked for in: another file may have it too. */
  key: z.string(),
  phase: z.enum(['search', 'final']),
  seed: z.number().int(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** What the search goes by. Null for a training that failed. */
  validation: z.number().nullable(),
  epochs: z.number().int(),
  seconds: z.number(),
  /** Why it failed. */
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
  causeway: z.string(),
})
export type FitBase = z.infer<typeof fitBaseSchema>

/**
 * A method's training on drawn data: a line of `fits.jsonl`. Its validation is what the training stops by, on the validation part (observed
 * pairs): the mean squared error, or the negative log-likelihood where the method has one.
 */
export const fitSchema = fitBaseSchema.extend({
  correlation: z.number(),
  /** Pairs that were observed, those of the validation part among them. */
  observed: z.number().int(),
  /** Mean squared error on pairs drawn from all pairs. Null for a training that failed. */
  error: z.number().nullable(),
  /** The correlation that the model learned; null for methods that learn none. */
  estimate: z.number().nullable(),
})
export type SimulatedFit = z.infer<typeof fitSchema>

/** A method at one correlation. */
export interface SimulationCell {
  label: string
  correlation: number
  /** By seed, in the order of the file; null where the training failed. */
  errors: (number | null)[]
  mean: number | null
  sd: number | null
  best: { params: ParamValues; validation: number | null } | null
  published: { mean: number; sd: number } | null
  /** Paired over seeds, this method less the reference; null for the reference, and without one. */
  test: { meanDifference: number; p: number | null; pHolm: number | null } | null
}

/** The reference beside the best other method at one correlation. */
export interface SimulationRatio {
  correlation: number
  reference: number
  bestOther: { label: string; mean: number }
  ratio: number
  published: number | null
}

export interface SimulationEstimate {
  correlation: number
  /** By seed, in the order of the file; null where there is none. */
  values: (number | null)[]
  mean: number | null
  sd: number | null
}

/** What a method used in all its fits. */
export interface SimulatedMethod {
  label: string
  method: string
  fits: number
  failed: number
  epochs: number
  seconds: number
  remark: string | null
}

/** A claim of the file and whether it holds. */
export interface Verdict {
  claim: string
  holds: boolean
  /** Where it does not, or what it rests on. */
  because: string
}

/** What a simulation came to: `NAME.json` of its results; `NAME.md` says the same in words. */
export interface SimulationResults {
  type: 'causeway-simulation-results'
  version: 1
  name: string
  madeAt: string
  configuration: SimulationFile
  environment: Environment
  data: { dataset: string; datasetHash: string; users: number; items: number; observedMean: number; density: number }
  budget: string
  methods: SimulatedMethod[]
  cells: SimulationCell[]
  ratios: SimulationRatio[]
  estimates: SimulationEstimate[]
  verdicts: Verdict[]
}

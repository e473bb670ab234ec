import { z } from 'zod'
import { backendIds } from './backend'
import type { ErrorPayload } from '../contract/errors'
import { jobStates, type JobState } from './job'
import { savedNameSchema } from './mask'

const value = z.union([z.string(), z.number(), z.boolean()])
const values = z.record(z.string(), value)

/** Where a parameter is looked for: a list of values, or a range of numbers (which only `random` and `tpe` can search). */
export const searchDomainSchema = z.union([
  z.array(value).min(1).max(1000),
  z
    .object({
      min: z.number(),
      max: z.number(),
      /** Searched on a logarithmic scale. */
      log: z.boolean().default(false),
      /** Only multiples of this above `min`; integers have 1. */
      step: z.number().positive().optional(),
    })
    .strict(),
])
export type SearchDomain = z.infer<typeof searchDomainSchema>

export const searchStrategies = ['grid', 'random', 'tpe'] as const
export type SearchStrategy = (typeof searchStrategies)[number]

/** Figures that somebody published: by label of the method and name of the metric. */
export const publishedSchema = z
  .object({
    /** Where they stand: paper, table. */
    source: z.string().min(1).max(400),
    figures: z.record(
      z.string(),
      z.record(z.string(), z.object({ mean: z.number(), sd: z.number().min(0).optional() }).strict()),
    ),
  })
  .strict()

/** Sentences of the author on methods, by label: results documents print them. */
export const remarksSchema = z.record(z.string(), z.string().min(1).max(2000)).default({})

/** The methods that are compared, and what of each is fixed and what is searched. */
export const methodEntriesSchema = z
  .array(
    z
      .object({
        method: z.string().min(1).max(64),
        /** Told apart where a method is there twice; left out: the method's id. */
        label: z.string().min(1).max(64).optional(),
        /** Fixed values; the others have their defaults. */
        params: values.default({}),
        /** What is searched, by parameter. */
        search: z.record(z.string(), searchDomainSchema).default({}),
      })
      .strict(),
  )
  .min(1)
  .max(40)

/** A seed, and the seeds that are compared. */
export const seedSchema = z.number().int().min(0).max(2147483647)
export const seedsSchema = z.array(seedSchema).min(1).max(100)

/**
 * An experiment as its author writes it, in YAML: which methods are compared on what data, how their parameters are looked for,
 * on which seeds, at what budget, by which metrics. Every method gets the same budget.
 */
export const experimentFileSchema = z
  .object({
    type: z.literal('causeway-experiment'),
    version: z.literal(1),
    name: savedNameSchema,
    notes: z.string().max(4000).default(''),
    /** The recipe makes the split; all methods train on the same one. */
    data: z.object({ dataset: z.string().min(1).max(64), recipe: values.default({}) }).strict(),
    methods: methodEntriesSchema,
    search: z
      .object({
        strategy: z.enum(searchStrategies).default('grid'),
        /** Seed of the search, and of the trainings of the search phase. */
        seed: seedSchema.default(0),
        /** Ends trials that lie behind the median of the earlier ones at the same epoch. */
        earlyTermination: z.boolean().default(true),
      })
      .strict()
      .default({ strategy: 'grid', seed: 0, earlyTermination: true }),
    /** The best parameters of each method are trained once for each seed: these runs are what is compared. */
    seeds: seedsSchema,
    /** The same for every method. */
    budget: z
      .object({
        /** Search trials of each method that has anything to search. */
        trialsPerMethod: z.number().int().min(1).max(10_000).default(20),
        /** Upper limit of the epochs of any training; left out: what the methods' own parameters say. */
        epochsPerTrial: z.number().int().min(1).max(100_000).optional(),
        /** Training time of the search of each method; its search ends when it is spent. */
        searchMinutesPerMethod: z.number().positive().optional(),
      })
      .strict()
      .default({ trialsPerMethod: 20 }),
    metrics: z
      .object({
        /** What the search optimises, on the validation part. */
        objective: z
          .enum(['ndcg@10', 'ndcg@30', 'recall@10', 'recall@30', 'ratedAuc', 'ratedNdcg@5'])
          .default('ndcg@10'),
        /** What the comparison shows, on the test part, by metric name. */
        report: z.array(z.string()).min(1).max(40).default(['ndcg@10', 'recall@10']),
      })
      .strict()
      .default({ objective: 'ndcg@10', report: ['ndcg@10', 'recall@10'] }),
    /** Label of the method that the others are tested against; left out: every method is tested against every other. */
    reference: z.string().min(1).max(64).optional(),
    /** What results documents set beside the figures of the experiment. */
    published: publishedSchema.optional(),
    remarks: remarksSchema,
    /** Left out: the best usable backend. */
    backend: z.enum(backendIds).optional(),
  })
  .strict()
export type ExperimentFile = z.infer<typeof experimentFileSchema>

export const trialStates = ['waiting', 'running', 'completed', 'pruned', 'failed', 'interrupted'] as const
export type TrialState = (typeof trialStates)[number]

/** One training of an experiment. */
export const trialSchema = z.object({
  /** 1-based, in the order of starting. */
  number: z.number().int(),
  /** Label of the method in the file. */
  label: z.string(),
  method: z.string(),
  /** `search` looks for parameters by the validation part; `final` trains the best ones for a seed. */
  phase: z.enum(['search', 'final']),
  /** All parameters, resolved. */
  params: values,
  seed: z.number().int(),
  state: z.enum(trialStates),
  run: z.string().nullable(),
  /** The best value of the objective on the validation part so far. */
  objective: z.number().nullable(),
  epochs: z.number().int(),
  seconds: z.number(),
  /** Why it failed or was ended early, in words. */
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
})
export type Trial = z.infer<typeof trialSchema>

/** What an experiment will do, computed from its file before anything runs. */
export interface ExperimentPlan {
  file: ExperimentFile
  methods: {
    label: string
    method: string
    /** Parameter settings that the search can try at most; null for a continuous space. */
    settings: number | null
    searchTrials: number
    finalTrials: number
  }[]
  trials: number
  /** What every method gets, in a sentence: stated in the page, the terminal and the report. */
  budgetStatement: string
  warnings: string[]
}

/** An experiment in a list. */
export interface ExperimentSummary {
  name: string
  notes: string
  dataset: string
  methods: string[]
  createdAt: string
  /** `queued` before its first start. */
  state: JobState
  trials: { planned: number; completed: number; pruned: number; failed: number }
}

export interface ExperimentDetail extends ExperimentSummary {
  file: ExperimentFile
  /** The file as it was given, comments included. */
  text: string
  plan: ExperimentPlan
  trialList: Trial[]
  /** By label, once its search has ended: the parameters that were trained for every seed. */
  best: Record<
    string,
    { params: Record<string, z.infer<typeof value>>; objective: number | null; trial: number | null }
  >
  error: ErrorPayload | null
}

/** `experiment.json` in an experiment's folder; beside it `experiment.yaml` (the text) and `trials.jsonl`. */
export const experimentManifestSchema = z.object({
  type: z.literal('causeway-experiment-state'),
  version: z.literal(1),
  name: savedNameSchema,
  createdAt: z.string(),
  state: z.enum(jobStates),
  /** Of the data set it was first started on; null before. */
  datasetHash: z.string().nullable(),
  /** All its trainings compute on it; null before the first start. */
  backend: z.enum(backendIds).nullable(),
  error: z
    .object({ code: z.string(), message: z.string(), details: z.record(z.string(), z.unknown()).optional() })
    .nullable(),
})
export type ExperimentManifest = z.infer<typeof experimentManifestSchema>

import { z } from 'zod'
import type { BackendProbe, DoctorReport } from '../domain/backend'
import { backendIds } from '../domain/backend'
import type { DatasetCard, DatasetManifest, DatasetRows, FileHandle, ImportPreview } from '../domain/dataset'
import { columnMappingSchema, textLayoutSchema } from '../domain/dataset'
import {
  setCorrelationSchema,
  type CorrelationCurve,
  type CorrelationEffect,
  type CorrelationEstimate,
} from '../domain/correlation'
import {
  mostExposureEffects,
  type ExposedUser,
  type ExposureOutcome,
  type ItemExposureEffects,
  type JudgedCheck,
  type SegmentExposureEffects,
  type StrongestExposureEffects,
} from '../domain/exposure'
import type { SavedDomainGraph } from '../domain/domain-graph'
import {
  annotationsSchema,
  type Annotations,
  type BootstrapConfidence,
  type CausalGraph,
  type KnownGraph,
  type LocalGraph,
} from '../domain/graph'
import {
  interventionSchema,
  userSelectionSchema,
  type ConfounderProfile,
  type PathExplanation,
  type PerConfounderEffects,
  type SavedEffect,
  type SegmentChoices,
  type SegmentEffect,
  type UserEffect,
} from '../domain/intervention'
import type { JobSnapshot } from '../domain/job'
import type { Reproduction, ReproductionBundle } from '../domain/reproduction'
import { reproductionBundleSchema } from '../domain/reproduction'
import { comparisonRequestSchema, type Comparison } from '../domain/comparison'
import type { ExperimentDetail, ExperimentPlan, ExperimentSummary } from '../domain/experiment'
import { exportMaskSchema, modelFormats, tableFormats, type ExportedFile, type ExportedLists } from '../domain/exported'
import { reportOptionsSchema, reportSubjectSchema, type ReportSectionChoice } from '../domain/report'
import {
  runFilterSchema,
  runSortSchema,
  type RunColumn,
  type RunCurve,
  type RunGroup,
  type RunRows,
} from '../domain/run-table'
import { knowledgeSchema, type Knowledge } from '../domain/knowledge'
import { maskSchema, savedNameSchema, type SavedMask } from '../domain/mask'
import type { MethodInfo } from '../domain/method'
import type { Metrics, RunEvaluation } from '../domain/metric'
import type { ItemMatch, Recommendation, UserMatch } from '../domain/recommendation'
import type { EpochPoint, LogLine, RunDetail, RunManifest } from '../domain/run'
import {
  errorKinds,
  mostGamma,
  propensityFloorSchema,
  type RunEstimates,
  type RunPropensities,
  type Sensitivity,
} from '../domain/selection'

/** One request: the schema its input is validated with, and the type of its answer. Named `stage:verb`. */
interface Call<I extends z.ZodType, O> {
  input: I
  /** Never read: carries the type of the answer. */
  readonly output?: O
}

const answers =
  <O>() =>
  <I extends z.ZodType>(input: I): Call<I, O> => ({ input })

const nothing = z.object({}).strict()
const name = z.string().min(1).max(64)
const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
const ofRun = z.object({ run: name }).strict()
const listLength = z.number().int().min(1).max(1000).default(10)
/** Names a question that may take long, so that its progress can be told apart and `intervene:stop` can cancel it. */
const task = z.string().min(1).max(64)
const columnNames = z.array(z.string().max(200)).max(400)
const ofExperiment = z.object({ experiment: savedNameSchema }).strict()
/** An item by the id it has in the data. */
const item = z.string().min(1).max(400)
const items = z.array(item).max(1000).default([])
/** Whom an effect of an exposure is for; null: everyone. */
const userOrEveryone = z.string().nullable().default(null)
const effectCount = z.number().int().min(1).max(mostExposureEffects)
/** An experiment file, YAML. */
const experimentText = z.string().max(200_000)
const notes = z.string().max(4000).default('')
const fileIds = z.array(z.string()).min(1).max(8)

/** What a training is started with, from the window, the browser and the command line alike. */
export const trainRequestSchema = z
  .object({
    method: name,
    dataset: name,
    recipe: values.default({}),
    params: values.default({}),
    seed: z.number().int().min(0).max(2147483647).default(0),
    /** What is known of the graph: honoured exactly. Only for methods with the capability `knowledge`. */
    knowledge: knowledgeSchema.nullable().default(null),
    /** Left out: the best usable backend. */
    backend: z.enum(backendIds).optional(),
  })
  .strict()
export type TrainRequest = z.input<typeof trainRequestSchema>

/**
 * The one contract between the workbench and the services. Handlers, preload and client are derived from it;
 * a test pins its keys. Start calls answer with a job at once, the rest are events.
 */
export const contract = {
  'workspace:info': answers<{
    path: string
    causeway: string
    readOnly: boolean
    empty: boolean
    shell: 'electron' | 'web' | 'cli'
  }>()(nothing),
  'system:doctor': answers<DoctorReport>()(nothing),
  'backends:probe': answers<BackendProbe>()(z.object({ refresh: z.boolean().default(false) }).strict()),

  /** Opens the shell's file dialog; a browser uploads instead and gets its handles from there. */
  'files:pick': answers<FileHandle[]>()(nothing),

  'data:preview': answers<ImportPreview>()(z.object({ files: fileIds, text: textLayoutSchema.optional() }).strict()),
  'data:import': answers<JobSnapshot>()(
    z
      .object({ files: fileIds, name, mapping: columnMappingSchema.optional(), text: textLayoutSchema.optional() })
      .strict(),
  ),
  'data:demo': answers<JobSnapshot>()(nothing),
  'data:list': answers<DatasetManifest[]>()(nothing),
  'data:card': answers<DatasetCard>()(z.object({ dataset: name, recipe: values.default({}) }).strict()),
  'data:rows': answers<DatasetRows>()(
    z
      .object({
        dataset: name,
        table: z.enum(['interactions', 'items', 'users']),
        offset: z.number().int().min(0),
        limit: z.number().int().min(1).max(500),
      })
      .strict(),
  ),
  'data:remove': answers<null>()(z.object({ dataset: name }).strict()),

  'train:methods': answers<MethodInfo[]>()(nothing),
  'train:start': answers<JobSnapshot>()(trainRequestSchema),
  'train:resume': answers<JobSnapshot>()(z.object({ run: name }).strict()),

  'jobs:list': answers<JobSnapshot[]>()(nothing),
  'jobs:pause': answers<JobSnapshot>()(z.object({ job: name }).strict()),
  'jobs:cancel': answers<JobSnapshot>()(z.object({ job: name }).strict()),

  'runs:list': answers<RunManifest[]>()(nothing),
  'runs:get': answers<RunDetail>()(z.object({ run: name }).strict()),
  'runs:remove': answers<null>()(z.object({ run: name }).strict()),
  'runs:evaluate': answers<{ run: string; metrics: Metrics }>()(
    z.object({ run: name, part: z.enum(['validation', 'test']).default('test') }).strict(),
  ),

  /**
   * Metrics of all or some users of a completed run, from its stored lists and values by user; a run from before they were stored
   * is evaluated again.
   */
  'runs:evaluation': answers<RunEvaluation>()(
    z.object({ run: name, users: userSelectionSchema.default({ kind: 'all' }) }).strict(),
  ),
  /** The columns there are, with those that differ among the runs that pass the filter. */
  'runs:columns': answers<RunColumn[]>()(z.object({ filter: runFilterSchema.prefault({}) }).strict()),
  /** The rows in view of the table of runs. */
  'runs:rows': answers<RunRows>()(
    z
      .object({
        filter: runFilterSchema.prefault({}),
        sort: z
          .array(runSortSchema)
          .max(3)
          .default([{ column: 'createdAt', descending: true }]),
        columns: columnNames,
        offset: z.number().int().min(0),
        limit: z.number().int().min(1).max(500),
      })
      .strict(),
  ),
  'runs:groups': answers<RunGroup[]>()(
    z
      .object({
        filter: runFilterSchema.prefault({}),
        by: z.array(z.string().max(200)).min(1).max(5),
        columns: columnNames,
      })
      .strict(),
  ),
  /** One series of several runs, each thinned to at most `points` with its extremes kept. */
  'runs:curves': answers<RunCurve[]>()(
    z
      .object({
        runs: z.array(name).min(1).max(100),
        series: z.string().max(64),
        points: z.number().int().min(10).max(5000).default(500),
      })
      .strict(),
  ),
  /**
   * Trains on resampled users to see how sure what a run learned is: the edges of its graph, or its correlation. Goes on where an earlier job
   * of the run stopped. Without `resamples`: as many as were asked for before, else 20 for a graph and 50 for a correlation.
   */
  'runs:bootstrap': answers<JobSnapshot>()(
    z.object({ run: name, resamples: z.number().int().min(2).max(1000).optional() }).strict(),
  ),
  'compare:runs': answers<Comparison>()(comparisonRequestSchema),

  /** What the propensities of a run are worth. Without `floor`: the one it was trained with, else 0.01. */
  'selection:propensities': answers<RunPropensities>()(ofRun.extend({ floor: propensityFloorSchema.optional() })),
  /** Its mean error over all pairs, estimated from the logged ones. */
  'selection:estimates': answers<RunEstimates>()(ofRun.extend({ floor: propensityFloorSchema.optional() })),
  /** How much unmeasured confounding turns around which of two runs of a split has the smaller error. */
  'selection:sensitivity': answers<Sensitivity>()(
    z
      .object({
        runs: z.tuple([name, name]),
        error: z.enum(errorKinds),
        gammaMax: z.number().gt(1).max(mostGamma).default(20),
        floor: propensityFloorSchema.optional(),
      })
      .strict(),
  ),

  'experiments:list': answers<ExperimentSummary[]>()(nothing),
  'experiments:get': answers<ExperimentDetail>()(ofExperiment),
  /** Checks the text of an experiment file and says what it will do; nothing is kept. */
  'experiments:plan': answers<ExperimentPlan>()(z.object({ text: experimentText }).strict()),
  /** Keeps an experiment under the name in its text; one that has trials already is never replaced. */
  'experiments:save': answers<ExperimentDetail>()(
    z.object({ text: experimentText, replace: z.boolean().default(false) }).strict(),
  ),
  /** Runs it, or goes on where it was stopped. */
  'experiments:start': answers<JobSnapshot>()(ofExperiment),
  /** Removes the experiment; its runs stay. */
  'experiments:remove': answers<null>()(ofExperiment),

  'graph:global': answers<CausalGraph>()(z.object({ run: name }).strict()),
  'graph:local': answers<LocalGraph>()(z.object({ run: name, user: z.string() }).strict()),
  /** The graph the run's data were drawn from; null for data nobody drew, and where they are gone. */
  'graph:truth': answers<KnownGraph | null>()(z.object({ run: name }).strict()),

  /** Names and notes of the nodes. */
  'graph:annotations': answers<Annotations>()(ofRun),
  'graph:annotate': answers<Annotations>()(z.object({ run: name, annotations: annotationsSchema }).strict()),
  /** Null where none was asked for yet. */
  'graph:confidence': answers<BootstrapConfidence | null>()(ofRun),

  /** What a run learned of the correlation of exogenous variables; null where it learned none. */
  'correlation:get': answers<CorrelationEstimate | null>()(ofRun),
  /** What becomes of one user's list where it is set. */
  'correlation:effect': answers<CorrelationEffect>()(
    z.object({ run: name, user: z.string(), k: listLength, rho: setCorrelationSchema }).strict(),
  ),
  /** How well rated pairs are told at each value, and at the learned one. */
  'correlation:curve': answers<CorrelationCurve>()(
    z.object({ run: name, rhos: z.array(setCorrelationSchema).max(200), task }).strict(),
  ),

  /** How well the exposure model of a run fits: there as soon as that part is trained, null before. */
  'exposure:check': answers<JudgedCheck | null>()(ofRun),
  /** Items found by title or id, with how many users were exposed to each. */
  'exposure:items': answers<ItemMatch[]>()(
    z.object({ run: name, query: z.string().max(200), limit: z.number().int().min(1).max(200).default(50) }).strict(),
  ),
  /** What exposing an item does to the predicted ratings of the others: the `count` that rise most and fall most. */
  'exposure:effects': answers<ItemExposureEffects>()(
    z.object({ run: name, item, user: userOrEveryone, count: effectCount.default(10) }).strict(),
  ),
  /** The same of all items, in the order of the split. */
  'exposure:column': answers<{
    outcome: ExposureOutcome
    items: { id: string; title: string }[]
    effects: Float32Array
    /** Ids of what the user was exposed to in the train part; null for everyone. */
    exposed: string[] | null
  }>()(z.object({ run: name, item, user: userOrEveryone }).strict()),
  /** Rows of the matrix of all effects, [count × items] from item `from` on, fewer at its end: what exposing each item does to these. */
  'exposure:rows': answers<{ outcome: ExposureOutcome; items: string[]; from: number; effects: Float32Array }>()(
    z
      .object({
        run: name,
        user: userOrEveryone,
        from: z.number().int().min(0),
        count: z.number().int().min(1).max(1000),
      })
      .strict(),
  ),
  /** The strongest effects of all, with `own` also those of items on themselves. */
  'exposure:strongest': answers<StrongestExposureEffects>()(
    z
      .object({
        run: name,
        user: userOrEveryone,
        count: effectCount.default(20),
        own: z.boolean().default(false),
        task,
      })
      .strict(),
  ),
  /** What becomes of a user's predicted ratings and list where items are exposed or withdrawn. */
  'exposure:expose': answers<ExposedUser>()(
    z.object({ run: name, user: z.string(), expose: items, withdraw: items, k: listLength }).strict(),
  ),
  /** What exposing an item does in each segment of users: by the values of an attribute, or by ranges of a number. */
  'exposure:segments': answers<SegmentExposureEffects>()(
    z.object({ run: name, item, attribute: z.string().max(200), count: effectCount.default(10), task }).strict(),
  ),

  'masks:list': answers<SavedMask[]>()(ofRun),
  /** Saves under the mask's name; one that is there already is replaced only with `replace`. */
  'masks:save': answers<SavedMask>()(
    z.object({ run: name, mask: maskSchema, replace: z.boolean().default(false) }).strict(),
  ),
  'masks:remove': answers<null>()(z.object({ run: name, mask: savedNameSchema }).strict()),

  'knowledge:list': answers<Knowledge[]>()(nothing),
  'knowledge:save': answers<Knowledge>()(
    z.object({ knowledge: knowledgeSchema, replace: z.boolean().default(false) }).strict(),
  ),
  'knowledge:remove': answers<null>()(z.object({ knowledge: savedNameSchema }).strict()),

  'domain:list': answers<SavedDomainGraph[]>()(nothing),
  'domain:save': answers<SavedDomainGraph>()(
    z.object({ name: savedNameSchema, text: z.string().max(1_000_000), replace: z.boolean().default(false) }).strict(),
  ),
  'domain:remove': answers<null>()(z.object({ name: savedNameSchema }).strict()),

  /** Saved files that cannot be read, with the reason: of a run, or with null knowledge, domain graphs and experiments. */
  'saved:damaged': answers<{ what: string; name: string; reason: string }[]>()(
    z.object({ run: name.nullable() }).strict(),
  ),

  /** What users can be chosen by. */
  'intervene:segments': answers<SegmentChoices>()(ofRun),
  'intervene:user': answers<UserEffect>()(
    z.object({ run: name, user: z.string(), k: listLength, intervention: interventionSchema }).strict(),
  ),
  'intervene:segment': answers<SegmentEffect>()(
    z.object({ run: name, users: userSelectionSchema, k: listLength, intervention: interventionSchema, task }).strict(),
  ),
  'intervene:perConfounder': answers<PerConfounderEffects>()(
    z.object({ run: name, users: userSelectionSchema, k: listLength, task }).strict(),
  ),
  'intervene:paths': answers<PathExplanation>()(
    z.object({ run: name, user: z.string(), item: z.string(), intervention: interventionSchema }).strict(),
  ),
  'intervene:profiles': answers<ConfounderProfile[]>()(z.object({ run: name, task }).strict()),
  /** Ends a question with `cancelled`; one that has ended already is none of its business. */
  'intervene:stop': answers<null>()(z.object({ task }).strict()),
  /** Computes the effect (again) and keeps it with the run; it goes into the report. */
  'intervene:save': answers<SavedEffect>()(
    z
      .object({
        run: name,
        name: savedNameSchema,
        notes,
        users: userSelectionSchema,
        k: listLength,
        intervention: interventionSchema,
        task,
        replace: z.boolean().default(false),
      })
      .strict(),
  ),
  'intervene:saved': answers<SavedEffect[]>()(ofRun),
  'intervene:removeSaved': answers<null>()(z.object({ run: name, name: savedNameSchema }).strict()),

  'recommend:users': answers<UserMatch[]>()(
    z.object({ run: name, query: z.string().max(200), limit: z.number().int().min(1).max(200).default(50) }).strict(),
  ),
  'recommend:topK': answers<Recommendation>()(
    z.object({ run: name, user: z.string(), k: z.number().int().min(1).max(1000).default(10) }).strict(),
  ),

  /** The sections a report of the subject can have. */
  'report:sections': answers<ReportSectionChoice[]>()(z.object({ subject: reportSubjectSchema }).strict()),
  /** `name` is one for the file, without ending. */
  'report:html': answers<{ name: string; html: string }>()(reportOptionsSchema),
  'report:markdown': answers<{ name: string; markdown: string }>()(reportOptionsSchema),
  /** @throws `notAvailable` where there is neither Electron nor a Chromium */
  'report:pdf': answers<ExportedFile>()(reportOptionsSchema),

  /** What `reproduce:start` and `causeway reproduce` take. */
  'reproduce:bundle': answers<ReproductionBundle>()(z.object({ subject: reportSubjectSchema }).strict()),
  /** Trains the runs of a bundle again and holds them against what was recorded. The trained runs are removed but for `keep`. */
  'reproduce:start': answers<JobSnapshot>()(
    z.object({ bundle: reproductionBundleSchema, keep: z.boolean().default(false) }).strict(),
  ),
  /** What came of a job so far. */
  'reproduce:result': answers<Reproduction>()(z.object({ job: name }).strict()),

  /** The model in its format, its card and its items in the order of the columns: files that belong together. */
  'export:model': answers<ExportedFile[]>()(
    z.object({ run: name, format: z.enum(modelFormats), mask: exportMaskSchema }).strict(),
  ),
  /** The lists of all users with the ids of the user's own. */
  'export:topK': answers<ExportedLists>()(
    z.object({ run: name, format: z.enum(tableFormats), k: listLength, mask: exportMaskSchema, task }).strict(),
  ),
} as const

export type Contract = typeof contract
export type RequestName = keyof Contract
export const requestNames = Object.keys(contract) as RequestName[]

/** What a caller passes: defaults may be left out. */
export type RequestInput<N extends RequestName> = z.input<Contract[N]['input']>
/** What a handler receives: validated, defaults filled in. */
export type HandlerInput<N extends RequestName> = z.output<Contract[N]['input']>
export type RequestOutput<N extends RequestName> =
  NonNullable<Contract[N]['output']> extends never ? null : Exclude<Contract[N]['output'], undefined>

/** One handler per request; the shells serve this table. */
export type Handlers = { [N in RequestName]: (input: HandlerInput<N>) => Promise<RequestOutput<N>> | RequestOutput<N> }

/** Events, throttled to about 100 ms at their source; deltas, never histories. */
export interface EventMap {
  'job:changed': JobSnapshot
  'run:points': { run: string; points: EpochPoint[] }
  'run:log': { run: string; lines: LogLine[] }
  /** A run appeared, changed its state or went away: fetch the list again. */
  'runs:changed': { run: string }
  'data:changed': { dataset: string }
  /** How far a question with a task is; fraction in 0..1. */
  'intervene:progress': { task: string; stage: string; fraction: number }
  /** An experiment appeared, changed or went away: fetch what is shown of it again. */
  'experiment:changed': { experiment: string }
  /** Masks, names, saved effects, the bootstrap or the check of the exposures of a run changed: fetch what is shown again. */
  'run:annotated': { run: string }
}
export type EventName = keyof EventMap
export const eventNames = [
  'job:changed',
  'run:points',
  'run:log',
  'runs:changed',
  'data:changed',
  'intervene:progress',
  'experiment:changed',
  'run:annotated',
] as const satisfies EventName[]

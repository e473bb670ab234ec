import type { Comparison } from './comparison'
import type { ExperimentFile, Trial } from './experiment'
import type { ParamValues } from '../params/params'

/** What results were computed with. Host names and paths are no part of it. */
export interface Environment {
  causeway: string
  node: string
  platform: string
  /** Model of the processor, and how many cores the system shows. */
  processor: string
  cores: number
  /** The backend with its device and version. */
  backend: string
  threads: number
}

/** What a method was given, and what its search found. */
export interface MethodResults {
  label: string
  method: string
  searchTrials: number
  finalTrials: number
  failedTrials: number
  /** Of all its trainings. */
  epochs: number
  seconds: number
  /** Null where its search found nothing. */
  best: { params: ParamValues; objective: number | null; trial: number | null } | null
  /** What the author of the experiment has to say of it. */
  remark: string | null
}

/** A figure of an experiment beside one that was published. */
export interface PublishedFigure {
  label: string
  metric: string
  /** Null where it was not measured. */
  mean: number | null
  sd: number | null
  published: { mean: number; sd: number | null }
  /** Ours less the published; null without ours. */
  difference: number | null
  /** They are further apart than `farOff`. */
  isFarOff: boolean
}

/** From so much on a figure counts as another one than the published. */
export const farOff = 0.02

/** What an experiment came to: `NAME.json` of its results; `NAME.md` says the same in words. */
export interface ExperimentResults {
  type: 'causeway-experiment-results'
  version: 1
  name: string
  madeAt: string
  /** When the first of the compared trainings began, and when the last ended. */
  trained: { from: string; to: string }
  /** The file with its defaults filled in. */
  configuration: ExperimentFile
  environment: Environment
  data: { dataset: string; datasetHash: string; splitHash: string | null; recipe: ParamValues }
  budget: string
  warnings: string[]
  methods: MethodResults[]
  /** The final trainings; its groups have the labels of the file. */
  comparison: Comparison
  /** Null where the file gives no published figures. */
  published: { source: string; figures: PublishedFigure[] } | null
  trials: Trial[]
}

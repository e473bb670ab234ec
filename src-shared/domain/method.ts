import type { ParamSchema } from '../params/params'

/**
 * `mask`: edges can be masked. `intervene`: values can be held and confounders silenced, on prepared users.
 * `knowledge`: required and forbidden edges are honoured in training. `export`: the scoring function can be written for other programs.
 * `correlation`: a correlation of exogenous variables is learned, and can be set. `exposures`: it reads all that users were exposed to, whatever
 * they rated it. `user-features`: it reads what users are described by. `exposure-effects`: it tells what exposing an item does to ratings.
 */
export type Capability =
  | 'score'
  | 'graph'
  | 'local-graph'
  | 'mask'
  | 'intervene'
  | 'knowledge'
  | 'export'
  | 'correlation'
  | 'exposures'
  | 'user-features'
  | 'exposure-effects'

/** Whether the effect of an intervention is identified, in words. */
export interface Identification {
  /** The claim, with its size of doubt. */
  statement: string
  /** What holds because of how the model is built. */
  byConstruction: string[]
  /** What has to be true of the world, and is not tested. */
  assumed: string[]
}

/** A reported series of a training: what is drawn on the Train view. */
export interface SeriesInfo {
  id: string
  label: string
  help: string
  /** The unit of the values, where they have one: 'nats per user'. */
  unit?: string
  /** Series of one group share a chart. */
  group: 'exposure' | 'objective' | 'validation' | 'structure'
}

/** What early stopping goes by where a parameter decides: of the series named for its value, the first that a training has. */
export interface StopsByValue {
  param: string
  byValue: Record<string, string[]>
}

/** What everyone may know of a method without loading it: forms, curves, compare columns and views derive from it. */
export interface MethodInfo {
  /** The name of the method's folder. */
  id: string
  label: string
  family: 'causal' | 'baseline'
  /** One line: what it is for. */
  purpose: string
  /** What has to hold for its causal claims, in plain words; empty for a baseline. */
  assumptions: string[]
  /** Null for a method that makes no causal claim. */
  identification: Identification | null
  /** What data it needs, in words. */
  needs: string[]
  paper: { title: string; authors: string; year: number }
  capabilities: Capability[]
  params: ParamSchema
  series: SeriesInfo[]
  /** The series whose best epoch is kept; validation NDCG@10 where it is left out. */
  stopsBy?: string | StopsByValue
}

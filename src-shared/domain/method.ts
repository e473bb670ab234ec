import type { ParamSchema } from '../params/params'

export type Capability = 'score' | 'graph' | 'local-graph' | 'mask'

/** A reported series of a training: what is drawn on the Train view. */
export interface SeriesInfo {
  id: string
  label: string
  help: string
  /** The unit of the values, where they have one: 'nats per user'. */
  unit?: string
  /** Series of one group share a chart. */
  group: 'objective' | 'validation' | 'structure'
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
  /** What data it needs, in words. */
  needs: string[]
  paper: { title: string; authors: string; year: number }
  capabilities: Capability[]
  params: ParamSchema
  series: SeriesInfo[]
}

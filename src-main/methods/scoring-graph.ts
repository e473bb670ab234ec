import type { NamedArray } from './method'

/** The operations a scoring function is written in: each has a counterpart in ONNX and in TensorFlow's graphs. */
export type ScoringOperation =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'matMul'
  | 'tanh'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'softmax'
  | 'sigmoid'
  | 'relu'
  | 'maximum'
  | 'sum'
  | 'max'
  | 'reshape'
  | 'transpose'
  | 'concat'
  | 'gather'

/** One operation: its inputs are names of constants, of graph inputs or of earlier nodes; each gives one array. */
export interface ScoringNode {
  name: string
  operation: ScoringOperation
  inputs: string[]
  /** Axis of softmax, sum, max, concat, gather; `keepDimensions` of sum and max; `permutation`; `shape` of reshape (-1: rows). */
  attributes?: { axis?: number; keepDimensions?: boolean; permutation?: number[]; shape?: number[] }
}

/** A method's scoring function, from which every export is written. */
export interface ScoringGraph {
  items: number
  /** Interactions [rows × items], 1 where the user has the item, else 0. */
  interactions: string
  /** [k × k] factors, parents in rows, with the value they have when left out; null for a method without a mask. */
  mask: { name: string; default: NamedArray } | null
  constants: Record<string, NamedArray>
  /** In an order in which each can be computed. */
  nodes: ScoringNode[]
  /** Scores [rows × items]: the name of the last node. */
  scores: string
}

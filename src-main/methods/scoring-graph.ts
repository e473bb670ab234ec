import type { NamedArray } from './method'

/**
 * The operations a scoring function is written in: each has one counterpart in ONNX and one in TensorFlow's graphs. Shapes are
 * broadcast as NumPy does; `matMul` is of matrices or of stacks of them; softmax and log-softmax go along the last axis.
 */
export type ScoringOperation =
  'add' | 'multiply' | 'divide' | 'maximum' | 'matMul' | 'sqrt' | 'tanh' | 'elu' | 'sigmoid' | 'softmax' | 'logSoftmax'

/** One operation: its inputs are names of constants, of graph inputs or of earlier nodes; each gives one array. */
export type ScoringNode = { name: string; inputs: string[] } & (
  | { operation: ScoringOperation }
  | { operation: 'sum'; axis: number; keepDimensions: boolean }
  | { operation: 'transpose'; permutation: number[] }
  /** -1 stands for the size that the others leave. */
  | { operation: 'reshape'; shape: number[] }
)

/** A method's scoring function, from which every export is written. All arrays are of 32-bit floats. */
export interface ScoringGraph {
  items: number
  /** The input [rows × items]: 1 where the user has the item, else 0. */
  interactions: string
  /** The input [k × k], factors of the edges, parents in rows, with the value it has when left out; null for a model without edges. */
  mask: { name: string; default: NamedArray } | null
  constants: Record<string, NamedArray>
  /** In an order in which each can be computed. */
  nodes: ScoringNode[]
  /** Scores [rows × items]: the name of the last node. */
  scores: string
}

import { readTensors } from '../../tensor/named-arrays'
import { tf, type Tensor } from '../../tensor/tf'
import type { NamedArray, NamedArrays } from '../method'
import type { ScoringGraph, ScoringNode, ScoringOperation } from '../scoring-graph'

/** Puts a scoring graph together, node by node; every method answers with the name of what it added. */
export class ScoringBuilder {
  readonly interactions = 'interactions'
  private readonly nodes: ScoringNode[] = []
  private readonly constants: Record<string, NamedArray>
  private mask: ScoringGraph['mask'] = null

  /** @param constants what the nodes may name, read by `readConstants` */
  constructor(
    private readonly items: number,
    constants: NamedArrays,
  ) {
    this.constants = { ...constants }
  }

  /** The input [k × k] that edges are multiplied by; all ones when left out. */
  maskInput(k: number): string {
    const name = 'mask'
    this.mask = { name, default: { shape: [k, k], data: new Float32Array(k * k).fill(1) } }
    return name
  }

  /** A number as a constant. */
  number(name: string, value: number): string {
    this.constants[name] = { shape: [], data: Float32Array.of(value) }
    return name
  }

  apply(name: string, operation: ScoringOperation, ...inputs: string[]): string {
    return this.add({ name, operation, inputs })
  }

  sum(name: string, input: string, axis: number, keepDimensions: boolean): string {
    return this.add({ name, operation: 'sum', inputs: [input], axis, keepDimensions })
  }

  transpose(name: string, input: string, permutation: number[]): string {
    return this.add({ name, operation: 'transpose', inputs: [input], permutation })
  }

  reshape(name: string, input: string, shape: number[]): string {
    return this.add({ name, operation: 'reshape', inputs: [input], shape })
  }

  /** x · W + b, with the constants `weight` and `bias`. */
  linear(name: string, input: string, weight: string, bias: string): string {
    return this.apply(name, 'add', this.apply(`${name}.product`, 'matMul', input, weight), bias)
  }

  /** The length along the last axis, which is kept: sqrt(Σ x² + 1e-12). */
  lengths(name: string, input: string): string {
    const squares = this.apply(`${name}.squares`, 'multiply', input, input)
    const sum = this.sum(`${name}.sum`, squares, -1, true)
    return this.apply(name, 'sqrt', this.apply(`${name}.kept`, 'add', sum, this.number(`${name}.least`, 1e-12)))
  }

  /** The rows of interactions at unit length; an empty one stays empty. */
  normalisedInteractions(): string {
    const name = 'normalised'
    const squares = this.apply(`${name}.squares`, 'multiply', this.interactions, this.interactions)
    const sum = this.sum(`${name}.sum`, squares, -1, true)
    const least = this.number(`${name}.least`, 1e-12)
    const length = this.apply(`${name}.length`, 'sqrt', this.apply(`${name}.kept`, 'maximum', sum, least))
    return this.apply(name, 'divide', this.interactions, length)
  }

  /** The whole graph. @param scores the name of the last node */
  graph(scores: string): ScoringGraph {
    const { items, interactions, mask, constants, nodes } = this
    return { items, interactions, mask, constants, nodes, scores }
  }

  private add(node: ScoringNode): string {
    this.nodes.push(node)
    return node.name
  }
}

/** The values of tensors that are made from weights, or are weights; none of them stays behind. */
export async function readConstants(make: () => Record<string, Tensor>): Promise<NamedArrays> {
  // Clones, because the weights themselves must outlive this.
  const made = tf.tidy(() => Object.fromEntries(Object.entries(make()).map(([name, tensor]) => [name, tensor.clone()])))
  try {
    return await readTensors(made)
  } finally {
    tf.dispose(made)
  }
}

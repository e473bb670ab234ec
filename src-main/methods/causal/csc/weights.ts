import type { ParamValues } from '../../../../src-shared/params/params'
import type { Weights } from '../../../tensor/named-arrays'
import type { Rng } from '../../../tensor/rng'
import { constantArray, normalArray, xavierArray } from '../../blocks/initial'
import { initialVaeWeights, type VaeWeightName } from '../../blocks/mult-vae'
import { numberParam } from '../../blocks/training-params'
import type { NamedArray } from '../../method'

export type CscVariant = 'none' | 'g' | 'l' | 'g+l'

/** The sizes of a CSC model. */
export interface CscSize {
  items: number
  hidden: number
  /** d */
  latent: number
  /** k */
  confounders: number
  variant: CscVariant
}

export const sizeFrom = (items: number, params: ParamValues): CscSize => ({
  items,
  hidden: numberParam(params, 'hidden'),
  latent: numberParam(params, 'latent'),
  confounders: numberParam(params, 'confounders'),
  variant: params['variant'] as CscVariant,
})

export const hasGlobalGraph = (variant: CscVariant): boolean => variant === 'g' || variant === 'g+l'
export const hasLocalGraph = (variant: CscVariant): boolean => variant === 'l' || variant === 'g+l'

/** Width of one attention head and of the hidden layers of g_j and f. */
export const headWidth = 32
export const causalWidth = 200
export const mixWidth = 600

const exogenousDeviation = 0.1

/** Logits of the global graph start at 1 ± 0.7: most edges are there, and of each pair one direction is ahead. */
const graphLogit = { mean: 1, deviation: 0.7 }

/** The causal layer's output starts so much larger than Xavier's, so that what the parents say outweighs E_j in c_j. */
const causalOutputGain = 25

/**
 * All weights of CSC, [rows, columns]. k confounders, latent size d, head width a, causal hidden width g.
 * `causal.hidden.weight` has a block of d rows for each parent i and of g columns for each child j;
 * `causal.output.weight` has a block of g rows for each child j.
 */
export type CscWeightName =
  | VaeWeightName
  | 'confounders' // [k, d], E
  | 'exogenous.logScale' // [k, 1]
  | 'graph.logits' // [k, k]
  | 'user.weight' // [d, d]
  | 'user.bias' // [d]
  | 'attention.query' // [2d, k·a], upper half for E, lower for u
  | 'attention.key' // [d, k·a]
  | 'causal.hidden.weight' // [k·d, k·g]
  | 'causal.hidden.bias' // [k·g]
  | 'causal.output.weight' // [k·g, d]
  | 'causal.output.bias' // [k·d]
  | 'mix.preference.weight' // [d, m]
  | 'mix.confounder.weight' // [d, m]
  | 'mix.hidden.bias' // [m]
  | 'mix.output.weight' // [m, d]
  | 'mix.output.bias' // [d]

export type CscWeights = Weights<CscWeightName>

const mapped = ({ shape, data }: NamedArray, f: (x: number) => number): NamedArray => ({
  shape,
  data: Float32Array.from(data, f),
})

/** Fresh weights; a variant has only those it uses. */
export function initialCscWeights(size: CscSize, rng: Rng): Record<string, NamedArray> {
  const { latent: d, confounders: k, variant } = size
  const weights: Record<string, NamedArray> = {
    ...initialVaeWeights(size, rng),
    confounders: normalArray([k, d], 1, rng),
    'exogenous.logScale': constantArray([k, 1], Math.log(exogenousDeviation)),
    'mix.preference.weight': xavierArray([d, mixWidth], rng, 2 * d),
    'mix.confounder.weight': xavierArray([d, mixWidth], rng, 2 * d),
    'mix.hidden.bias': constantArray([mixWidth], 0),
    'mix.output.weight': xavierArray([mixWidth, d], rng),
    'mix.output.bias': constantArray([d], 0),
  }
  if (hasGlobalGraph(variant))
    weights['graph.logits'] = mapped(normalArray([k, k], graphLogit.deviation, rng), (x) => graphLogit.mean + x)
  if (hasLocalGraph(variant)) {
    weights['user.weight'] = xavierArray([d, d], rng)
    weights['user.bias'] = constantArray([d], 0)
    weights['attention.query'] = xavierArray([2 * d, k * headWidth], rng)
    weights['attention.key'] = xavierArray([d, k * headWidth], rng)
  }
  if (variant !== 'none') {
    weights['causal.hidden.weight'] = xavierArray([k * d, k * causalWidth], rng, k * d, causalWidth)
    weights['causal.hidden.bias'] = constantArray([k * causalWidth], 0)
    const output = xavierArray([k * causalWidth, d], rng, causalWidth, d)
    weights['causal.output.weight'] = mapped(output, (x) => causalOutputGain * x)
    weights['causal.output.bias'] = constantArray([k * d], 0)
  }
  return weights
}

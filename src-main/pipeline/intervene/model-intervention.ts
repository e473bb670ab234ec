import { CausewayError } from '../../../src-shared/contract/errors'
import type { RowIntervention } from '../../jobs/trainer-contract'
import type { ModelIntervention } from '../../methods/method'
import type { ConfounderValues } from './confounder-values'
import { partOf, type Step } from './tasks'

/** The paper's do(c_i) as a question: the outgoing row of one node at zero. */
export const zeroRow = (node: number, nodes: number): RowIntervention => ({
  factors: Array.from({ length: nodes }, (_, i) =>
    Array.from({ length: nodes }, (_, j) => (i === node && i !== j ? 0 : 1)),
  ),
  holds: [],
})

/**
 * An intervention as a model takes it: factors as one array with a diagonal of ones, held confounders with their values.
 * @throws CausewayError `badRequest` for factors of another size, and for a node that is not there or is held twice
 */
export async function modelIntervention(
  { factors, holds }: RowIntervention,
  values: ConfounderValues,
  nodes: number,
  step: Step,
): Promise<ModelIntervention> {
  const result: { mask?: Float32Array; holds?: Map<number, Float32Array> } = {}
  if (factors) {
    if (factors.length !== nodes || factors.some((row) => row.length !== nodes))
      throw new CausewayError('badRequest', `The mask is for ${factors.length} nodes; the graph has ${nodes}.`)
    result.mask = Float32Array.from(factors.flatMap((row, i) => row.map((factor, j) => (i === j ? 1 : factor))))
  }
  if (holds.length > 0) result.holds = new Map()
  for (const [index, { node, at }] of holds.entries()) {
    if (node < 0 || node >= nodes)
      throw new CausewayError('badRequest', `There is no node ${node + 1}; the graph has ${nodes}.`)
    if (result.holds!.has(node)) throw new CausewayError('badRequest', `Node ${node + 1} is held at two values.`)
    const own = partOf(step, index / holds.length, (index + 1) / holds.length)
    result.holds!.set(node, Float32Array.from(await heldValue(node, at, values, own)))
  }
  return result
}

function heldValue(
  node: number,
  at: RowIntervention['holds'][number]['at'],
  values: ConfounderValues,
  step: Step,
): Promise<Float64Array> {
  switch (at.kind) {
    case 'mean':
      return values.mean(node, at.rows, step)
    case 'user':
      return values.ofUser(node, at.row)
    case 'sd':
      return values.moved(node, at.sd, step)
  }
}

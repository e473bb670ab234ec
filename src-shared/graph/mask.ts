import { CausewayError } from '../contract/errors'

type Factors = readonly (readonly number[])[]

/** The mask that changes nothing: [k][k] ones. */
export const allOnes = (nodes: number): number[][] =>
  Array.from({ length: nodes }, () => Array.from({ length: nodes }, () => 1))

/** Whether a mask leaves every edge as learned. */
export const changesNoEdge = (factors: Factors): boolean => factors.every((row) => row.every((factor) => factor === 1))

/** @throws CausewayError badRequest the factors are no mask over so many nodes */
export function requireMask(factors: Factors, nodes: number): void {
  if (factors.length !== nodes || factors.some((row) => row.length !== nodes)) {
    throw new CausewayError(
      'badRequest',
      `The mask is of ${factors.length} nodes, this graph has ${nodes}. A mask fits graphs with as many nodes only.`,
    )
  }
  factors.forEach((row, from) =>
    row.forEach((factor, to) => {
      requireFactor(factor)
      if (from === to && factor !== 1) {
        throw new CausewayError(
          'badRequest',
          `The mask has ${factor} on its diagonal at c${from + 1}. No node acts on itself: the diagonal is 1.`,
        )
      }
    }),
  )
}

/** @throws CausewayError badRequest the value is not in 0..1 */
export function requireFactor(value: number): void {
  if (!(value >= 0 && value <= 1)) {
    throw new CausewayError('badRequest', `The factor of an edge must be in 0..1, not ${value}.`)
  }
}

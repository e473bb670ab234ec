import type { PreparedRows } from './prepared-rows'
import type { Step } from './tasks'

/** What each confounder does to the scores of the items: score - score with the confounder silenced. */
export interface ConfounderMoves {
  /** Mean over the users, [k] of [items]. */
  means: Float64Array[]
  /** Standard deviation over users and items, [k]. */
  deviations: Float64Array
}

/** A confounder that moves scores by less than this does nothing. */
export const noStrength = 1e-6

/**
 * What sets each confounder apart: its values less the mean of the values of all that do something. Silencing any of them takes
 * away much the same (in CSC some of the popular items' lead); beside that, what is its own would not be seen. A confounder that
 * does nothing keeps zeros; one that is alone keeps what it has.
 * @param values [k] of any length
 */
export function distinctive(values: Float64Array[], deviations: Float64Array): Float64Array[] {
  const active = values.filter((_, node) => deviations[node]! >= noStrength)
  if (active.length < 2) return values
  const mean = active[0]!.map((_, at) => active.reduce((sum, own) => sum + own[at]!, 0) / active.length)
  return values.map((own, node) =>
    deviations[node]! < noStrength ? new Float64Array(own.length) : own.map((value, at) => value - mean[at]!),
  )
}

/**
 * Measures what each of k confounders does, over all users of `users`, in memory for one block of them at a time.
 * @param visit is handed the moves of one user by one confounder, [items]
 */
export async function confounderMoves(
  users: PreparedRows,
  nodes: number,
  step: Step,
  visit?: (node: number, row: number, moves: Float32Array) => void,
): Promise<ConfounderMoves> {
  const { items } = users
  const totals = new Float64Array(nodes * items)
  const squares = new Float64Array(nodes)
  const blocks = users.blocks(null)
  const moves = new Float32Array(items)
  for (const [at, rows] of blocks.entries()) {
    const scores = await users.score(rows)
    for (let node = 0; node < nodes; node++) {
      await step('Silencing confounders', (at + node / nodes) / blocks.length)
      const silenced = new Uint8Array(nodes)
      silenced[node] = 1
      const without = await users.score(rows, { silenced })
      for (let r = 0; r < rows.length; r++) {
        for (let item = 0; item < items; item++) {
          const move = scores[r * items + item]! - without[r * items + item]!
          moves[item] = move
          totals[node * items + item]! += move
          squares[node]! += move * move
        }
        visit?.(node, rows[r]!, moves)
      }
    }
  }
  const sums = Array.from({ length: nodes }, (_, node) => totals.subarray(node * items, (node + 1) * items))
  const count = users.users * items
  const deviations = squares.map((sum, node) => {
    const mean = sums[node]!.reduce((total, move) => total + move, 0) / count
    return Math.sqrt(Math.max(0, sum / count - mean * mean))
  })
  return { means: sums.map((sum) => sum.map((total) => total / users.users)), deviations }
}

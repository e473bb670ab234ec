import type { PreparedRows } from './prepared-rows'
import type { Step } from './tasks'

/** What each confounder does to the scores of the items: score - score with the confounder silenced. */
export interface ConfounderMoves {
  /** Mean over the users, [k × items]. */
  means: Float64Array
  /** Standard deviation over users and items, [k]. */
  deviations: Float64Array
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
  const means = new Float64Array(nodes * items)
  const squares = new Float64Array(nodes)
  const blocks = users.blocks(null)
  const moves = new Float32Array(items)
  for (const [at, rows] of blocks.entries()) {
    const scores = await users.score(rows)
    for (let node = 0; node < nodes; node++) {
      await step('What each confounder moves', (at + node / nodes) / blocks.length)
      const silenced = new Uint8Array(nodes)
      silenced[node] = 1
      const without = await users.score(rows, { silenced })
      for (let r = 0; r < rows.length; r++) {
        for (let item = 0; item < items; item++) {
          const move = scores[r * items + item]! - without[r * items + item]!
          moves[item] = move
          means[node * items + item]! += move
          squares[node]! += move * move
        }
        visit?.(node, rows[r]!, moves)
      }
    }
  }
  const count = users.users * items
  const deviations = squares.map((sum, node) => {
    const mean = means.subarray(node * items, (node + 1) * items).reduce((total, move) => total + move, 0) / count
    return Math.sqrt(Math.max(0, sum / count - mean * mean))
  })
  return { means: means.map((sum) => sum / users.users), deviations }
}

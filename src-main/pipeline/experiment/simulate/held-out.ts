import type { ExposedItems } from '../../../../src-shared/domain/split'
import type { Rng } from '../../../tensor/rng'

/** Holds out a share of the pairs of each of these users, at random. @returns 1 for each pair that is held out, in the order of the pairs */
export function holdOut({ indptr, indices }: ExposedItems, users: Int32Array, share: number, rng: Rng): Uint8Array {
  const isHeld = new Uint8Array(indices.length)
  for (const user of users) {
    const places = Int32Array.from({ length: indptr[user + 1]! - indptr[user]! }, (_, at) => indptr[user]! + at)
    for (const at of rng.shuffle(places).subarray(0, Math.round(places.length * share))) isHeld[at] = 1
  }
  return isHeld
}

/** The pairs that are held out, or those that are not. */
export function pairsOf(
  { rows, cols, indptr, indices, ratings }: ExposedItems,
  isHeld: Uint8Array,
  held: 0 | 1,
): ExposedItems {
  const starts = new Int32Array(rows + 1)
  for (let user = 0; user < rows; user++) {
    starts[user + 1] = starts[user]!
    for (let at = indptr[user]!; at < indptr[user + 1]!; at++) if (isHeld[at] === held) starts[user + 1]!++
  }
  return {
    rows,
    cols,
    indptr: starts,
    indices: indices.filter((_, at) => isHeld[at] === held),
    ratings: ratings.filter((_, at) => isHeld[at] === held),
  }
}

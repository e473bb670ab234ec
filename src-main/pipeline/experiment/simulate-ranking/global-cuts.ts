/** Where values stand when all of them, of all users and items, are sorted. */
export interface GlobalCut {
  /** The smallest of the largest values. */
  value: number
  /** How many of the values that are equal to it are among the largest, in the order of users and items. */
  equal: number
}

/** Fills the values of a user's items; the same at every call. */
export type FillRow = (user: number, values: Float32Array) => void

const bins = 1 << 16

/**
 * Finds the `counts[n]` largest of all values without ever holding them: the values are gone through twice, once for the upper and once for
 * the lower half of their bits.
 * @param counts at least 1 and at most the number of values each
 */
export function globalCuts(users: number, items: number, fill: FillRow, counts: readonly number[]): GlobalCut[] {
  const values = new Float32Array(items)
  const bits = new Uint32Array(values.buffer)
  const goThrough = (visit: (key: number) => void): void => {
    for (let user = 0; user < users; user++) {
      fill(user, values)
      for (let item = 0; item < items; item++) visit(keyOf(bits[item]!))
    }
  }
  const upper = new Float64Array(bins)
  goThrough((key) => void upper[key >>> 16]!++)
  const places = counts.map((count) => placeFromTop(upper, count))
  const lowers = new Map(places.map(({ bin }) => [bin, new Float64Array(bins)]))
  goThrough((key) => {
    const lower = lowers.get(key >>> 16)
    if (lower) lower[key & (bins - 1)]!++
  })
  return places.map(({ bin, left }) => {
    const { bin: low, left: equal } = placeFromTop(lowers.get(bin)!, left)
    return { value: valueOf(((bin << 16) | low) >>> 0), equal }
  })
}

/** The bin in which the value lies that has `count - 1` above it, and how many of that bin are among the `count`. */
function placeFromTop(histogram: Float64Array, count: number): { bin: number; left: number } {
  let left = count
  for (let bin = histogram.length - 1; bin >= 0; bin--) {
    if (left <= histogram[bin]!) return { bin, left }
    left -= histogram[bin]!
  }
  throw new RangeError('There are fewer values than are to be the largest.')
}

/** An unsigned integer that orders like the float that has these bits. */
const keyOf = (bits: number): number => (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0

function valueOf(key: number): number {
  const bits = key & 0x80000000 ? key & 0x7fffffff : ~key
  return new Float32Array(Uint32Array.of(bits >>> 0).buffer)[0]!
}

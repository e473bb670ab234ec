import { writeFileAtomic } from '../../../storage/atomic'
import type { PrepareOptions } from '../../split/prepare-split'
import { loadRated } from '../simulate/load-rated'
import { encodeRatings } from './decoders'

/** Writes the ratings of a data set for the decoders. @throws CausewayError `noRatings` */
export async function writeRatings(
  workspace: string,
  name: string,
  file: string,
  watch: PrepareOptions,
): Promise<{ users: number; items: number }> {
  const { users, items, ratings, userCount, itemCount } = await loadRated(workspace, name, watch)
  const indptr = new Int32Array(userCount + 1)
  for (const user of users) indptr[user + 1]!++
  for (let user = 0; user < userCount; user++) indptr[user + 1]! += indptr[user]!
  const order = Int32Array.from(users, (_, at) => at).sort((a, b) => users[a]! - users[b]! || items[a]! - items[b]!)
  const rated = {
    rows: userCount,
    cols: itemCount,
    indptr,
    indices: order.map((at) => items[at]!),
    ratings: Float32Array.from(order, (at) => ratings[at]!),
  }
  writeFileAtomic(file, encodeRatings(rated))
  return { users: userCount, items: itemCount }
}

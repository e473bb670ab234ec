import { CausewayError } from '../../../../src-shared/contract/errors'
import { datasetDirectory } from '../../../storage/layout'
import { readDataset } from '../../dataset/dataset'
import { withDuckDb } from '../../dataset/duckdb'
import { loadColumns } from '../../dataset/load-columns'
import { mergeDuplicates } from '../../dataset/positives'
import type { PrepareOptions } from '../../split/prepare-split'

/** The rated pairs of a data set, user by user, each with its last rating. */
export interface RatedData {
  users: Int32Array
  items: Int32Array
  ratings: Float64Array
  userCount: number
  itemCount: number
}

/** @throws CausewayError `noRatings` */
export async function loadRated(workspace: string, name: string, { signal }: PrepareOptions): Promise<RatedData> {
  const dataset = await readDataset(workspace, name)
  if (!dataset.hasRatings)
    throw new CausewayError('noRatings', `A simulation is made from ratings, and the data set "${name}" has none.`)
  const columns = await withDuckDb({}, (db) =>
    loadColumns(
      db,
      datasetDirectory(workspace, dataset.name),
      { rows: dataset.interactions, ratings: true, times: dataset.hasTimes, randomised: false, propensities: false },
      { signal, onFraction: () => undefined },
    ),
  )
  const { starts, items, ratings } = mergeDuplicates(columns, 'last')
  const rated: Record<'users' | 'items' | 'ratings', number[]> = { users: [], items: [], ratings: [] }
  for (let user = 0; user + 1 < starts.length; user++)
    for (let at = starts[user]!; at < starts[user + 1]!; at++) {
      const rating = ratings![at]!
      if (Number.isNaN(rating)) continue
      rated.users.push(user)
      rated.items.push(items[at]!)
      rated.ratings.push(rating)
    }
  return {
    users: Int32Array.from(rated.users),
    items: Int32Array.from(rated.items),
    ratings: Float64Array.from(rated.ratings),
    userCount: columns.userIds.length,
    itemCount: columns.itemIds.length,
  }
}

import { CausewayError } from '../../../../src-shared/contract/errors'
import type { SimulationFile } from '../../../../src-shared/domain/simulation'
import { datasetDirectory } from '../../../storage/layout'
import { writeFileAtomic } from '../../../storage/atomic'
import { encodeSafetensors } from '../../../tensor/safetensors'
import { readDataset } from '../../dataset/dataset'
import { withDuckDb } from '../../dataset/duckdb'
import { loadColumns } from '../../dataset/load-columns'
import { mergeDuplicates } from '../../dataset/positives'
import type { PrepareOptions } from '../../split/prepare-split'
import { factorise, linkOf, type Rated } from './factorise'

/** Factorises the ratings of a data set and writes the factors. @throws CausewayError `noRatings` */
export async function writePreferences(
  workspace: string,
  name: string,
  file: string,
  { of, threshold, factors, ridge, seed }: SimulationFile['preferences'],
  { signal, onProgress }: PrepareOptions,
): Promise<{ users: number; items: number }> {
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
  onProgress?.({ stage: 'Factorising ratings', fraction: null, etaSeconds: null })
  const { starts, items, ratings } = mergeDuplicates(columns, 'last')
  const highest = ratings!.reduce((high, rating) => (rating > high ? rating : high), 0)
  const rated: { users: number[]; items: number[]; targets: number[] } = { users: [], items: [], targets: [] }
  for (let user = 0; user + 1 < starts.length; user++)
    for (let at = starts[user]!; at < starts[user + 1]!; at++) {
      const rating = ratings![at]!
      if (Number.isNaN(rating)) continue
      rated.users.push(user)
      rated.items.push(items[at]!)
      rated.targets.push(of === 'rating' ? rating / highest : Number(rating >= threshold))
    }
  const data: Rated = {
    users: Int32Array.from(rated.users),
    items: Int32Array.from(rated.items),
    targets: Float32Array.from(rated.targets),
    userCount: columns.userIds.length,
    itemCount: columns.itemIds.length,
  }
  if (of === 'liking' && !(data.targets.includes(1) && data.targets.includes(0)))
    throw new CausewayError(
      'noRatings',
      `The ratings of "${name}" are not on both sides of the threshold ${threshold}.`,
    )
  writeFileAtomic(file, encodeSafetensors(factorise(data, { link: linkOf(of), factors, ridge, seed })))
  return { users: data.userCount, items: data.itemCount }
}

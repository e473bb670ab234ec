import { CausewayError } from '../../../../src-shared/contract/errors'
import type { SimulationFile } from '../../../../src-shared/domain/simulation'
import { writeFileAtomic } from '../../../storage/atomic'
import { encodeSafetensors } from '../../../tensor/safetensors'
import type { PrepareOptions } from '../../split/prepare-split'
import { factorise, linkOf, type Rated } from './factorise'
import { loadRated } from './load-rated'

/** Factorises the ratings of a data set and writes the factors. @throws CausewayError `noRatings` */
export async function writePreferences(
  workspace: string,
  name: string,
  file: string,
  { of, threshold, factors, ridge, seed }: SimulationFile['preferences'],
  watch: PrepareOptions,
): Promise<{ users: number; items: number }> {
  const { ratings, ...pairs } = await loadRated(workspace, name, watch)
  watch.onProgress?.({ stage: 'Factorising ratings', fraction: null, etaSeconds: null })
  const highest = ratings.reduce((high, rating) => (rating > high ? rating : high), 0)
  const data: Rated = {
    ...pairs,
    targets: Float32Array.from(ratings, (rating) => (of === 'rating' ? rating / highest : Number(rating >= threshold))),
  }
  if (of === 'liking' && !(data.targets.includes(1) && data.targets.includes(0)))
    throw new CausewayError(
      'noRatings',
      `The ratings of "${name}" are not on both sides of the threshold ${threshold}.`,
    )
  writeFileAtomic(file, encodeSafetensors(factorise(data, { link: linkOf(of), factors, ridge, seed })))
  return { users: data.userCount, items: data.itemCount }
}

import type { Csr, Split } from '../../../../src-shared/domain/split'
import type { Rng } from '../../../tensor/rng'
import type { SimulatedPairs, World } from './world'

/**
 * A world as methods are given it: the observed pairs as train and validation part, the drawn ones as test part. A split tells positives
 * from negatives; here the median of the observed preferences does, which methods for continuous preferences make nothing of.
 */
export function simulatedSplit(world: World, validationShare: number, rng: Rng): Split {
  const { observed, test } = world
  const size = observed.users.length
  const order = rng.shuffle(Int32Array.from({ length: size }, (_, at) => at))
  const isValidation = new Uint8Array(size)
  for (const at of order.subarray(0, Math.round(size * validationShare))) isValidation[at] = 1
  const threshold = Float32Array.from(observed.values).sort()[size >> 1]!
  const observedWhere = (validation: number) =>
    partOf(world, observed, threshold, (at) => isValidation[at] === validation)
  const train = observedWhere(0)
  const validation = observedWhere(1)
  const tested = partOf(world, test, threshold, () => true)
  const side = (of: 'positives' | 'negatives') => ({
    train: train[of].rows,
    validation: validation[of].rows,
    test: tested[of].rows,
  })
  const values = (of: 'positives' | 'negatives') => ({
    train: train[of].values,
    validation: validation[of].values,
    test: tested[of].values,
  })
  return {
    hash: 'simulated',
    ...side('positives'),
    negatives: side('negatives'),
    ratings: { positives: values('positives'), negatives: values('negatives') },
    isTestRandomised: true,
  }
}

interface Side {
  rows: Csr
  values: Float32Array
}

/** The pairs that are of a part, on either side of the threshold. */
function partOf(
  { userCount, itemCount }: World,
  pairs: SimulatedPairs,
  threshold: number,
  isIn: (at: number) => boolean,
): Record<'positives' | 'negatives', Side> {
  const sideOf = (isPositive: boolean): Side => {
    const indptr = new Int32Array(userCount + 1)
    const indices: number[] = []
    const values: number[] = []
    pairs.values.forEach((value, at) => {
      if (value >= threshold !== isPositive || !isIn(at)) return
      indptr[pairs.users[at]! + 1]!++
      indices.push(pairs.items[at]!)
      values.push(value)
    })
    for (let user = 0; user < userCount; user++) indptr[user + 1]! += indptr[user]!
    const rows: Csr = { rows: userCount, cols: itemCount, indptr, indices: Int32Array.from(indices) }
    return { rows, values: Float32Array.from(values) }
  }
  return { positives: sideOf(true), negatives: sideOf(false) }
}

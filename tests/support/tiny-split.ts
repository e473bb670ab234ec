import { exposedIn } from '../../src-main/pipeline/split/beside'
import { Rng } from '../../src-main/tensor/rng'
import { nnzOf, type PairValues, type Split, type SplitPart } from '../../src-shared/domain/split'
import { csrOf } from './csr'

/**
 * A small data set that can be learned: users of three tastes, each with its own third of the items. One user has no
 * train item, one no validation item, one no test item, and the last item is in nobody's train part.
 */
export function tinySplit(users = 60, items = 31, seed = 7): Split {
  const rng = Rng.seeded(seed)
  const third = Math.floor((items - 1) / 3)
  const lists = { train: [] as number[][], validation: [] as number[][], test: [] as number[][] }
  for (let u = 0; u < users; u++) {
    const own = rng.shuffle(Array.from({ length: third }, (_, i) => (u % 3) * third + i))
    lists.train.push(u === 3 ? [] : own.slice(0, Math.max(2, third - 5)))
    lists.validation.push(u === 4 ? [] : own.slice(third - 4, third - 2))
    lists.test.push(u === 5 ? [] : [...own.slice(third - 2), ...(u === 6 ? [items - 1] : [])])
  }
  return {
    hash: `tiny-${users}-${items}-${seed}`,
    train: csrOf(lists.train, items),
    validation: csrOf(lists.validation, items),
    test: csrOf(lists.test, items),
  }
}

/** The same with ratings below the threshold: each user has met some items of the other tastes, and did not like them. */
export function ratedTinySplit(users = 60, items = 31, seed = 7): Split {
  const rng = Rng.seeded(seed + 1)
  const third = Math.floor((items - 1) / 3)
  const negatives = { train: [] as number[][], validation: [] as number[][], test: [] as number[][] }
  for (let u = 0; u < users; u++) {
    const others = Array.from({ length: 3 * third }, (_, i) => i).filter((i) => Math.floor(i / third) !== u % 3)
    rng.shuffle(others)
    negatives.train.push(others.slice(0, Math.max(2, third - 5)))
    negatives.validation.push(others.slice(third - 4, third - 2))
    negatives.test.push(others.slice(third - 2, third))
  }
  return {
    ...tinySplit(users, items, seed),
    hash: `rated-tiny-${users}-${items}-${seed}`,
    negatives: {
      train: csrOf(negatives.train, items),
      validation: csrOf(negatives.validation, items),
      test: csrOf(negatives.test, items),
    },
  }
}

/** One number for every positive pair of a rated split and another for every negative one: its ratings, or its propensities. */
export function pairValues(split: Split, positive: number, negative: number): PairValues {
  const fill = (parts: Pick<Split, SplitPart>, value: number): PairValues['positives'] => ({
    train: new Float32Array(nnzOf(parts.train)).fill(value),
    validation: new Float32Array(nnzOf(parts.validation)).fill(value),
    test: new Float32Array(nnzOf(parts.test)).fill(value),
  })
  return { positives: fill(split, positive), negatives: fill(split.negatives!, negative) }
}

/** The same as a method reads it that knows exposures and features: what users met of other tastes is rated 2, the rest 5. */
export function exposedTinySplit(users = 60, items = 31, seed = 7): Split {
  const split = ratedTinySplit(users, items, seed)
  const rated = { ...split, ratings: pairValues(split, 5, 2) }
  // Tells the first taste from the others, and a number that says nothing.
  const values = Float32Array.from({ length: 2 * users }, (_, at) => {
    const user = at >> 1
    return at % 2 === 1 ? ((user * 7) % 5) - 2 : user % 3 === 0 ? 1.4 : -0.7
  })
  const beside = { exposed: exposedIn(rated, 'train'), features: { width: 2, values } }
  return { ...rated, train: { ...rated.train, beside } }
}

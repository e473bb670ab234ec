import { Rng } from '../../src-main/tensor/rng'
import type { Split } from '../../src-shared/domain/split'
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

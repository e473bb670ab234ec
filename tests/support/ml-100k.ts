import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Split } from '../../src-shared/domain/split'
import { Rng } from '../../src-main/tensor/rng'
import { csrOf } from './csr'

const file = resolve('../shared/data/ml-100k/ml-100k.inter')
export const hasMl100k = existsSync(file)

/** ML-100K as the issue fixes it: ratings >= 4, 70 / 10 / 20 of each user at random. */
export function readMl100k(seed: number): Split {
  const users = new Map<string, number>()
  const items = new Map<string, number>()
  const idOf = (map: Map<string, number>, key: string): number => {
    const known = map.get(key) ?? map.size
    map.set(key, known)
    return known
  }
  const perUser: number[][] = []
  for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
    const [user, item, rating] = line.split('\t') as [string, string, string]
    if (Number(rating) < 4) continue
    const own = (perUser[idOf(users, user)] ??= [])
    own.push(idOf(items, item))
  }
  const rng = Rng.seeded(seed)
  const parts = { train: [] as number[][], validation: [] as number[][], test: [] as number[][] }
  for (const own of perUser) {
    rng.shuffle(own)
    const test = Math.round(own.length * 0.2)
    const validation = Math.round(own.length * 0.1)
    parts.test.push(own.slice(0, test))
    parts.validation.push(own.slice(test, test + validation))
    parts.train.push(own.slice(test + validation))
  }
  return {
    hash: 'ml-100k',
    train: csrOf(parts.train, items.size),
    validation: csrOf(parts.validation, items.size),
    test: csrOf(parts.test, items.size),
  }
}

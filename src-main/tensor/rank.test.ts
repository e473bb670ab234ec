import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { normals, pick, randomRows, startedKernels, strew } from '../../tests/support/kernels'
import { takeRows, type Csr } from '../../src-shared/domain/split'
import { rankRows } from '../pipeline/evaluate/ranking'
import { useBackend } from './backends'
import { turnOff } from './kernels/switches'
import { countLeakedTensors } from './leak'
import { ItemRanker, logitsOf, type ItemLayer, type PruningLimits } from './rank'
import { Rng } from './rng'
import { tf } from './tf'

beforeAll(async () => void (await startedKernels()))
afterAll(() => expect(tf.memory().numTensors).toBe(0))

/** Bounds are tried however small a block is. */
const always: PruningLimits = {
  fewestUsers: 1,
  fewestItems: 1,
  candidates: (items) => Math.ceil(items / 16),
  largestShare: 0.99,
}

interface Model {
  users: number
  items: number
  width: number
  hidden: Float32Array
  weight: Float32Array
  bias: Float32Array
}

const layerOf = ({ items, width, hidden, weight, bias }: Model, from: number, to: number): ItemLayer => ({
  hidden: tf.tensor2d(hidden.slice(from * width, to * width), [to - from, width]),
  weight: tf.tensor2d(weight, [width, items]),
  bias: tf.tensor1d(bias),
})

/** Users much alike, items that are not: logits as those of popularity. The columns of popular items are as short as the others. */
function skewed(rng: Rng, users: number, items: number, width: number): Model {
  const centre = normals(rng, width, 0.3)
  const hidden = normals(rng, users * width, 0.1).map((value, at) => value + centre[at % width]!)
  const ranks = rng.shuffle(Int32Array.from({ length: items }, (_, rank) => rank))
  const bias = Float32Array.from(ranks, (rank) => -Math.log(rank + 10))
  return { users, items, width, hidden, weight: normals(rng, width * items, 0.3 / Math.sqrt(width)), bias }
}

const random = (rng: Rng, users: number, items: number, width: number): Model => ({
  users,
  items,
  width,
  hidden: normals(rng, users * width),
  weight: normals(rng, width * items, 0.1),
  bias: normals(rng, items, 0.01),
})

interface Found {
  lists: Int32Array
  /** The share of the logits that were computed, by block. */
  shares: number[]
}

function ranked(model: Model, known: Csr, k: number, blockRows: number, limits = always): Found {
  const ranker = new ItemRanker(limits)
  const lists = new Int32Array(model.users * k)
  const shares: number[] = []
  for (let from = 0; from < model.users; from += blockRows) {
    const to = Math.min(model.users, from + blockRows)
    const rows = takeRows(
      known,
      Array.from({ length: to - from }, (_, at) => from + at),
    )
    lists.set(
      ranker.rank(() => layerOf(model, from, to), rows, k),
      from * k,
    )
    shares.push(ranker.computedShare)
  }
  return { lists, shares }
}

/** All logits, ranked row by row as plain numbers. */
const expectedOf = (model: Model, known: Csr, k: number): Int32Array =>
  rankRows(
    tf.tidy(() => logitsOf(layerOf(model, 0, model.users)).dataSync<'float32'>()),
    known,
    k,
  )

/** The lists are those of all logits for every size of block. @returns the shares that were computed, by size of block */
function expectExact(model: Model, known: Csr, k: number, what = ''): Map<number, number[]> {
  const expected = expectedOf(model, known, k)
  const shares = new Map<number, number[]>()
  for (const blockRows of [1, 7, 512]) {
    const found = ranked(model, known, k, blockRows)
    expect(found.lists, `${what}, blocks of ${blockRows}`).toEqual(expected)
    shares.set(blockRows, found.shares)
  }
  return shares
}

/** Rows of the items of largest bias, as users know what is popular. */
function popularRows({ users, items, bias }: Model, rng: Rng, most: number): Csr {
  const byBias = Int32Array.from(bias.keys()).sort((a, b) => bias[b]! - bias[a]! || a - b)
  const lists = Array.from({ length: users }, () => {
    const known = new Set<number>()
    for (let draw = rng.integer(most); draw > 0; draw--) known.add(byBias[Math.floor(items * rng.uniform() ** 3)]!)
    return [...known].sort((a, b) => a - b)
  })
  // The first knows all candidates, the second all items, the third all but one.
  lists[0] = [...byBias.subarray(0, Math.ceil(items / 4))].sort((a, b) => a - b)
  if (users > 2)
    [lists[1], lists[2]] = [Array.from(byBias.keys()), Array.from({ length: items - 1 }, (_, at) => at + 1)]
  const indptr = new Int32Array(users + 1)
  lists.forEach((list, user) => (indptr[user + 1] = indptr[user]! + list.length))
  return { rows: users, cols: items, indptr, indices: Int32Array.from(lists.flat()) }
}

describe('the best items are those of all logits', () => {
  test('of skewed models, of which few logits are computed', () => {
    const rng = Rng.seeded(1)
    for (const [users, items, width] of [
      [137, 2003, 31],
      [89, 997, 7],
      [211, 3001, 64],
    ] as const) {
      const model = skewed(rng, users, items, width)
      const shares = expectExact(model, randomRows(rng, users, items, 0.02), 30)
      expect(Math.max(...shares.get(512)!)).toBeLessThan(0.5)
      expect(Math.max(...shares.get(7)!)).toBeLessThan(0.6)
    }
  })

  test('also where some know all that is tried first, or everything', () => {
    const rng = Rng.seeded(2)
    const model = skewed(rng, 131, 1999, 23)
    const shares = expectExact(model, popularRows(model, rng, 200), 20)
    // Those few are ranked by all logits, the others not.
    expect(shares.get(512)![0]).toBeLessThan(0.6)
  })

  test('of random models of all sizes, whether logits are left out or not', () => {
    const rng = Rng.seeded(3)
    let pruned = 0
    for (let trial = 0; trial < 60; trial++) {
      const [users, items] = [pick(rng, [1, 2, 3, 5, 13, 71]), pick(rng, [1, 2, 7, 31, 97, 512, 701])]
      const make = pick(rng, [random, skewed])
      const model = make(rng, users, items, pick(rng, [1, 2, 3, 4, 5, 17, 33, 650]))
      const k = pick(rng, [1, 2, 5, 20, 100, 1000])
      const shares = expectExact(model, randomRows(rng, users, items, pick(rng, [0, 0.1, 0.9, 1])), k, `trial ${trial}`)
      if ([...shares.values()].flat().some((share) => share < 1)) pruned++
    }
    expect(pruned).toBeGreaterThan(5)
  })

  test('where many logits are equal', () => {
    const rng = Rng.seeded(4)
    const whole = (length: number, most: number): Float32Array => Float32Array.from({ length }, () => rng.integer(most))
    for (let trial = 0; trial < 10; trial++) {
      const [users, items, width] = [41, 797, 5]
      // Few different columns, so that a tie goes across what is tried first and what survives.
      const kinds = Array.from({ length: 6 }, () => whole(width, 2))
      const kindOf = Int32Array.from({ length: items }, () => rng.integer(rng.integer(6) + 1))
      const weight = Float32Array.from(
        { length: width * items },
        (_, at) => kinds[kindOf[at % items]!]![Math.floor(at / items)]!,
      )
      const bias = Float32Array.from(kindOf, (kind) => -kind * 3)
      const hidden = whole(users * width, 2).map((value) => value / 8)
      expectExact(
        { users, items, width, hidden, weight, bias },
        randomRows(rng, users, items, 0.3),
        30,
        `trial ${trial}`,
      )
    }
    const [users, items, width] = [9, 301, 3]
    const same = { users, items, width, hidden: new Float32Array(27).fill(0.5), bias: new Float32Array(items) }
    expectExact({ ...same, weight: new Float32Array(903).fill(0.25) }, randomRows(rng, users, items, 0.1), 10)
  })

  test('where all users are the same, and where logits differ by their last bits', () => {
    const rng = Rng.seeded(5)
    const model = skewed(rng, 67, 1499, 19)
    const one = model.hidden.slice(0, 19)
    const alike = { ...model, hidden: model.hidden.map((_, at) => one[at % 19]!) }
    const shares = expectExact(alike, randomRows(rng, 67, 1499, 0.05), 30)
    expect(shares.get(512)![0]).toBeLessThan(0.2)
    // Tiny weights beside large biases: what the bounds hold apart is less than what rounding moves.
    for (const scale of [1e-7, 1e-20, 1e-30]) {
      const weight = alike.weight.map((value) => value * scale)
      const bias = alike.bias.map((_, item) => 1 + (item % 5) * 2 ** -23)
      expectExact({ ...model, weight, bias }, randomRows(rng, 67, 1499, 0.05), 30, `scale ${scale}`)
      expectExact({ ...model, weight, bias: bias.fill(0) }, randomRows(rng, 67, 1499, 0.05), 30, `scale ${scale}`)
    }
  })

  test.each(['hidden', 'weight', 'bias'] as const)('with NaN, infinities or huge values in %s', (where) => {
    const rng = Rng.seeded(6)
    for (const what of [[NaN], [Infinity], [-Infinity], [NaN, Infinity, -Infinity], [1e38, -1e38], [1e20]]) {
      const model = skewed(rng, 23, 503, 11)
      const strewn = { ...model, [where]: strew(rng, model[where].slice(), 3, what) }
      expectExact(strewn, randomRows(rng, 23, 503, 0.1), 10, String(what))
    }
  })
})

test('results do not depend on threads', async () => {
  const rng = Rng.seeded(7)
  const model = skewed(rng, 149, 2503, 37)
  const known = popularRows(model, rng, 100)
  const expected = ranked(model, known, 30, 100)
  expect(expected.lists).toEqual(expectedOf(model, known, 30))
  for (const threads of [1, 2, 3]) {
    await useBackend('wasm', threads)
    for (let repeat = 0; repeat < 3; repeat++) expect(ranked(model, known, 30, 100)).toEqual(expected)
  }
  await useBackend('wasm', 1)
})

test('all logits are computed where bounds or what they stand on is off', () => {
  const rng = Rng.seeded(8)
  const model = skewed(rng, 70, 1201, 13)
  const known = randomRows(rng, 70, 1201, 0.05)
  const shares = (): number[] => ranked(model, known, 10, 512).shares
  expect(shares()[0]).toBeLessThan(0.5)
  for (const name of ['bounds', 'product'] as const) {
    turnOff([name])
    expect(shares()).toEqual([1])
  }
  turnOff(['top'])
  expect(shares).toThrow('no kernel')
  turnOff([])
  expect(ranked(model, known, 0, 512).lists).toHaveLength(0)
})

test('small blocks are left alone, and after a failure the next try comes later and later', () => {
  const rng = Rng.seeded(9)
  const limits = { ...always, fewestUsers: 10, largestShare: 0.6 }
  const good = skewed(rng, 10, 1201, 13)
  const bad = random(rng, 10, 1201, 13)
  const known = randomRows(rng, 10, 1201, 0.05)
  expect(ranked(good, known, 10, 9, limits).shares).toEqual([1, 1])
  const ranker = new ItemRanker(limits)
  const tries = (model: Model): boolean => {
    ranker.rank(() => layerOf(model, 0, 10), known, 10)
    return ranker.computedShare < 1
  }
  expect([tries(good), tries(good)]).toEqual([true, true])
  expect([tries(bad), tries(good), tries(bad), tries(good), tries(good), tries(good), tries(good)]).toEqual(
    [false, false, false, false, false, true, true], // prettier-ignore
  )
})

test('leaves no tensor behind', async () => {
  const rng = Rng.seeded(10)
  const model = skewed(rng, 70, 1201, 13)
  const known = randomRows(rng, 70, 1201, 0.05)
  ranked(model, known, 10, 512)
  expect(await countLeakedTensors(() => void ranked(model, known, 10, 512))).toBe(0)
})

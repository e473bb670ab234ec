import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { bitsOf, fitSmall, smallParams, throughDisk } from '../../../../tests/support/fit'
import { randomRows } from '../../../../tests/support/kernels'
import { hasPair, rowOf, type Csr, type Split } from '../../../../src-shared/domain/split'
import { transpose } from '../../../pipeline/evaluate/list-metrics'
import { Rng } from '../../../tensor/rng'
import type { Checkpoint, FitOutcome, FittedModel } from '../../method'
import {
  blocksOf,
  blockWork,
  Factors,
  objective,
  RowSolver,
  scoreOf,
  type Weighting,
} from '../../blocks/factorisation/factors'
import { descriptor } from '.'

const weighting: Weighting = { alpha: 3, regularisation: 0.7 }

const randomFactors = (rows: number, size: number, seed: number): Factors =>
  new Factors(Rng.seeded(seed).fillNormal(new Float32Array(rows * size)), size)

const completed = (outcome: FitOutcome): { model: FittedModel; epochs: number } => {
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome
}

/** Solves A x = b by Gauss's elimination with the largest pivot of each column. */
function solveDense(a: number[][], b: number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]!])
  const n = rows.length
  for (let col = 0; col < n; col++) {
    const pivot = rows.reduce((top, row, i) => (i >= col && Math.abs(row[col]!) > Math.abs(rows[top]![col]!) ? i : top), col) // prettier-ignore
    ;[rows[col], rows[pivot]] = [rows[pivot]!, rows[col]!]
    for (let i = 0; i < n; i++) {
      if (i === col) continue
      const factor = rows[i]![col]! / rows[col]![col]!
      for (let j = col; j <= n; j++) rows[i]![j]! -= factor * rows[col]![j]!
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!)
}

/** The solution of a row from the confidences and preferences of all columns: (YᵀCY + λI)⁻¹ YᵀCp. */
function denseSolution(rows: Csr, row: number, others: Factors): number[] {
  const { size } = others
  const matrix = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => (i === j ? weighting.regularisation : 0)),
  )
  const vector = new Array<number>(size).fill(0)
  for (let col = 0; col < rows.cols; col++) {
    const preference = hasPair(rows, row, col) ? 1 : 0
    const confidence = 1 + weighting.alpha * preference
    const y = others.at(col)
    for (let i = 0; i < size; i++) {
      vector[i]! += confidence * preference * y[i]!
      for (let j = 0; j < size; j++) matrix[i]![j]! += confidence * y[i]! * y[j]!
    }
  }
  return solveDense(matrix, vector)
}

function bruteForce(rows: Csr, users: Factors, items: Factors): number {
  let sum = 0
  for (let u = 0; u < rows.rows; u++)
    for (let i = 0; i < rows.cols; i++) {
      const preference = hasPair(rows, u, i) ? 1 : 0
      const score = users.at(u).reduce((product, x, f) => product + x * items.at(i)[f]!, 0)
      sum += (1 + weighting.alpha * preference) * (preference - score) ** 2
    }
  for (const value of [...users.values, ...items.values]) sum += weighting.regularisation * value ** 2
  return sum
}

/** Solves for all rows. */
function solveAll(rows: Csr, own: Factors, others: Factors): void {
  const solver = new RowSolver(others, weighting)
  for (let row = 0; row < rows.rows; row++) solver.solve(rowOf(rows, row), own.at(row))
  own.changed()
}

describe('a half of a sweep', () => {
  const rows = randomRows(Rng.seeded(4), 9, 13, 0.6)

  test('gives each row the solution of its normal equations over all columns', () => {
    const items = randomFactors(13, 5, 1)
    const users = randomFactors(9, 5, 2)
    solveAll(rows, users, items)
    for (let u = 0; u < 9; u++) {
      const expected = denseSolution(rows, u, items)
      users.at(u).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6))
    }
    expect(Math.max(...users.values)).toBeGreaterThan(0.1)
  })

  test('never raises the loss, which is the sum over all pairs', () => {
    const items = randomFactors(13, 5, 1)
    const users = randomFactors(9, 5, 2)
    let last = objective(rows, users, items, weighting)
    const first = last
    for (let half = 0; half < 20; half++) {
      if (half % 2 === 0) solveAll(rows, users, items)
      else solveAll(transpose(rows), items, users)
      const loss = objective(rows, users, items, weighting)
      expect(Math.abs(loss / bruteForce(rows, users, items) - 1)).toBeLessThan(1e-12)
      // As much as factors of 32 bits can be off their best.
      expect(loss).toBeLessThanOrEqual(last * (1 + 1e-12))
      last = loss
    }
    expect(last).toBeLessThan(0.5 * first)
  })
})

test('cuts rows into blocks that have every row once, in order, of no more work than allowed but for the last row', () => {
  const size = 192
  const workOf = (own: number): number => (own === 0 ? 0 : (own * size ** 2) / 2 + size ** 3 / 6)
  const rows = randomRows(Rng.seeded(9), 40, 60)
  const blocks = blocksOf(rows, size)
  expect(blocks.length).toBeGreaterThan(3)
  expect(blocks.flatMap(([from, to]) => Array.from({ length: to - from }, (_, at) => from + at))).toEqual(
    Array.from({ length: 40 }, (_, row) => row),
  )
  for (const [from, to] of blocks) {
    let work = 0
    for (let row = from; row < to - 1; row++) work += workOf(rowOf(rows, row).length)
    expect(work).toBeLessThan(blockWork)
  }
})

/** Users of two tastes, each of half the items, who have met some of them; two items of each are held out. */
function twoTastes(users: number, items: number, seed: number): Split {
  const rng = Rng.seeded(seed)
  const lists = Array.from({ length: users }, (_, u) => {
    const own = Array.from({ length: items / 2 }, (_, i) => (u % 2) * (items / 2) + i)
    return [...rng.shuffle(Int32Array.from(own))]
  })
  const nothing = csrOf(
    lists.map(() => []),
    items,
  )
  const [train, validation] = [lists.map((own) => own.slice(2, 2 + items / 4)), lists.map((own) => own.slice(0, 2))]
  return { hash: 'two-tastes', train: csrOf(train, items), validation: csrOf(validation, items), test: nothing }
}

/** The factors of users and of items in a checkpoint of two factors. */
const weightsOf = ({ arrays }: Checkpoint): [Factors, Factors] => {
  const [users, items] = [arrays['weights.users']!, arrays['weights.items']!]
  return [new Factors(users.data as Float32Array, 2), new Factors(items.data as Float32Array, 2)]
}

describe('a training', () => {
  const split = twoTastes(80, 24, 3)
  const params = { factors: 2, alpha: 5, regularisation: 1 }

  test('ranks what a user of a taste has not met above the other taste, for users it never saw', async () => {
    const { model } = completed(await fitSmall(descriptor, split, { params }))
    const unseen = csrOf([[0, 4, 7], [13, 17, 20, 22], [11]], 24)
    const scores = await model.score(unseen)
    for (let r = 0; r < unseen.rows; r++) {
      const own = scores.subarray(r * 24, (r + 1) * 24)
      const taste = rowOf(unseen, r)[0]! < 12 ? 0 : 1
      const isOwn = (item: number): boolean => Math.floor(item / 12) === taste
      const held = [...own].filter((_, item) => isOwn(item) && !rowOf(unseen, r).includes(item))
      const others = [...own].filter((_, item) => !isOwn(item))
      expect(Math.min(...held)).toBeGreaterThan(Math.max(...others))
    }
  })

  test('folds a user in to the very factors that training gives it', async () => {
    let last: Checkpoint | null = null
    const signal = { requested: null as 'pause' | null }
    await fitSmall(descriptor, split, {
      params,
      signal,
      report: {
        // In the one block of users: the items are still those that the users were solved from.
        progress: () => void (signal.requested = 'pause'),
        checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
      },
    })
    const [users, items] = weightsOf(last!)
    const { load } = await descriptor.load()
    const scores = await load(
      { items: { shape: items.shape, data: items.values } },
      smallParams(descriptor, params),
      24,
      null,
    ).score(split.train)
    const inTraining = [0, 1, 41].map((u) => Array.from({ length: 24 }, (_, i) => Math.fround(scoreOf(users, u, items, i)))) // prettier-ignore
    expect([0, 1, 41].map((u) => [...scores.subarray(u * 24, (u + 1) * 24)])).toEqual(inTraining)
    expect(Math.max(...inTraining.flat())).toBeGreaterThan(0.5)
  })

  test('never reports a higher loss than before, and puts back the best sweep', async () => {
    const losses: number[] = []
    const found: number[] = []
    const outcome = await fitSmall(descriptor, split, {
      params: { ...params, epochs: 15, patience: 15 },
      report: {
        epoch: ({ values }) => {
          losses.push(values['loss']!)
          found.push(values['ndcg@10']!)
        },
      },
    })
    const { model } = completed(outcome)
    expect(losses).toHaveLength(15)
    losses.slice(1).forEach((loss, at) => expect(loss).toBeLessThanOrEqual(losses[at]! * (1 + 1e-12)))
    expect(losses.at(-1)!).toBeLessThan(losses[0]!)
    const bestEpoch = found.indexOf(Math.max(...found)) + 1
    expect(outcome).toMatchObject({ bestEpoch })
    expect(bestEpoch).toBeLessThan(15)
    const short = completed(await fitSmall(descriptor, split, { params: { ...params, epochs: bestEpoch } })).model
    expect(bitsOf(await model.save())).toEqual(bitsOf(await short.save()))
  })

  test('stopped within either half of a sweep, it goes on to the same bits', async () => {
    const few = twoTastes(32, 24, 3)
    const large = { ...params, factors: 128, epochs: 1 }
    const blocks = [few.train, transpose(few.train)].map((rows) => blocksOf(rows, 128).length)
    expect(Math.min(...blocks)).toBeGreaterThan(1)
    const whole = completed(await fitSmall(descriptor, few, { params: large })).model
    // In the first block of each half, and in the last of all.
    for (const stopAt of [1, blocks[0]! + 1, blocks[0]! + blocks[1]!]) {
      let [reports, last] = [0, null as Checkpoint | null]
      const signal = { requested: null as 'pause' | null }
      const outcome = await fitSmall(descriptor, few, {
        params: large,
        signal,
        report: {
          progress: () => {
            if (++reports === stopAt) signal.requested = 'pause'
          },
          checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
        },
      })
      expect(outcome).toEqual({ end: 'paused', epochs: 0 })
      expect(last!.state).toMatchObject({ position: stopAt })
      const resumed = completed(await fitSmall(descriptor, few, { params: large, seed: 99, resume: last! })).model
      expect(bitsOf(await resumed.save())).toEqual(bitsOf(await whole.save()))
    }
  })

  test('without validation items it keeps the last sweep, and says so', async () => {
    const logged: string[] = []
    const outcome = await fitSmall(
      descriptor,
      { ...split, validation: split.test },
      { params, report: { log: (_, text) => void logged.push(text) } },
    )
    expect(outcome).toMatchObject({ end: 'completed', epochs: 3, bestEpoch: null })
    expect(logged).toEqual([expect.stringContaining('the last weights are kept')])
  })

  test('refuses data without interactions, and ends where the factors are no numbers', async () => {
    const nothing = csrOf([[], []], 3)
    const empty = { hash: 'empty', train: nothing, validation: nothing, test: nothing }
    await expect(fitSmall(descriptor, empty)).rejects.toMatchObject({ code: 'tooFewUsers' })

    let last: Checkpoint | null = null
    const report = { checkpoint: async (checkpoint: Checkpoint) => void (last = throughDisk(checkpoint)) }
    await fitSmall(descriptor, split, { params, signal: { requested: 'pause' }, report })
    weightsOf(last!)[1].values.fill(NaN)
    await expect(fitSmall(descriptor, split, { params, resume: last! })).rejects.toMatchObject({ code: 'diverged' })
  })
})

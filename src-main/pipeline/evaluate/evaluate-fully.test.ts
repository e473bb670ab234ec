import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { allMetricNames, definitionOf, metricNames, rangeOf } from '../../../src-shared/domain/metric'
import type { Csr, Split } from '../../../src-shared/domain/split'
import type { AttributeTable, FullEvaluation } from '../../jobs/trainer-contract'
import { Rng } from '../../tensor/rng'
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors'
import { evaluate, heldOut } from './evaluate'
import { evaluateFully } from './evaluate-fully'
import { hasEvaluation, readEvaluation, writeEvaluation } from './evaluation-file'
import { listMetric, metricsOfUsers, positionsOf } from './metrics-of-users'
import { rankRows } from './ranking'
import { ratedMetrics, ratedPairs } from './rated'

const items = 60
const users = 80

/** Random users, one without train item, one without test item; a fifth of what they met they did not like. */
function randomSplit(seed: number): Split {
  const rng = Rng.seeded(seed)
  const rows = Array.from({ length: users }, () =>
    rng.shuffle(Array.from({ length: items }, (_, item) => item)).slice(0, 20 + rng.integer(25)),
  )
  const part = (from: number, to: number): Csr => csrOf(rows.map((row) => row.slice(from, to)), items) // prettier-ignore
  const train = csrOf(
    rows.map((row, user) => (user === 3 ? [] : row.slice(0, 8))),
    items,
  )
  const test = csrOf(
    rows.map((row, user) => (user === 5 ? [] : row.slice(10, 14 + (user % 5)))),
    items,
  )
  const negatives = { train: part(18, 18 + 1), validation: part(19, 19), test: part(19, 20) }
  return { hash: `random-${seed}`, train, validation: part(8, 10), test, negatives }
}

/** Scores that depend on the items a user is shown, with ties. */
const scorer = {
  score: async (rows: Csr) => {
    const scores = new Float32Array(rows.rows * items)
    for (let row = 0; row < rows.rows; row++) {
      let seed = 17
      for (let at = rows.indptr[row]!; at < rows.indptr[row + 1]!; at++) seed = (seed * 31 + rows.indices[at]!) % 1009
      for (let item = 0; item < items; item++) scores[row * items + item] = (seed * (item + 3) + item * item) % 37
    }
    return scores
  },
}

const attributes: AttributeTable = {
  numbers: [
    { name: 'price', values: Float64Array.from({ length: items }, (_, item) => (item % 7 === 0 ? NaN : item * 1.5)) },
    { name: 'nothing', values: new Float64Array(items).fill(NaN) },
  ],
  texts: [
    {
      name: 'genre',
      labels: ['a', 'a|b', 'c'],
      codes: Int32Array.from({ length: items }, (_, item) => (item % 4) - 1),
    },
  ],
}

const split = randomSplit(1)
let full: FullEvaluation
let directory: string

beforeAll(async () => {
  full = (await evaluateFully(scorer, split, attributes))!
  directory = mkdtempSync(join(tmpdir(), 'causeway-evaluation-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const step = async (): Promise<void> => undefined

describe('a full evaluation', () => {
  test('has every metric in reporting order but those that nobody has a value of', () => {
    const names = allMetricNames({ numericAttributes: ['price', 'nothing'], categories: ['genre'], hasObservedNegatives: true }) // prettier-ignore
    expect(Object.keys(full.metrics)).toEqual(names.filter((name) => !name.startsWith('avp:nothing')))
    expect(full.evaluation.rows.length).toBe(users - 1)
    expect([...full.evaluation.rows]).not.toContain(5)
  })

  test('has the very recall and NDCG that the evaluation during a training has', async () => {
    const { metrics } = (await evaluate(scorer, split, 'test'))!
    for (const name of metricNames) expect(full.metrics[name]).toBe(metrics[name])
  })

  test('takes the lists of a model that ranks itself, as the evaluation during a training does', async () => {
    // Its scores are rounded: what they make equal, its own ranking still tells apart.
    const ranking = {
      score: async (rows: Csr) => (await scorer.score(rows)).map((value) => Math.floor(value / 5)),
      rank: async (rows: Csr, known: Csr, k: number) => rankRows(await scorer.score(rows), known, k),
    }
    const [own, watched] = [await evaluateFully(ranking, split, attributes), await evaluate(ranking, split, 'test')]
    for (const name of metricNames) expect(own!.metrics[name]).toBe(watched!.metrics[name])
    expect(own!.evaluation.lists).toEqual(full.evaluation.lists)
    expect(own!.metrics['auc']).not.toBe(full.metrics['auc'])
  })

  test('leaves users without a value out: here the one without train items', () => {
    const { values, rows } = full.evaluation
    const position = rows.indexOf(3)
    expect(values['popularityLift@10']![position]).toBeNaN()
    expect(values['calibration:genre@10']![position]).toBeNaN()
    expect(values['ndcg@10']![position]).not.toBeNaN()
    expect([...values['popularityLift@10']!].filter(Number.isNaN)).toHaveLength(1)
  })

  test('keeps values within their ranges, of many random data sets and with or without anything to know', async () => {
    for (let seed = 2; seed < 12; seed++) {
      const { metrics, evaluation } = (await evaluateFully(scorer, randomSplit(seed), attributes))!
      for (const [name, value] of Object.entries(metrics)) {
        const [low, high] = rangeOf(name)
        for (const one of [value, ...(evaluation.values[name] ?? [])].filter((number) => !Number.isNaN(number))) {
          expect(one, name).toBeGreaterThanOrEqual(low - 1e-6)
          expect(one, name).toBeLessThanOrEqual(high + 1e-6)
        }
      }
    }
  })

  test('is the same for every block size', async () => {
    for (const blockRows of [1, 7, 79, 1000])
      expect(await evaluateFully(scorer, split, attributes, { blockRows })).toEqual(full)
  })

  test('without attributes and ratings has what the interactions give', async () => {
    const { metrics } = (await evaluateFully(scorer, { ...split, negatives: undefined }, null))!
    expect(Object.keys(metrics)).toEqual(
      allMetricNames({ numericAttributes: [], categories: [], hasObservedNegatives: false }),
    )
    for (const [name, value] of Object.entries(metrics)) expect(value).toBe(full.metrics[name])
  })

  test('a stop ends it, between blocks and among the lists', async () => {
    let asked = 0
    expect(await evaluateFully(scorer, split, null, { blockRows: 10, stop: () => ++asked === 3 })).toBeNull()
    asked = 0
    expect(await evaluateFully(scorer, split, null, { blockRows: 1000, stop: () => ++asked === 2 })).toBeNull()
  })
})

describe('metrics among rated items', () => {
  /** The metrics from the scores of the pairs alone, as a training has them. */
  const ofPairs = async (of: Split) => {
    const pairs = ratedPairs(of, 'test')
    const scores = await scorer.score(of.train)
    return ratedMetrics(
      pairs,
      Float32Array.from(pairs.users, (user, at) => scores[user * items + pairs.items[at]!]!),
    )
  }

  test('are those of the pairs, of users without anything to recommend too', async () => {
    const expected = await ofPairs(split)
    expect(Object.keys(expected)).toEqual(['ratedAuc', 'ratedRecall@5', 'ratedRecallFull@5', 'ratedNdcg@5'])
    for (const [name, value] of Object.entries(expected)) expect(full.metrics[name], name).toBeCloseTo(value, 12)
    // The user without a test item has a rating below the threshold, which counts.
    const [from, to] = [split.negatives!.test.indptr[5]!, split.negatives!.test.indptr[6]!]
    expect(to).toBeGreaterThan(from)
    const own = await scorer.score(split.train)
    const pairs = ratedPairs(split, 'test')
    const without = Float32Array.from(pairs.users, (user, at) => own[user * items + pairs.items[at]!]!)
    for (let at = 0; at < without.length; at++) if (pairs.users[at] === 5) without[at] = Infinity
    expect(ratedMetrics(pairs, without)['ratedAuc']).not.toBe(full.metrics['ratedAuc'])
  })

  test('have values by user where they are means of users, and none where they are of pairs', () => {
    expect(full.evaluation.values['ratedNdcg@5']).toHaveLength(users - 1)
    expect(full.evaluation.values['ratedAuc']).toBeUndefined()
  })

  test('of a segment are the means of its users; of pairs there is none', async () => {
    const positions = positionsOf(full.evaluation, Int32Array.of(1, 4, 7))
    const { metrics } = await metricsOfUsers(full.evaluation, ['ratedAuc', 'ratedRecall@5'], positions, step)
    expect(metrics.map(({ name }) => name)).toEqual(['ratedRecall@5'])
  })
})

describe('a randomised test part that repeats known pairs', () => {
  // Two users: one has a test item of its own beside a repeated one, the other only a repeated one.
  const repeating: Split = {
    hash: 'repeating',
    train: csrOf([[0, 1], [2], [3]], items),
    validation: csrOf([[4], [], []], items),
    test: csrOf([[0, 4, 5], [2], [6]], items),
    negatives: {
      train: csrOf([[], [], []], items),
      validation: csrOf([[], [], []], items),
      test: csrOf([[1, 7], [8], []], items),
    },
    isTestRandomised: true,
  }

  test('has as held out what is a candidate, and only that', () => {
    expect(heldOut(repeating, 'test')).toEqual(csrOf([[5], [], [6]], items))
    const { test: whole, validation } = repeating
    expect(heldOut({ ...repeating, isTestRandomised: false }, 'test')).toBe(whole)
    expect(heldOut(repeating, 'validation')).toBe(validation)
  })

  test('ranks all of it among rated items, and the rest among all', async () => {
    // The higher the number of an item, the lower its score.
    const model = {
      score: async (rows: Csr) => Float32Array.from({ length: rows.rows * items }, (_, cell) => -(cell % items)),
    }
    const { metrics, evaluation } = (await evaluateFully(model, repeating, null))!
    expect([...evaluation.rows]).toEqual([0, 1, 2])
    expect(evaluation.isTestRandomised).toBe(true)
    // Item 5 is third among 2, 3, 5, …; item 6 sixth among 0, 1, 2, 4, 5, 6, …
    expect([...evaluation.values['mrr@10']!]).toEqual([Math.fround(1 / 3), NaN, Math.fround(1 / 6)])
    expect(metrics['recall@10']).toBe(1)
    // Of 60 items user 0 has 3 known and one held out: two candidates of 56 are above; user 2: five of 58.
    expect(metrics['auc']).toBeCloseTo((54 / 56 + 53 / 58) / 2, 12)
    // Rated of user 0: 0, 1, 4, 5, 7 with hits at ranks 1, 3, 4; of user 1: 2 before 8; of user 2 item 6 alone.
    expect(metrics['ratedRecall@5']).toBe(1)
    const gain = (1 + 1 / Math.log2(4) + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3) + 1 / Math.log2(4))
    expect([...evaluation.values['ratedNdcg@5']!]).toEqual([Math.fround(gain), 1, 1])
    // Positives 0, 4, 5, 2, 6 against negatives 1, 7, 8: all three, then four times the last two.
    expect(metrics['ratedAuc']).toBeCloseTo(11 / 15, 12)
    expect((await evaluate(model, repeating, 'test'))!.users).toBe(2)
    expect((await evaluate(model, repeating, 'test'))!.metrics['ndcg@10']).toBe(metrics['ndcg@10'])
  })
})

describe('the metrics of some users', () => {
  const women = Int32Array.from({ length: users }, (_, row) => row).filter((row) => row % 3 === 1)

  test('are the means of their values, and of their lists', async () => {
    const positions = positionsOf(full.evaluation, women)
    expect([...positions].map((position) => full.evaluation.rows[position]!)).toEqual(
      [...women].filter((row) => row !== 5),
    )
    const measured = await metricsOfUsers(full.evaluation, Object.keys(full.metrics), positions, step)
    expect(measured.users).toBe(positions.length)
    for (const { name, value, interval } of measured.metrics) {
      const values = full.evaluation.values[name]
      if (!values) {
        expect(interval).toBeNull()
        expect(definitionOf(name).over).toBe('lists')
        expect(value).toBe(listMetric(full.evaluation, name, positions))
        continue
      }
      const own = [...positions].map((position) => values[position]!).filter((one) => !Number.isNaN(one))
      expect(value, name).toBeCloseTo(own.reduce((sum, one) => sum + one, 0) / own.length, 9)
      expect(interval!.low, name).toBeLessThanOrEqual(value + 1e-9)
      expect(interval!.high, name).toBeGreaterThanOrEqual(value - 1e-9)
    }
  })

  test('of everyone are the metrics of the evaluation', async () => {
    const measured = await metricsOfUsers(full.evaluation, Object.keys(full.metrics), positionsOf(full.evaluation, null), step) // prettier-ignore
    // Scores of pairs are not stored.
    const names = Object.keys(full.metrics).filter((name) => name !== 'ratedAuc')
    expect(measured.metrics.map(({ name }) => name)).toEqual(names)
    // What is kept by user has single precision.
    for (const { name, value } of measured.metrics)
      expect(Math.abs(value - full.metrics[name]!), name).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(value)))
  })

  test('of the user without train items are those that one has', async () => {
    const positions = positionsOf(full.evaluation, Int32Array.of(3))
    const { metrics } = await metricsOfUsers(full.evaluation, Object.keys(full.metrics), positions, step)
    const names = metrics.map(({ name }) => name)
    expect(names).toContain('ndcg@10')
    expect(names).not.toContain('popularityLift@10')
  })
})

describe('evaluation.safetensors', () => {
  test('comes back as it was written, under a hash of its bytes', () => {
    expect(hasEvaluation(directory)).toBe(false)
    const hash = writeEvaluation(directory, full.evaluation)
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(hasEvaluation(directory)).toBe(true)
    expect(readEvaluation(directory)).toEqual(full.evaluation)
    expect(Object.keys(readEvaluation(directory).values)).toEqual(Object.keys(full.evaluation.values))
    expect(writeEvaluation(directory, readEvaluation(directory))).toBe(hash)
    const randomised = { ...full.evaluation, isTestRandomised: true as const }
    expect(writeEvaluation(directory, randomised)).not.toBe(hash)
    expect(readEvaluation(directory)).toEqual(randomised)
    const changed = { ...full.evaluation, rows: full.evaluation.rows.slice().reverse() }
    expect(writeEvaluation(directory, changed)).not.toBe(hash)
  })

  test('is refused where it is missing or damaged', () => {
    const file = join(directory, 'evaluation.safetensors')
    writeEvaluation(directory, full.evaluation)
    const bytes = readFileSync(file)
    const { arrays, metadata } = decodeSafetensors(bytes)
    const refused = (reason: RegExp): void =>
      expect(() => readEvaluation(directory)).toThrow(
        expect.objectContaining({ code: 'runInvalid', message: expect.stringMatching(reason) as string }),
      )
    writeFileSync(file, bytes.subarray(0, 100))
    refused(/evaluation\.safetensors of the run is damaged/)
    writeFileSync(file, encodeSafetensors({ rows: arrays['rows']! }, metadata))
    refused(/no rows or no lists/)
    writeFileSync(file, encodeSafetensors({ ...arrays, nonsense: arrays['ndcg@10']! }, metadata))
    refused(/"nonsense" is no metric/)
    writeFileSync(file, encodeSafetensors({ ...arrays, auc: { shape: [1], data: Float32Array.of(1) } }, metadata))
    refused(/"auc" is no metric of its users/)
    writeFileSync(file, encodeSafetensors(arrays, { ...metadata, items: '10' }))
    refused(/a list has the item/)
    writeFileSync(file, encodeSafetensors(arrays))
    refused(/how it was made/)
    rmSync(file)
    expect(() => readEvaluation(directory)).toThrow(expect.objectContaining({ code: 'notFound' }))
  })
})

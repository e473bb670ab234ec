import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { metricNames, type Metrics } from '../../../src-shared/domain/metric'
import { rowOf, type Csr, type Split } from '../../../src-shared/domain/split'
import { Rng } from '../../tensor/rng'
import { evaluate, recommend } from './evaluate'
import { addListMetrics, listMetricNames, topItems } from './ranking'

const listMetrics = (top: Int32Array, relevant: Set<number>): Metrics => {
  const metrics: Metrics = {}
  addListMetrics(metrics, top, relevant)
  return metrics
}

const list = (...items: number[]): Int32Array => Int32Array.from(items)
const none = (cols: number): Uint8Array => new Uint8Array(cols)
const round = (value: number | undefined): number => Number(value!.toFixed(4))

describe('metrics of one list', () => {
  test('20 test items, 5 hits in the top 10: recall 0.50 by min(k, items), 0.25 by all items', () => {
    const relevant = new Set(Array.from({ length: 20 }, (_, i) => 100 + i))
    const metrics = listMetrics(list(100, 1, 101, 2, 102, 3, 103, 4, 104, 5), relevant)
    expect(metrics['recall@10']).toBe(0.5)
    expect(metrics['recallFull@10']).toBe(0.25)
    expect(metrics['recallFull@30']).toBe(0.25)
    expect(metrics['recall@30']).toBe(0.25)
  })

  test('one relevant item at rank 2: NDCG 0.6309', () => {
    const metrics = listMetrics(list(7, 3, 9), new Set([3]))
    expect(round(metrics['ndcg@10'])).toBe(0.6309)
    expect(metrics['recall@10']).toBe(1)
  })

  test('hits at ranks 1 and 3 of three relevant: NDCG (1 + 0.5) / (1 + 0.6309 + 0.5)', () =>
    expect(round(listMetrics(list(1, 9, 2), new Set([1, 2, 3]))['ndcg@10'])).toBe(0.7039))

  test('a perfect list has 1, a wrong one 0', () => {
    const perfect = listMetrics(list(4, 5), new Set([4, 5]))
    const wrong = listMetrics(list(6, 7), new Set([4, 5]))
    expect(Object.keys(perfect).sort()).toEqual([...metricNames].sort())
    expect(Object.values(perfect).every((value) => value === 1)).toBe(true)
    expect(Object.values(wrong).every((value) => value === 0)).toBe(true)
  })

  test('a hit at rank 11 counts at 30 only', () => {
    const metrics = listMetrics(list(...Array.from({ length: 10 }, (_, i) => i), 99), new Set([99]))
    expect(metrics['recall@10']).toBe(0)
    expect(metrics['recall@30']).toBe(1)
    expect(round(metrics['ndcg@30'])).toBe(round(1 / Math.log2(12)))
  })

  test('is measured at other lengths where they are asked for', () => {
    const metrics: Metrics = {}
    addListMetrics(metrics, list(7, 3, 9), new Set([3]), [listMetricNames(1), listMetricNames(2)])
    expect(metrics).toMatchObject({ 'recall@1': 0, 'ndcg@1': 0, 'recall@2': 1, 'recallFull@2': 1 })
    expect(round(metrics['ndcg@2'])).toBe(0.6309)
    expect(Object.keys(metrics)).toHaveLength(6)
  })
})

describe('the best items', () => {
  test('come best first, equal ones in the order of the items', () =>
    expect([...topItems(Float32Array.of(1, 3, 2, 3, 3), none(5), 4)]).toEqual([1, 3, 4, 2]))

  test('leave the excluded out, and are fewer than k where there are no more', () =>
    expect([...topItems(Float32Array.of(5, 4, 3), Uint8Array.of(1, 0, 0), 10)]).toEqual([1, 2]))

  test('are those of a full sort', () => {
    const rng = Rng.seeded(2)
    for (let round = 0; round < 50; round++) {
      const scores = Float32Array.from({ length: 200 }, () => rng.integer(40))
      const sorted = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b)
      expect([...topItems(scores, none(200), 30)]).toEqual(sorted.slice(0, 30))
    }
  })
})

/** A model that scores every item by a fixed number, the same for all users. */
const fixed = (scores: number[]): { score: (rows: Csr) => Promise<Float32Array> } => ({
  score: async (rows) => Float32Array.from({ length: rows.rows * scores.length }, (_, i) => scores[i % scores.length]!),
})

describe('evaluation of a split', () => {
  //                     user 0     user 1 (no train)  user 2 (nothing held out)
  const split: Split = {
    hash: 'hand',
    train: csrOf([[0], [], [4]], 5),
    validation: csrOf([[1], [0], []], 5),
    test: csrOf([[2, 4], [3], []], 5),
  }
  const model = fixed([0.9, 0.8, 0.7, 0.6, 0.5])

  test('validation ranks all but the train items', async () => {
    // User 0: candidates 1 2 3 4, its item 1 is first. User 1: candidates 0 … 4, its item 0 is first.
    const result = await evaluate(model, split, 'validation')
    expect(result).toMatchObject({ users: 2, metrics: { 'ndcg@10': 1, 'recall@10': 1 } })
  })

  test('the test part ranks all but the train and validation items', async () => {
    // User 0: candidates 2 3 4, hits at ranks 1 and 3. User 1: candidates 1 2 3 4, hit at rank 3.
    const result = await evaluate(model, split, 'test')
    const first = (1 + 1 / 2) / (1 + 1 / Math.log2(3))
    expect(result!.users).toBe(2)
    expect(result!.metrics['ndcg@10']).toBeCloseTo((first + 1 / 2) / 2, 10)
    expect(result!.metrics['recallFull@10']).toBe(1)
  })

  test('the model is shown the train rows of the users asked for', async () => {
    const seen: number[][] = []
    const spy = {
      score: (rows: Csr) => {
        for (let r = 0; r < rows.rows; r++) seen.push([...rowOf(rows, r)])
        return model.score(rows)
      },
    }
    await evaluate(spy, split, 'test')
    expect(seen).toEqual([[0], []])
  })

  test('no user with a held-out item gives 0 users', async () =>
    expect(await evaluate(model, { ...split, test: csrOf([[], [], []], 5) }, 'test')).toMatchObject({ users: 0 }))

  test('a stop ends it between two blocks', async () => {
    let blocks = 0
    expect(await evaluate(model, split, 'test', { blockRows: 1, stop: () => blocks++ === 1 })).toBeNull()
    expect(blocks).toBe(2)
  })

  test('the metrics are the same for every block size', async () => {
    const rng = Rng.seeded(5)
    const rows = Array.from({ length: 40 }, () => rng.shuffle(Array.from({ length: 50 }, (_, i) => i)))
    const large: Split = {
      hash: 'random',
      train: csrOf(
        rows.map((row) => row.slice(0, 10)),
        50,
      ),
      validation: csrOf(
        rows.map((row) => row.slice(10, 15)),
        50,
      ),
      test: csrOf(
        rows.map((row) => row.slice(15, 25)),
        50,
      ),
    }
    const scorer = fixed(Array.from({ length: 50 }, () => rng.uniform()))
    const whole = await evaluate(scorer, large, 'test', { blockRows: 40 })
    for (const blockRows of [1, 7, 39, 1000])
      expect(await evaluate(scorer, large, 'test', { blockRows })).toEqual(whole)
  })

  test('recommendations leave known items out and pad with -1', async () => {
    const { items, scores } = await recommend(model, split, [0, 2], 4)
    expect([...items]).toEqual([2, 3, 4, -1, 0, 1, 2, 3])
    expect([...scores].map(round)).toEqual([0.7, 0.6, 0.5, 0, 0.9, 0.8, 0.7, 0.6])
  })
})

import { describe, expect, test } from 'vitest'
import { bareContext } from '../../../tests/support/bare-context'
import { csrOf } from '../../../tests/support/csr'
import type { Split } from '../../../src-shared/domain/split'
import type { FitContext } from '../../methods/method'
import { Rng } from '../../tensor/rng'
import type { Scorer } from '../evaluate/evaluate'
import { Pace } from './pace'
import { exposureCriterion, ratedNdcg } from './ranking-validation'

const items = 10
const lists = (users: number, own: number[]): number[][] => Array.from({ length: users }, () => own)

/** Users who met item 9 in the train part; in the validation part they liked item 0 and did not like item 1. */
function splitOf(users: number, liked = [0], disliked = [1]): Split {
  const none = csrOf(lists(users, []), items)
  return {
    hash: 'rated',
    train: csrOf(lists(users, [9]), items),
    validation: csrOf(lists(users, liked), items),
    test: none,
    negatives: { train: none, validation: csrOf(lists(users, disliked), items), test: none },
  }
}

/** The same scores for everyone. */
const fixed = (...scores: number[]): Scorer => ({
  score: async (rows) => Float32Array.from({ length: rows.rows * items }, (_, at) => scores[at % items]!),
})
/** What was liked in the second place of the list of all items, and second of the two that were rated. */
const good = fixed(8, 9, 7, 6, 5, 4, 3, 2, 1, 0)
/** What was liked in the eighth place of the list, and first of the two that were rated. */
const fair = fixed(2, 1, 9, 8, 7, 6, 5, 4, 3, 0)
const second = 1 / Math.log2(3)
const eighth = 1 / Math.log2(9)

const contextOf = (split: Split, signal: FitContext['signal'] = { requested: null }): FitContext => ({
  split,
  signal,
  params: {},
  rng: Rng.seeded(1),
  ...bareContext,
})
const validate = (model: Scorer, context: FitContext, by: 'lists' | 'rated') =>
  exposureCriterion(model, context, { by, cutoffs: [10, 20] })(new Pace(1, 1), 0)

describe('the criterion of methods that know exposures', () => {
  test.each([
    ['lists', second, eighth],
    ['rated', second, 1],
  ] as const)('goes by %s, which say the opposite of the two models', async (by, ofGood, ofFair) => {
    const context = contextOf(splitOf(3))
    expect((await validate(good, context, by))!.value).toBeCloseTo(ofGood, 6)
    expect((await validate(fair, context, by))!.value).toBeCloseTo(ofFair, 6)
  })

  test('reports both, whichever it goes by', async () => {
    for (const by of ['lists', 'rated'] as const) {
      const { values } = (await validate(fair, contextOf(splitOf(3)), by))!
      expect(values['ndcg@20']).toBeCloseTo(eighth, 6)
      expect(values['ratedNdcg@20']).toBeCloseTo(1, 6)
      expect(values).toHaveProperty('ndcg@10')
    }
  })

  test('goes by lists where nothing was rated below the threshold in the validation part', async () => {
    const positives = splitOf(3)
    delete positives.negatives
    for (const split of [positives, splitOf(3, [0], [])]) {
      const { value, values } = (await validate(fair, contextOf(split), 'rated'))!
      expect(value).toBeCloseTo(eighth, 6)
      expect(values).not.toHaveProperty('ratedNdcg@20')
    }
  })

  test('has no value where nobody likes anything of the validation part', async () => {
    const context = contextOf(splitOf(3, []))
    for (const by of ['lists', 'rated'] as const)
      expect(await validate(fair, context, by)).toEqual({ values: {}, value: null })
  })

  test('is null where it was stopped before', async () => {
    for (const how of ['pause', 'cancel'] as const)
      expect(await validate(fair, contextOf(splitOf(3), { requested: how }), 'rated')).toBeNull()
  })

  test('is null where it is stopped among the rated items: a message is let in between blocks of users', async () => {
    const signal = { requested: null as 'pause' | null }
    let blocks = 0
    const model: Scorer = {
      score(rows) {
        blocks++
        setImmediate(() => (signal.requested = 'pause'))
        return fair.score(rows)
      },
    }
    expect(await ratedNdcg(model, splitOf(600), signal)).toBeNull()
    expect(blocks).toBe(1)
  })
})

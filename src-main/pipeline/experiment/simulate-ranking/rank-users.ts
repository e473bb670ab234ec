import type { RankingMetric, RankingTest } from '../../../../src-shared/domain/ranking-simulation'
import { rowOf, takeRows, type Split } from '../../../../src-shared/domain/split'
import type { StopSignal } from '../../../methods/method'
import { meanOf } from '../../compare/paired-tests'
import { blockRowsFor, joinRows, knownParts, type Scorer } from '../../evaluate/evaluate'
import { discountAt, listMetricsAt, rankRows, RelevantItems } from '../../evaluate/ranking'

/** Length of the lists. */
const k = 20

export type RankedUsers = Pick<RankingTest, 'metrics' | 'users' | 'byUser'>

/**
 * R@20 = hits / min(20, relevant) and N@20 with gains of 0 and 1 (Zhu et al., Eq. 13 and 14) of each user with a test item, and their
 * means over these users.
 * @returns null when stopped
 */
export async function rankUsers(model: Scorer, split: Split, signal: StopSignal): Promise<RankedUsers | null> {
  const held = split.test
  const users = testUsers(split)
  const known = knownParts(split, 'test')
  const byUser: Record<RankingMetric, number[]> = { 'ndcg@20': [], 'recall@20': [] }
  const relevant = new RelevantItems(held.cols)
  const blockRows = blockRowsFor(held.cols)
  for (let from = 0; from < users.length; from += blockRows) {
    if (signal.requested) return null
    const block = users.slice(from, from + blockRows)
    const rows = takeRows(split.train, block)
    const taken = joinRows(known, block)
    const lists = model.rank ? await model.rank(rows, taken, k) : rankRows(await model.score(rows), taken, k)
    block.forEach((user, r) => {
      relevant.set(rowOf(held, user))
      const { recall, ndcg } = listMetricsAt(k, lists.subarray(r * k, (r + 1) * k), relevant)
      byUser['recall@20'].push(recall)
      byUser['ndcg@20'].push(ndcg)
    })
    await new Promise(setImmediate)
  }
  return {
    users,
    byUser,
    metrics: { 'ndcg@20': meanOf(byUser['ndcg@20']), 'recall@20': meanOf(byUser['recall@20']) },
  }
}

/** The users with a test item, ascending. */
const testUsers = ({ test }: Split): number[] =>
  Array.from({ length: test.rows }, (_, user) => user).filter((user) => rowOf(test, user).length > 0)

/** What the test users' candidates in random order are expected to come to, and how many there are. */
export function randomRanking(split: Split): Pick<RankingTest['base'], 'relevant' | 'candidates' | 'random'> {
  const known = knownParts(split, 'test')
  let gain = 0
  for (let rank = 1; rank <= k; rank++) gain += discountAt(rank)
  const each = testUsers(split).map((user) => {
    const relevant = rowOf(split.test, user).length
    const candidates = split.test.cols - known.reduce((sum, part) => sum + rowOf(part, user).length, 0)
    const most = Math.min(k, relevant)
    let ideal = 0
    for (let rank = 1; rank <= most; rank++) ideal += discountAt(rank)
    // At every rank an item is relevant with the same probability.
    const share = relevant / candidates
    return { relevant, candidates, recall: (Math.min(k, candidates) * share) / most, ndcg: (gain * share) / ideal }
  })
  const mean = (of: (one: (typeof each)[number]) => number): number => meanOf(each.map(of))
  return {
    relevant: mean(({ relevant }) => relevant),
    candidates: mean(({ candidates }) => candidates),
    random: { 'ndcg@20': mean(({ ndcg }) => ndcg), 'recall@20': mean(({ recall }) => recall) },
  }
}

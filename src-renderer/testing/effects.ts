import type {
  Estimate,
  PathExplanation,
  Quantity,
  SegmentEffect,
  UserEffect,
} from '../../src-shared/domain/intervention'

/** Answers as the services give them, for tests. */

const around = (mean: number, halfWidth: number): Estimate => ({ mean, low: mean - halfWidth, high: mean + halfWidth })

export const quantityOf = (id: string, before: number, change: number, users = 20256): Quantity => ({
  id,
  label: id.replace('avp', 'AVP').replace(':', ' '),
  help: `What ${id} is.`,
  users,
  before: around(before, 0.5),
  after: around(before + change, 0.5),
  change: change === 0 ? { mean: 0, low: 0, high: 0 } : around(change, 0.2),
})

/** The effect in which the mean price of the top k rises by `change`. */
export const segmentEffectOf = (change: number, k = 10): SegmentEffect => ({
  k,
  users: 20256,
  changedLists: change === 0 ? 0 : 512,
  largestScoreChange: Math.abs(change),
  noDifference: change === 0,
  metrics: ['recall', 'recallFull', 'ndcg'].map((id) => quantityOf(`${id}@${k}`, 0.25, 0, 900)),
  attributes: [quantityOf(`avp@${k}:popularity`, 120, 0), quantityOf(`avp@${k}:price`, 10, change)],
  categories: [{ attribute: 'kind', shares: [quantityOf(`share@${k}:kind=Tools`, 0.5, 0)] }],
  coverage: quantityOf(`coverage@${k}`, 0.4, 0),
  jaccard: around(0.82, 0.02),
  rankCorrelation: around(0.7, 0.02),
  entering: [{ id: '7', title: 'Lamp', attributes: {}, before: 1, after: 80 }],
  leaving: [{ id: '9', title: 'Vase', attributes: {}, before: 90, after: 3 }],
  bootstrap: { resamples: 1000, level: 0.95, seed: 0 },
  seconds: 0.2,
})

/** A user's list in which `order` gives the items after, of the items 1 … k before. */
export function userEffectOf(user: string, order: readonly number[]): UserEffect {
  const k = order.length
  const title = (item: number): string => `Film ${item}`
  const card = (item: number, rank: number) => ({
    id: String(item),
    title: title(item),
    attributes: {},
    rank,
    score: -rank,
    inTest: item === 2,
  })
  const rankAfter = (item: number): number => (order.includes(item) ? order.indexOf(item) + 1 : k + item)
  return {
    user,
    k,
    before: order.map((_, i) => ({ ...card(i + 1, i + 1), rankAfter: rankAfter(i + 1) })),
    after: order.map((item, i) => ({ ...card(item, i + 1), rankBefore: item })),
    noDifference: order.every((item, i) => item === i + 1),
  }
}

export const pathsOf = (user: string, item: string): PathExplanation => ({
  user,
  item: { id: item, title: `Film ${item}`, attributes: {} },
  rank: 1,
  score: 2.5,
  preference: 2,
  confounders: [
    { node: 0, flow: -0.25, own: -0.25, remainder: 0 },
    { node: 1, flow: 0.5, own: 0.25, remainder: 0.125 },
  ],
  edges: [{ from: 0, to: 1, flow: 0.125 }],
  remainder: 0.25,
})

import { expect, it } from 'vitest'
import type { Attribute } from '../domain/dataset'
import { experimentFileSchema } from '../domain/experiment'
import { checkReportMetrics } from './check-metrics'

const itemAttributes: Attribute[] = [
  { name: 'price', type: 'number' },
  { name: 'genre', type: 'text' },
]
const check = (metric: string, hasRatings = true, objective = 'ndcg@10'): void =>
  checkReportMetrics(
    experimentFileSchema.parse({
      type: 'causeway-experiment',
      version: 1,
      name: 'one',
      data: { dataset: 'shop' },
      methods: [{ method: 'csc' }],
      seeds: [1],
      metrics: { objective, report: ['ndcg@10', metric] },
    }),
    { name: 'shop', hasRatings, itemAttributes },
  )

it('lets through what runs on the data will have', () => {
  for (const metric of [
    'auc',
    'gini@30',
    'avp:price@10',
    'avp:popularity@30',
    'calibration:genre@10',
    'dcgDr@10',
    'ratedNdcg@5',
  ])
    expect(() => check(metric)).not.toThrow()
})

it('says before any training what none of them would have, and what there is', () => {
  for (const metric of ['avp:nope@10', 'avp:genre@10', 'calibration:price@10', 'ndcg@50', 'ratedNdcg@10'])
    expect(() => check(metric)).toThrow(
      `metrics.report.1: no run on "shop" would have ${metric}. Lists are measured at 10 and 30, rated items at 5; numeric attributes of its items: price; texts: genre.`,
    )
  expect(() => check('dcgDr@10', false)).toThrow(/it has no ratings/)
  expect(() => check('auc', true, 'ratedAuc')).not.toThrow()
  expect(() => check('auc', false, 'ratedAuc')).toThrow(/^metrics\.objective: no run on "shop" would have ratedAuc\./)
})

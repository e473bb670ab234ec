import { expect, it } from 'vitest'
import type { RunColumn } from '../domain/run-table'
import { mixesSplits } from './split-warning'

const column = (name: string, differs: boolean): RunColumn => ({ column: name, kind: 'text', runs: 9, differs })
const byMetric = [{ column: 'metric:ndcg@10', descending: true }]
const byTime = [{ column: 'createdAt', descending: true }]
const two = [column('splitHash', true), column('datasetHash', false)]
const one = [column('splitHash', false), column('datasetHash', false)]

it('speaks up where a metric ranks runs of different splits', () => {
  expect(mixesSplits(two, byMetric, [])).toBe(true)
  expect(mixesSplits([column('splitHash', false), column('datasetHash', true)], byMetric, [])).toBe(true)
  expect(mixesSplits(one, byMetric, [])).toBe(false)
  expect(mixesSplits(two, byTime, [])).toBe(false)
})

it('speaks up where a mean mixes splits, and not where each split has groups of its own', () => {
  expect(mixesSplits(two, byTime, ['method'])).toBe(true)
  expect(mixesSplits(two, byTime, ['method', 'splitHash'])).toBe(false)
})

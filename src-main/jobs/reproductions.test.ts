import { describe, expect, it } from 'vitest'
import type { DatasetManifest } from '../../src-shared/domain/dataset'
import type { RecordedRun } from '../../src-shared/domain/reproduction'
import { assertHasResults, compareResults, findDataset } from './reproductions'

const recorded: RecordedRun = {
  run: 'r',
  method: 'csc',
  params: {},
  knowledge: null,
  seed: 0,
  backend: 'wasm',
  threads: 1,
  data: { dataset: 'log', hash: 'abc', recipe: {}, splitHash: 'split' },
  environment: { causeway: '0.1.0', platform: 'linux-x64', node: 'v24' },
  results: {
    epochs: 10,
    bestEpoch: 8,
    metrics: { 'ndcg@10': 0.3, 'recall@10': 0.2, auc: 0.9 },
    weightsHash: 'w',
    evaluationHash: 'e',
  },
}
const evaluation = { protocol: 'p', users: 1, hash: 'e' }
const same = { epochs: 10, bestEpoch: 8, metrics: { ...recorded.results.metrics }, weightsHash: 'w', evaluation }

describe('results', () => {
  it('that are the same in all that was recorded differ in nothing', () => {
    expect(compareResults(recorded, same, 'split')).toEqual({
      differences: [],
      checked: ['split', 'epochs', 'best epoch', '3 metrics', 'weights', 'evaluation'],
    })
    // A metric that there was none of then is nothing to hold it to.
    const more = { ...same, metrics: { ...same.metrics, 'gini@10': 0.5 } }
    expect(compareResults(recorded, more, 'split').differences).toEqual([])
  })

  it('that differ are told with the metric that is furthest apart first', () => {
    const now = {
      ...same,
      epochs: 11,
      weightsHash: 'v',
      evaluation: { ...evaluation, hash: 'f' },
      metrics: { 'ndcg@10': 0.3000000001, 'recall@10': 0.1 },
    }
    expect(compareResults(recorded, now, 'other').differences).toEqual([
      { what: 'split', recorded: 'split', now: 'other' },
      { what: 'epochs', recorded: '10', now: '11' },
      { what: 'auc', recorded: '0.9', now: 'not computed' },
      { what: 'recall@10', recorded: '0.2', now: '0.1' },
      { what: 'ndcg@10', recorded: '0.3', now: '0.3000000001' },
      { what: 'weights', recorded: 'w', now: 'v' },
      { what: 'evaluation', recorded: 'e', now: 'f' },
    ])
  })

  it('that were not recorded are not said to have been checked', () => {
    const old = { ...recorded, results: { ...recorded.results, weightsHash: null, evaluationHash: null } }
    expect(compareResults(old, same, 'split').checked).toEqual(['split', 'epochs', 'best epoch', '3 metrics'])
    // But what was recorded and is now missing is a difference.
    expect(compareResults(recorded, { ...same, weightsHash: null, evaluation: null }, 'split').differences).toEqual([
      { what: 'weights', recorded: 'w', now: 'none' },
      { what: 'evaluation', recorded: 'e', now: 'none' },
    ])
  })

  it('that were not recorded at all confirm nothing', () => {
    const results = { ...recorded.results, metrics: {}, weightsHash: null, evaluationHash: null }
    expect(() => assertHasResults({ ...recorded, results })).toThrow(/no metric and no hash/)
    for (const some of [{ metrics: { auc: 0.9 } }, { weightsHash: 'w' }, { evaluationHash: 'e' }])
      expect(() => assertHasResults({ ...recorded, results: { ...results, ...some } })).not.toThrow()
  })
})

describe('the data set', () => {
  const dataset = (name: string, hash: string): DatasetManifest => ({ name, hash }) as DatasetManifest

  it('is the one of that name and hash, else another of that hash', () => {
    expect(findDataset(recorded, [dataset('copy', 'abc'), dataset('log', 'abc')]).name).toBe('log')
    expect(findDataset(recorded, [dataset('log', 'xyz'), dataset('copy', 'abc')]).name).toBe('copy')
  })

  it('that is not there is said to be missing, or to be another', () => {
    expect(() => findDataset(recorded, [dataset('other', 'xyz')])).toThrow(
      /"log" with the hash abc….*no data set of that name/,
    )
    expect(() => findDataset(recorded, [dataset('log', 'xyz')])).toThrow(
      /of that name here is another one \(hash xyz…\)/,
    )
  })
})

import { describe, expect, it } from 'vitest'
import { metricsByFamily, metricText } from './metric-families'

describe('metrics by family', () => {
  it('are in reporting order, a row for each metric and attribute, a cell for each cut-off', () => {
    const families = metricsByFamily([
      'avp:price@30',
      'auc',
      'ndcg@30',
      'ndcg@10',
      'avp:popularity@10',
      'avp:price@10',
      'loss',
      'gini@10',
      'gini@10',
      'ratedNdcg@5',
      'ratedAuc',
    ])
    expect(families.map(({ id, cutoffs }) => [id, cutoffs])).toEqual([
      ['accuracy', [10, 30]],
      ['rated', [5]],
      ['beyond-accuracy', [10]],
      ['attributes', [10, 30]],
    ])
    expect(families.map(({ rows }) => rows.map(({ label, cells }) => [label, cells.map(({ name }) => name)]))).toEqual([
      [
        ['NDCG', ['ndcg@10', 'ndcg@30']],
        ['AUC', ['auc']],
      ],
      [
        ['AUC (rated)', ['ratedAuc']],
        ['NDCG (rated)', ['ratedNdcg@5']],
      ],
      [['Gini', ['gini@10']]],
      [
        ['Average price', ['avp:price@10', 'avp:price@30']],
        ['Average popularity', ['avp:popularity@10']],
      ],
    ])
  })
})

describe('a number', () => {
  it('has four decimals below ten, from there on as many as its interval supports', () => {
    expect(metricText(0.28402621)).toBe('0.2840')
    expect(metricText(0)).toBe('0.0000')
    expect(metricText(-0.0312)).toBe('−0.0312')
    expect(metricText(2.8218, { low: 2.79, high: 2.85 })).toBe('2.8218')
    expect(metricText(1989.0812)).toBe('1989.1')
    expect(metricText(153.2201)).toBe('153.22')
    expect(metricText(153.2201, { low: 150.8, high: 155.6 })).toBe('153.2')
    expect(metricText(1234567.8)).toBe('1234568')
  })
})

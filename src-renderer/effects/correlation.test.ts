import { describe, expect, it } from 'vitest'
import { correlationGrid } from '../../src-shared/domain/correlation'
import { chartThemes } from '../charts/theme'
import { correlationCurveOf, correlationEffectOf } from '../testing/correlation'
import { correlationCharts, correlationMarks, correlationSentence, correlationTable, expectedText } from './correlation'

describe('what a set correlation does', () => {
  it('is said in a sentence: new items, with how alike the lists are', () => {
    expect(correlationSentence(correlationEffectOf('7', 0.6))).toBe(
      'With ρ at 0.60 instead of the learned 0.30, 1 of 3 items is new (Jaccard 0.50, rank correlation 0.20).',
    )
    expect(correlationSentence(correlationEffectOf('7', 0.1))).toContain('the list of 3 stays as it is')
    expect(correlationSentence(correlationEffectOf('7', 0.3))).toContain('as learned, 0.30')
  })

  it('is never read as certain', () => {
    expect(expectedText(0.8214, 'probability')).toBe('82.1 %')
    expect(expectedText(0.99999, 'probability')).toBe('> 99.9 %')
    expect(expectedText(0.0001, 'probability')).toBe('< 0.1 %')
    expect(expectedText(3.456, 'rating')).toBe('3.46')
  })

  it('is a table of every list to be saved', () => {
    const { columns, rows } = correlationTable(correlationEffectOf('7', 0.6))
    expect(columns.map(({ label }) => label)).toEqual([
      'id',
      'title',
      'in_test',
      ...['zero', 'learned', 'set'].flatMap((list) => [`rank_${list}`, `probability_${list}`]),
    ])
    expect(rows[2]).toEqual(['9', 'Film 9', 0, 7, 0.5, 7, 0.61, 3, 0.65])
  })
})

describe('the curves over ρ', () => {
  it('have marks at 0, the learned and the set value; near ones share a label in their order', () => {
    expect(correlationMarks(0.5, -0.6)).toEqual([
      { x: -0.6, label: 'set' },
      { x: 0, label: '0' },
      { x: 0.5, label: 'learned' },
    ])
    expect(correlationMarks(0.1, -0.05).map(({ label }) => label)).toEqual(['set · 0 · learned', '', ''])
    expect(correlationMarks(0.5, 0.5)).toHaveLength(2)
  })

  it('go through the learned value, with an axis that holds a value set beyond the grid', () => {
    const curve = correlationCurveOf(correlationGrid)
    const [likelihood, rated] = correlationCharts({ ...curve, learned: { ...curve.learned, rho: 0.31 } }, 0.99)
    const chart = likelihood!.build(chartThemes.light)
    expect(chart.table.rows).toHaveLength(40)
    expect(chart.table.rows.map(([rho]) => rho)).toContain(0.31)
    expect(chart.option['xAxis']).toMatchObject({ min: -0.95, max: 0.99 })
    expect(rated!.build(chartThemes.light).table.columns.map(({ label }) => label)).toEqual([
      'ρ',
      'AUC, validation',
      'AUC, test',
      'Recall@5, test',
      'NDCG@5, test',
    ])
  })
})

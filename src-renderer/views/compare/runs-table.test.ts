// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { runOf } from '../../testing/pipe'
import { runColumns, runMatches, sortRuns } from './runs-table'

const runs = [
  runOf({ id: 'a', metrics: { 'recall@10': 0.2 } }),
  runOf({ id: 'b', metrics: null, state: 'interrupted' }),
  runOf({ id: 'c', metrics: { 'recall@10': 0.4 }, seed: 3 }),
]
const columns = runColumns((id) => id.toUpperCase())
const order = (by: string, descending: boolean) => sortRuns(runs, columns, { by, descending }).map((run) => run.id)

describe('the table of runs', () => {
  it('sorts by a metric, runs without one last either way', () => {
    expect(order('recall@10', true)).toEqual(['c', 'a', 'b'])
    expect(order('recall@10', false)).toEqual(['a', 'c', 'b'])
  })

  it('finds a run by words of what is known of it', () => {
    expect(runs.filter((run) => runMatches(run, 'CSC', 'interr')).map((run) => run.id)).toEqual(['b'])
    expect(runs.filter((run) => runMatches(run, 'CSC', 'demo seed 3')).map((run) => run.id)).toEqual(['c'])
    expect(runs.filter((run) => runMatches(run, 'CSC', ''))).toHaveLength(3)
  })

  it('does not take a digit of an id for a seed', () => {
    const seed0 = runOf({ id: 'csc-20261120-224546-21ab' })
    expect(runMatches(seed0, 'CSC', 'seed 1')).toBe(false)
    expect(runMatches(seed0, 'CSC', 'seed 0')).toBe(true)
    expect(runMatches(seed0, 'CSC', '6-21a')).toBe(true)
  })
})

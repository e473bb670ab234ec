import { describe, expect, it } from 'vitest'
import { toCsv } from '../charts/chart'
import { pathsOf, segmentEffectOf, userEffectOf } from '../testing/effects'
import { confoundersTable, pathsTable, segmentTable, userTable } from './tables'

const nameOf = (node: number): string => `c${node + 1}`

describe('tables to save', () => {
  it('have every quantity of a segment with all its bounds, and as many cells as columns', () => {
    const table = segmentTable(segmentEffectOf(1))
    const ids = table.rows.map(([id]) => id)
    for (const id of ['recall@10', 'avp@10:price', 'coverage@10', 'share@10:kind=Tools', 'jaccard@10', 'changedLists'])
      expect(ids).toContain(id)
    expect(table.rows.find(([id]) => id === 'avp@10:price')).toEqual([
      'avp@10:price',
      20256,
      10,
      9.5,
      10.5,
      11,
      10.5,
      11.5,
      1,
      0.8,
      1.2,
    ])
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length)
  })

  it('have both lists of a user', () =>
    expect(
      toCsv(userTable(userEffectOf('u1', [2, 1])))
        .split('\r\n')
        .slice(0, 3),
    ).toEqual([
      'user,list,rank,other_rank,item,title,score,in_test',
      'u1,before,1,2,1,Film 1,-1,no',
      'u1,before,2,1,2,Film 2,-2,yes',
    ]))

  it('hold no formula that a spreadsheet would run', () => {
    const titles = ['=1+1', '+cmd|x', '-2+3', '@SUM(A1)', '=HYPERLINK("http://x","y")', '-5', '+5', 'a=b']
    const rows = toCsv({ columns: [{ label: '=title' }], rows: titles.map((title) => [title]) }).split('\r\n')
    expect(rows.slice(0, -1)).toEqual([
      "'=title",
      "'=1+1",
      "'+cmd|x",
      "'-2+3",
      "'@SUM(A1)",
      `"'=HYPERLINK(""http://x"",""y"")"`,
      '-5',
      '+5',
      'a=b',
    ])
  })

  it('have a row for each confounder and quantity', () => {
    const table = confoundersTable({ users: 5, k: 10, rows: [{ node: 1, effect: segmentEffectOf(1) }] }, nameOf)
    expect(table.rows.find(([, id]) => id === 'avp@10:price')).toEqual([
      'c2',
      'avp@10:price',
      20256,
      10,
      11,
      1,
      0.8,
      1.2,
    ])
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length)
  })

  it('have every part of an explanation', () =>
    expect(pathsTable(pathsOf('u1', '4'), nameOf).rows.map(([, , part, of, value]) => [part, of, value])).toEqual([
      ['score', '', 2.5],
      ['preference', '', 2],
      ['flow', 'c1', -0.25],
      ['own', 'c1', -0.25],
      ['remainder', 'c1', 0],
      ['flow', 'c2', 0.5],
      ['own', 'c2', 0.25],
      ['remainder', 'c2', 0.125],
      ['edge', 'c1 -> c2', 0.125],
      ['remainder', '', 0.25],
    ]))
})

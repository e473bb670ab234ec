import { describe, expect, it } from 'vitest'
import type { ScoredItem } from '../../../src-shared/domain/recommendation'
import { toCsv } from '../../charts/chart'
import { attributeColumns, attributeText, hitsText, recommendationTable } from './item-table'

const item = (rank: number, inTest: boolean, attributes: ScoredItem['attributes'] = {}): ScoredItem => ({
  id: `00${rank}`,
  title: `Film ${rank}`,
  rank,
  score: -rank / 4,
  inTest,
  attributes,
})

describe('items', () => {
  it('have a column for each attribute any of them has, numeric where all values are', () => {
    const items = [
      item(1, false, { year: 1995, genre: 'Drama', empty: '' }),
      item(2, false, { genre: 'Comedy', price: 9.5 }),
      item(3, false, { price: 'unknown' }),
    ]
    expect(attributeColumns(items)).toEqual([
      { name: 'year', numeric: true },
      { name: 'genre', numeric: false },
      { name: 'price', numeric: false },
    ])
    expect(['year', 'genre', 'price', 'empty'].map((name) => attributeText(items[0]!, name))).toEqual([
      '1995',
      'Drama',
      '–',
      '–',
    ])
  })

  it('are saved with ids as the user wrote them and every digit of the score', () => {
    const csv = toCsv(recommendationTable({ user: 'u,1', items: [item(1, true, { year: 1995 }), item(2, false)] }))
    expect(csv).toBe(
      'user,rank,item,title,score,in_test,year\r\n"u,1",1,001,Film 1,-0.25,yes,1995\r\n"u,1",2,002,Film 2,-0.5,no,\r\n',
    )
  })

  it('say how many were hits, and at which rank', () => {
    expect(hitsText({ items: [item(1, true), item(2, false), item(3, true)] })).toBe(
      "2 of these 3 are among the user's test items (rank 1, 3).",
    )
    expect(hitsText({ items: [item(1, false)] })).toBe("None of these 1 is among the user's test items.")
    expect(hitsText({ items: [] })).toBe('There is no candidate left for this user.')
  })
})

import { describe, expect, it } from 'vitest'
import { columnCsv, matrixHead, matrixRows } from './tables'

const items = [
  { id: 'a', title: 'A' },
  { id: 'b', title: 'B, too' },
  { id: 'c', title: 'C' },
]

describe('effects as files', () => {
  it('have those of one item strongest first, with their unit', () => {
    const effects = Float32Array.of(0.25, -0.5, 0.125)
    expect(columnCsv({ outcome: 'log-odds', items, effects, exposed: null })).toBe(
      'item,title,effect,outcome\r\nb,"B, too",-0.5,log-odds\r\na,A,0.25,log-odds\r\nc,C,0.125,log-odds\r\n',
    )
    const ofUser = columnCsv({ outcome: 'rating', items, effects, exposed: ['c'] }).split('\r\n')
    expect(ofUser.slice(0, 4).map((line) => line.split(',').at(-1))).toEqual(['exposed_in_train', '0', '0', '1'])
  })

  it('have all of them block by block, with their unit in the head', () => {
    const rows = { outcome: 'rating' as const, items: ['a', 'b'], from: 1, effects: Float32Array.of(0.5, -1) }
    expect(matrixHead(rows)).toBe('effect on rating: rated \\ exposed,a,b\r\n')
    expect(matrixRows(rows)).toBe('b,0.5,-1\r\n')
  })
})

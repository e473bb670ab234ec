import { describe, expect, it } from 'vitest'
import { film, strongestOf } from '../testing/exposure'
import { graphThemes } from './colours'
import { itemDiameter } from './elements'
import { exposureCaption, exposureElements } from './exposure-elements'
import { columnPositions } from './layout'
import { graphSvg } from './svg'

const { pairs } = strongestOf(null)
const elements = exposureElements(pairs)
const dataOf = (id: string) => elements.find(({ data }) => data.id === id)!.data

describe('the strongest effects as a graph', () => {
  it('have each item once and an edge from the exposed to the rated, as wide as it is strong', () => {
    expect(elements.filter(({ group }) => group === 'nodes').map(({ data }) => data.id)).toEqual([
      'f1',
      'f2',
      'f4',
      'f5',
    ])
    expect(dataOf('f1→f2')).toMatchObject({ source: 'f1', target: 'f2', change: 'raises', label: '+0.300', width: 8 })
    expect(dataOf('f4→f2')).toMatchObject({ change: 'lowers', label: '−0.200' })
    expect(dataOf('f2→f5').width).toBeLessThan(dataOf('f4→f2').width as number)
    expect([dataOf('f1').first, dataOf('f2').first]).toEqual([true, false])
  })

  it('leave their numbers to the table where there are many', () => {
    const many = Array.from({ length: 13 }, (_, n) => ({ from: film(n), to: film(n + 20), effect: 0.1 }))
    expect(exposureElements(many).every(({ group, data }) => group === 'nodes' || data.label === '')).toBe(true)
    expect(exposureElements([])).toEqual([])
  })

  it('stand in columns, what moves others left of what is moved', () => {
    const at = columnPositions(elements, itemDiameter)
    expect(at['f1']!.x).toBeLessThan(at['f2']!.x)
    expect(at['f2']!.x).toBeLessThan(at['f5']!.x)
  })

  it('are told in words', () => {
    expect(exposureCaption('f4→f2', pairs)).toBe('Exposing Film 4 lowers Film 2: −0.200')
    expect(exposureCaption('f2', pairs)).toBe('Film 2, moves 1, moved by 2')
  })

  it('are drawn as SVG with titles beside small circles, and dashes for what is lowered', () => {
    const svg = graphSvg(elements, columnPositions(elements, itemDiameter), graphThemes.light, 'Effects')
    expect(svg).toContain('>Film 5</text>')
    expect(svg).not.toContain('>f5</text>')
    expect(svg.match(/r="8"/g)).toHaveLength(4)
    expect(svg.match(/stroke-dasharray="6 3"/g)).toHaveLength(1)
  })
})

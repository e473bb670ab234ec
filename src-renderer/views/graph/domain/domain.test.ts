import { describe, expect, it } from 'vitest'
import type { DomainGraph } from '../../../../src-shared/domain/domain-graph'
import { parseDagitty } from '../../../../src-shared/graph/dag/dagitty'
import { graphThemes } from '../../../graph/colours'
import { edgeKey } from '../../../../src-shared/graph/dag/edit'
import { domainElements, domainStyle, noMarks, variableId } from './elements'
import { canRedo, canUndo, record, redo, startHistory, undo } from './history'
import { arrange, pixelsPerUnit, placeForNew, placesOf } from './placement'
import { openPathBetween } from './separation'
import { domainSvg } from './svg'

const graphOf = (text: string): DomainGraph => parseDagitty(`dag { ${text} }`)

describe('history', () => {
  it('gives the very states back, and gives up what was undone once something else is done', () => {
    const [a, b, c] = [{}, {}, {}]
    const two = record(record(startHistory(a), b, 'b'), c, 'c')
    expect(undo(two).present.state).toBe(b)
    expect(undo(undo(two)).present.state).toBe(a)
    expect(canUndo(undo(undo(two)))).toBe(false)
    expect(redo(undo(two)).present.state).toBe(c)
    expect(canRedo(record(undo(two), a, 'a'))).toBe(false)
  })

  it('takes what is merged for one step, and no longer once it was undone', () => {
    const typed = record(
      record(record(startHistory('x'), 'a', 'typing', 'l1'), 'ab', 'typing', 'l1'),
      'abc',
      'typing',
      'l2',
    )
    expect(undo(typed).present.state).toBe('ab')
    expect(undo(undo(typed)).present.state).toBe('x')
    const back = undo(typed)
    expect(undo(record(back, 'abd', 'typing', 'l1')).present.state).toBe('ab')
  })
})

describe('places', () => {
  it('puts causes above effects where the text says nothing', () => {
    const places = arrange(graphOf('a -> b b -> c'), 100)
    expect(places.get('a')!.y).toBeLessThan(places.get('b')!.y)
    expect(places.get('b')!.y).toBeLessThan(places.get('c')!.y)
  })

  it('takes any name for a name', () => {
    const places = arrange(graphOf('__proto__ -> constructor constructor -> toString'), 100)
    expect([...places.keys()]).toEqual(['__proto__', 'constructor', 'toString'])
    expect(places.get('__proto__')!.y).toBeLessThan(places.get('constructor')!.y)
    expect(places.get('constructor')!.y).toBeLessThan(places.get('toString')!.y)
  })

  it('puts causes above effects in graphs too large for a careful layout, and lets cycles be', () => {
    const count = 900
    const edges = Array.from(
      { length: 3 * count },
      (_, e) => `v${e % (count - 20)} -> v${(e % (count - 20)) + 1 + (e % 17)}`,
    )
    const graph = graphOf(edges.join(' ') + ' v10 -> v2')
    const places = arrange(graph, 100)
    expect(places.size).toBe(graph.variables.length)
    const below = graph.edges.filter(({ from, to }) => places.get(from)!.y < places.get(to)!.y)
    expect(below.length).toBeGreaterThan(0)
    for (const place of places.values()) expect(Number.isFinite(place.x) && Number.isFinite(place.y)).toBe(true)
    const acyclic = graphOf(edges.join(' '))
    const straight = arrange(acyclic, 100)
    for (const { from, to } of acyclic.edges) expect(straight.get(from)!.y).toBeLessThan(straight.get(to)!.y)
    const stand = new Set([...straight.values()].map(({ x, y }) => `${x} ${y}`))
    expect(stand.size).toBe(acyclic.variables.length)
  })

  it('keeps what the text says, and puts a new variable on a free place beside its neighbour', () => {
    const graph = graphOf('a [pos="0,0"] b [pos="3,0"] a -> b a -> new')
    const places = placesOf(graph, new Map(), 100)
    expect(places.get('a')).toEqual({ x: 0, y: 0 })
    const fresh = places.get('new')!
    const away = Math.hypot(fresh.x, fresh.y)
    expect(away).toBeGreaterThan(0.5)
    expect(away).toBeLessThan(2)
  })

  it('draws a graph written in pixels as large as one in units, and keeps a scale that is bearable', () => {
    expect(pixelsPerUnit(graphOf('a [pos="0,0"] b [pos="1,1"]'))).toBe(100)
    expect(pixelsPerUnit(graphOf('a [pos="10,20"] b [pos="160,20"]'))).toBe(1)
    expect(pixelsPerUnit(graphOf('a [pos="0,0"] b [pos="4,4"]'), 100)).toBe(100)
  })

  it('finds a place that is not taken', () => {
    const taken = new Map([['a', { x: 0, y: 0 }]])
    const { x, y } = placeForNew({ x: 0, y: 0 }, taken, 100)
    expect(Math.hypot(x, y)).toBeGreaterThan(0.6)
  })
})

describe('elements', () => {
  const graph = graphOf('x [exposure] y [outcome] z [adjusted] u [latent] x -> y z -> x z -> y x <-> y u -> y')

  it('draws every variable and edge once, those that share their ends apart', () => {
    const elements = domainElements(graph, placesOf(graph, new Map(), 100), 100, noMarks)
    expect(elements).toHaveLength(graph.variables.length + graph.edges.length)
    expect(new Set(elements.map((element) => element.data.id)).size).toBe(elements.length)
    const bends = elements.filter(({ data }) => data.source === variableId('x')).map(({ data }) => data.bend)
    expect(new Set(bends).size).toBe(2)
  })

  it('marks paths by more than colour', () => {
    const marks = {
      causal: new Set([edgeKey({ from: 'x', to: 'y', kind: '->' })]),
      biasing: new Set([edgeKey({ from: 'y', to: 'x', kind: '<->' })]),
      cycle: new Set<string>(),
      path: null,
    }
    const elements = domainElements(graph, placesOf(graph, new Map(), 100), 100, marks)
    expect(elements.filter(({ data }) => data.mark === 'causal')).toHaveLength(1)
    expect(elements.filter(({ data }) => data.mark === 'biasing').map(({ data }) => data.kind)).toEqual(['<->'])
    const biasing = domainStyle(graphThemes.light, 'light').find((one) => one.selector === 'edge[mark = "biasing"]')
    expect(biasing).toMatchObject({ style: { 'mid-target-arrow-shape': 'diamond' } })
  })

  it('is written as SVG with names that cannot break out of it', () => {
    const odd = graphOf('"<b> & co" [exposure] y [outcome] "<b> & co" -> y')
    const svg = domainSvg(
      domainElements(odd, placesOf(odd, new Map(), 100), 100, noMarks),
      graphThemes.light,
      'light',
      'T',
    )
    expect(svg).toContain('&lt;b&gt; &amp; co</text>')
    expect(svg).not.toContain('<b>')
    expect(svg.match(/<polygon/g)).toHaveLength(1)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe('d-separation query', () => {
  const graph = graphOf('a -> m m -> b a <-> c b -> d c -> d')

  it('names an open path as it is drawn', () => {
    expect(openPathBetween(graph, 'a', 'b', [])!.text).toBe('a -> m -> b')
    expect(openPathBetween(graph, 'b', 'c', ['m', 'd'])!.text).toBe('b -> d <- c')
    expect(openPathBetween(graph, 'b', 'c', [])!.edges).toContainEqual({ from: 'a', to: 'c', kind: '<->' })
  })

  it('finds none where the variables are separated', () => {
    expect(openPathBetween(graph, 'b', 'c', ['m'])).toBeNull()
  })

  it.each<[string, string[], string[], boolean]>([
    ['a', ['c'], [], false],
    ['a', ['c'], ['b'], true],
    ['a', ['c'], ['b', 'e'], false],
    ['h', ['c', 'e'], ['a'], true],
    ['h', ['c', 'e'], [], false],
  ])('tells whether %s is independent of %j given %j: %s', (from, to, given, expected) => {
    const collider = graphOf('a -> b -> c a -> d <- c d -> e h <-> a')
    expect(to.every((end) => openPathBetween(collider, from, end, given) === null)).toBe(expected)
  })

  it('refuses names that no variable has', () => {
    expect(() => openPathBetween(graph, 'a', 'z', [])).toThrow('The graph has no variable "z"')
  })
})

import { describe, expect, test } from 'vitest'
import { CausewayError } from '../../contract/errors'
import { knowledgeSchema } from '../../domain/knowledge'
import { edgeKnowledge } from '../knowledge'
import { edgeStandings, forbiddenByTiers } from './knowledge-operations'
import * as operations from './operations'
import type { Operation } from './operations'
import { initialEditorState, shownName, type EditorState } from './state'

const start = initialEditorState(['c1', 'c2', 'c3'])
const after = (...done: Operation[]): EditorState => done.reduce((state, operation) => operation.perform(state), start)
const edge = (text: string): { from: number; to: number } => {
  const [from, to] = text.split('>').map((name) => Number(name) - 1)
  return { from: from!, to: to! }
}
const edges = (...texts: string[]): { from: number; to: number }[] => texts.map(edge)
const refusal = (work: () => unknown): CausewayError => {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof CausewayError) return thrown
    throw thrown
  }
  throw new Error('Nothing was refused.')
}

describe('the mask', () => {
  test.each<[string, Operation[], number[][]]>([
    ['an edge is toggled away', [operations.toggleEdges(edges('1>2'))], [[1, 0, 1], [1, 1, 1], [1, 1, 1]]],
    ['and back', [operations.toggleEdges(edges('1>2')), operations.toggleEdges(edges('1>2'))], [[1, 1, 1], [1, 1, 1], [1, 1, 1]]],
    ['of several, all go while one is there', [operations.toggleEdges(edges('1>2')), operations.toggleEdges(edges('1>2', '3>1'))], [[1, 0, 1], [1, 1, 1], [0, 1, 1]]],
    ['a weakened edge is toggled away', [operations.setFactor(edges('2>3'), 0.5), operations.toggleEdges(edges('2>3'))], [[1, 1, 1], [1, 1, 0], [1, 1, 1]]],
    ['rows are zeroed', [operations.zeroRows([0, 2])], [[1, 0, 0], [1, 1, 1], [0, 0, 1]]],
    ['columns are zeroed', [operations.zeroColumns([0])], [[1, 1, 1], [0, 1, 1], [0, 1, 1]]],
    ['a node is isolated', [operations.isolate([1])], [[1, 0, 1], [0, 1, 0], [1, 0, 1]]],
    ['inverting leaves the diagonal', [operations.setFactor(edges('1>2'), 0.25), operations.zeroRows([2]), operations.invert()], [[1, 0.75, 0], [0, 1, 0], [1, 1, 1]]],
    ['a box over the diagonal leaves it', [operations.setFactor(edges('1>1', '1>2'), 0)], [[1, 0, 1], [1, 1, 1], [1, 1, 1]]],
    ['reset', [operations.zeroRows([0, 1, 2]), operations.resetMask()], [[1, 1, 1], [1, 1, 1], [1, 1, 1]]],
  ])('%s', (_, done, factors) => {
    expect(after(...done).factors).toEqual(factors)
  }) // prettier-ignore

  test('reset leaves what nodes are held at, and rows that stay are the same objects', () => {
    const held = after(operations.hold(0, { kind: 'sd', sd: 1 }), operations.zeroRows([1]))
    const reset = operations.resetMask().perform(held)
    expect(reset.holds).toEqual([{ node: 0, at: { kind: 'sd', sd: 1 } }])
    expect(reset.factors[0]).toBe(held.factors[0])
  })

  test('a copied mask is pasted onto another graph with as many nodes only', () => {
    const copied = operations.copyMask(after(operations.setFactor(edges('1>3'), 0.1)))
    const other = initialEditorState(['a', 'b', 'c'])
    expect(operations.pasteMask(copied).perform(other).factors[0]).toEqual([1, 1, 0.1])
    const wrong = refusal(() => operations.pasteMask(copied).perform(initialEditorState(['c1', 'c2'])))
    expect(wrong.message).toContain('of 3 nodes, this graph has 2')
    expect(refusal(() => operations.pasteMask('hello')).message).toContain('no mask')
    expect(refusal(() => operations.pasteMask('{"type":"causeway-knowledge"}')).message).toContain('no mask at type')
  })

  test.each<[string, () => Operation, string]>([
    ['a factor above 1', () => operations.setFactor(edges('1>2'), 1.5), '0..1, not 1.5'],
    ['no number', () => operations.setFactor(edges('1>2'), NaN), '0..1, not NaN'],
    ['an unknown node', () => operations.isolate([3]), 'no node c4'],
    ['an unknown edge', () => operations.toggleEdges(edges('1>4')), 'no node c4'],
    ['a mask of another size', () => operations.loadMask([[1]], 'load'), 'of 1 nodes, this graph has 3'],
    ['a mask with another diagonal', () => operations.loadMask([[1, 1, 1], [1, 0, 1], [1, 1, 1]], 'load'), 'diagonal at c2'],
  ])('refuses %s', (_, operation, message) => {
    const error = refusal(() => operation().perform(start))
    expect(error.code).toBe('badRequest')
    expect(error.message).toContain(message)
  }) // prettier-ignore
})

describe('nodes', () => {
  test('are held at one value each, in order, and released', () => {
    const held = after(
      operations.hold(2, { kind: 'sd', sd: 1 }),
      operations.hold(0, { kind: 'user', user: 'u7' }),
      operations.hold(2, { kind: 'mean', users: { kind: 'all' } }),
    )
    expect(held.holds).toEqual([
      { node: 0, at: { kind: 'user', user: 'u7' } },
      { node: 2, at: { kind: 'mean', users: { kind: 'all' } } },
    ])
    expect(
      operations
        .release([0, 1])
        .perform(held)
        .holds.map(({ node }) => node),
    ).toEqual([2])
    expect(refusal(() => after(operations.hold(0, { kind: 'sd', sd: 99 }))).message).toContain(
      'c1 cannot be held there',
    )
  })

  test('are named, and lose the name with an empty one', () => {
    const named = after(operations.rename(1, '  price '))
    expect([shownName(named, 0), shownName(named, 1)]).toEqual(['c1', 'price'])
    expect(operations.rename(1, '').perform(named).names).toEqual({})
    expect(operations.rename(1, 'c2').perform(named).names).toEqual({})
    expect(refusal(() => operations.rename(0, 'price').perform(named)).message).toBe('c2 is called "price" already.')
    expect(refusal(() => after(operations.rename(0, 'c3'))).message).toContain('c3')
    expect(refusal(() => after(operations.rename(0, 'x'.repeat(65)))).message).toContain('64')
  })

  test('names that objects have by birth are names like any other', () => {
    const odd = initialEditorState(['constructor', '__proto__'])
    expect(shownName(odd, 0)).toBe('constructor')
    expect(shownName(operations.rename(0, 'toString').perform(odd), 0)).toBe('toString')
  })

  test('carry notes and places', () => {
    const state = after(operations.note(0, 'seen'), operations.move({ c1: { x: 1, y: 2 }, c2: { x: 3, y: 4 } }))
    expect(state.notes).toEqual({ c1: 'seen' })
    expect(operations.move({ c1: { x: 5, y: 6 } }).perform(state).positions).toEqual({
      c1: { x: 5, y: 6 },
      c2: { x: 3, y: 4 },
    })
    expect(refusal(() => after(operations.move({ c9: { x: 0, y: 0 } }))).message).toContain('"c9"')
    expect(refusal(() => after(operations.move({ c1: { x: NaN, y: 0 } }))).message).toContain('finite')
  })
})

describe('knowledge', () => {
  test('forbidding a required edge moves it, and the other way round', () => {
    const required = after(operations.requireEdges(edges('1>2', '2>3')))
    const forbidden = operations.forbidEdges(edges('1>2')).perform(required)
    expect(forbidden.knowledge).toEqual({ required: [['c2', 'c3']], forbidden: [['c1', 'c2']], tiers: [] })
    expect(operations.requireEdges(edges('1>2')).perform(forbidden).knowledge.forbidden).toEqual([])
    expect(operations.freeEdges(edges('1>2', '2>3')).perform(forbidden).knowledge).toEqual(start.knowledge)
  })

  test('tiers forbid without being stored as forbidden edges', () => {
    const tiered = after(operations.setTier([2], 0), operations.setTier([0, 1], 1))
    expect(tiered.knowledge).toEqual({ required: [], forbidden: [], tiers: [['c3'], ['c1', 'c2']] })
    expect(edgeStandings(tiered.nodes, tiered.knowledge)).toEqual([
      [null, null, 'tier'],
      [null, null, 'tier'],
      [null, null, null],
    ])
    expect(operations.forbidEdges(edges('1>3')).perform(tiered)).toBe(tiered)
    expect(refusal(() => operations.freeEdges(edges('1>3')).perform(tiered)).message).toContain('c1 → c3')
    expect(operations.setTier([0, 1, 2], null).perform(tiered).knowledge.tiers).toEqual([])
  })

  test('a node moves between tiers, and empty tiers between others stay', () => {
    const tiered = after(operations.setTier([0], 0), operations.setTier([1], 2))
    expect(tiered.knowledge.tiers).toEqual([['c1'], [], ['c2']])
    expect(operations.setTier([1], 0).perform(tiered).knowledge.tiers).toEqual([['c1', 'c2']])
  })

  test.each<[string, () => EditorState, string[][]]>([
    ['an edge that tiers forbid', () => after(operations.setTier([0], 0), operations.setTier([1], 1), operations.requireEdges(edges('1>2', '2>1'))), [['c2', 'c1']]],
    ['a tier that forbids a required edge', () => after(operations.requireEdges(edges('1>2')), operations.setTier([1], 0), operations.setTier([0], 1)), [['c1', 'c2']]],
  ])('refuses %s and names the edges', (_, work, named) => {
    const error = refusal(work)
    expect(error.code).toBe('badRequest')
    expect(error.details).toEqual({ edges: named })
    for (const [from, to] of named) expect(error.message).toContain(`${from} → ${to}`)
  }) // prettier-ignore

  test('refuses a required edge that closes a cycle and names the cycle', () => {
    const error = refusal(() =>
      after(operations.requireEdges(edges('1>2', '2>3')), operations.requireEdges(edges('3>1'))),
    )
    expect(error.code).toBe('badRequest')
    expect(error.message).toContain('c1 → c2 → c3 → c1')
  })

  test('of three nodes, every requirement is taken unless it closes a cycle', () => {
    const all = edges('1>2', '1>3', '2>1', '2>3', '3>1', '3>2')
    let taken = 0
    for (let chosen = 0; chosen < 64; chosen++) {
      const list = all.filter((_, index) => (chosen >> index) & 1)
      const ways = (from: number, seen: number[]): boolean =>
        list.some(({ from: f, to }) => f === from && (seen.includes(to) || ways(to, [...seen, to])))
      const cyclic = [0, 1, 2].some((node) => ways(node, [node]))
      const required = (): EditorState => after(operations.requireEdges(list))
      if (cyclic) expect(required).toThrow('cycle')
      else expect(required().knowledge.required).toHaveLength(list.length)
      if (!cyclic) taken++
    }
    // Labelled directed acyclic graphs of three nodes: 25.
    expect(taken).toBe(25)
  })

  test('loaded knowledge is what training gets; what cannot be honoured is refused by its name', () => {
    const known = knowledgeSchema.parse({
      type: 'causeway-knowledge',
      version: 1,
      name: 'expert',
      nodes: ['c1', 'c2', 'c3'],
      required: [['c1', 'c2']],
      forbidden: [['c2', 'c3']],
      tiers: [['c1'], ['c3']],
    })
    const state = after(operations.loadKnowledge(known))
    const standings = edgeStandings(state.nodes, state.knowledge).flat()
    expect([...edgeKnowledge(known)]).toEqual(standings.map((of) => (of === 'required' ? 1 : of === null ? 0 : -1)))
    expect(forbiddenByTiers(known.tiers)).toEqual([['c3', 'c1']])
    const bad = { ...known, forbidden: [...known.forbidden, ['c1', 'c2'] as [string, string]] }
    expect(refusal(() => after(operations.loadKnowledge(bad))).message).toContain(
      '"expert": c1 → c2 is required and also',
    )
    expect(refusal(() => after(operations.loadKnowledge({ ...known, tiers: [['c7']] }))).message).toContain('c7')
  })
})

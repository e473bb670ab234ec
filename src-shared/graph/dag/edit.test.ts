import { describe, expect, it } from 'vitest'
import type { DomainGraph } from '../../domain/domain-graph'
import { parseDagitty, formatDagitty } from './dagitty'
import {
  addEdge,
  addVariable,
  freeName,
  moveVariables,
  removeEdge,
  removeVariables,
  renameVariable,
  reverseEdge,
  setRole,
} from './edit'

const graph = parseDagitty('dag { a [exposure] b [outcome] V [latent,pos="1,2"] a -> b V -> a V -> b a <-> b }')
const lines = (edited: DomainGraph): string[] => formatDagitty(edited).trimEnd().split('\n').slice(1, -1)

describe('edits of a domain graph', () => {
  it('leave the graph they start from as it was', () => {
    const before = structuredClone(graph)
    removeVariables(graph, ['V'])
    renameVariable(graph, 'a', 'price')
    setRole(graph, 'a', 'observed')
    reverseEdge(graph, { from: 'a', to: 'b', kind: '->' })
    removeEdge(graph, { from: 'b', to: 'a', kind: '<->' })
    moveVariables(graph, { a: { x: 1, y: 1 } })
    expect(graph).toEqual(before)
  })

  it('remove a variable with every edge at it', () => {
    expect(lines(removeVariables(graph, ['V']))).toEqual(['a [exposure]', 'b [outcome]', 'a -> b', 'a <-> b'])
    expect(lines(removeVariables(graph, ['a', 'V']))).toEqual(['b [outcome]'])
  })

  it('rename a variable in its edges too', () => {
    expect(lines(renameVariable(graph, 'V', ' market mood '))).toEqual([
      'a [exposure]',
      'b [outcome]',
      '"market mood" [latent,pos="1,2"]',
      'a -> b',
      '"market mood" -> a',
      '"market mood" -> b',
      'a <-> b',
    ])
    expect(renameVariable(graph, 'a', 'a')).toEqual(graph)
  })

  it('add variables and edges', () => {
    const more = addEdge(addVariable(graph, { name: 'c', at: { x: 3, y: 4 } }), { from: 'b', to: 'c', kind: '->' })
    expect(lines(more)).toContain('c [pos="3,4"]')
    expect(lines(more)).toContain('b -> c')
    expect(lines(addEdge(graph, { from: 'b', to: 'a', kind: '->' }))).toContain('b -> a')
    expect(freeName(addVariable(graph, { name: 'x1' }), 'x')).toBe('x2')
  })

  it('reverse and remove edges in their place', () => {
    expect(lines(reverseEdge(graph, { from: 'V', to: 'a', kind: '->' })).slice(3)).toEqual([
      'a -> b',
      'a -> V',
      'V -> b',
      'a <-> b',
    ])
    expect(lines(removeEdge(graph, { from: 'b', to: 'a', kind: '<->' })).slice(3)).toEqual([
      'a -> b',
      'V -> a',
      'V -> b',
    ])
  })

  it('allow several exposures and outcomes', () => {
    const more = setRole(addVariable(graph, { name: 'c' }), 'c', 'exposure')
    expect(more.variables.filter(({ role }) => role === 'exposure').map(({ name }) => name)).toEqual(['a', 'c'])
  })

  it('move only the variables that are named', () => {
    expect(moveVariables(graph, { a: { x: 5, y: 6 } }).variables.map(({ at }) => at)).toEqual([
      { x: 5, y: 6 },
      null,
      { x: 1, y: 2 },
    ])
  })

  it.each<[string, () => unknown]>([
    ['"V" is hidden: nobody measured it, so it cannot be adjusted for', () => setRole(graph, 'V', 'adjusted')],
    ['"V" is hidden: nobody measured it, so it cannot be selected on', () => setRole(graph, 'V', 'selected')],
    ['There is a variable "a" already', () => addVariable(graph, { name: ' a ' })],
    ['There is a variable "b" already', () => renameVariable(graph, 'a', 'b')],
    ['A variable needs a name', () => renameVariable(graph, 'a', ' ')],
    ['one line', () => addVariable(graph, { name: 'a\nb' })],
    ['There is no variable "z"', () => removeVariables(graph, ['z'])],
    ['There is no variable "z"', () => moveVariables(graph, { z: { x: 0, y: 0 } })],
    ['cannot have an edge to itself', () => addEdge(graph, { from: 'a', to: 'a', kind: '<->' })],
    ['The edge b <-> a is there already', () => addEdge(graph, { from: 'b', to: 'a', kind: '<->' })],
    ['There is no edge b -> a', () => removeEdge(graph, { from: 'b', to: 'a', kind: '->' })],
    ['no direction to reverse', () => reverseEdge(graph, { from: 'a', to: 'b', kind: '<->' })],
    [
      'The edge b -> a is there already',
      () => reverseEdge(addEdge(graph, { from: 'b', to: 'a', kind: '->' }), { from: 'a', to: 'b', kind: '->' }),
    ],
  ])('refuse with a reason: %s', (reason, edit) => {
    expect(edit).toThrow(reason)
  })
})

import { describe, expect, it } from 'vitest'
import { noAnnotations } from '../../../src-shared/domain/graph'
import type { UserSelection } from '../../../src-shared/domain/intervention'
import type { Mask } from '../../../src-shared/domain/mask'
import {
  nodeIndex,
  readIntervention,
  readUsers,
  type InterventionOptions,
  type NodeNames,
} from './intervention-options'

const names: NodeNames = {
  nodes: ['c1', 'c2', 'c3'],
  // A name that is another node's learned one: the learned one wins.
  annotations: { ...noAnnotations, names: { c1: 'Price = dear', c2: 'c3' } },
}
const none: InterventionOptions = { zeroRow: [], zeroColumn: [], removeEdge: [], hold: [] }

describe('users on the command line', () => {
  it.each<[string, UserSelection]>([
    ['all', { kind: 'all' }],
    ['196', { kind: 'users', users: ['196'] }],
    ['196, 186', { kind: 'users', users: ['196', '186'] }],
    ['user:a,b', { kind: 'users', users: ['a,b'] }],
    ['user:x=y', { kind: 'users', users: ['x=y'] }],
    ['user:all', { kind: 'users', users: ['all'] }],
    ['gender=F', { kind: 'attribute', attribute: 'gender', value: 'F' }],
    ['age>=30', { kind: 'range', attribute: 'age', min: 30, max: null }],
    ['age <= 30.5', { kind: 'range', attribute: 'age', min: null, max: 30.5 }],
    ['age=-1..30', { kind: 'range', attribute: 'age', min: -1, max: 30 }],
    ['activity>=50', { kind: 'activity', min: 50, max: null }],
    ['activity=5..10', { kind: 'activity', min: 5, max: 10 }],
    ['city=A..B', { kind: 'attribute', attribute: 'city', value: 'A..B' }],
  ])('%s', (text, expected) => expect(readUsers(text)).toEqual(expected))

  it.each(['', 'a,,b', '=F', 'age>=old', 'activity=many', 'gender='])('%j is none', (text) => {
    expect(() => readUsers(text)).toThrow(expect.objectContaining({ code: 'badRequest' }))
  })
})

describe('an intervention on the command line', () => {
  it('changes no edge where only values are held', () => {
    const { factors, holds } = readIntervention(
      { ...none, hold: ['c1=+1.5sd', 'c2=user:u:1', 'c3=mean:gender=F', 'Price = dear=-1sd'] },
      names,
      null,
    )
    expect(factors).toBeNull()
    expect(holds).toEqual([
      { node: 0, at: { kind: 'sd', sd: 1.5 } },
      { node: 1, at: { kind: 'user', user: 'u:1' } },
      { node: 2, at: { kind: 'mean', users: { kind: 'attribute', attribute: 'gender', value: 'F' } } },
      { node: 0, at: { kind: 'sd', sd: -1 } },
    ])
  })

  it('takes rows, columns and edges out of a mask, and leaves the diagonal', () => {
    const mask: Mask = {
      type: 'causeway-mask',
      version: 1,
      name: 'm',
      notes: '',
      nodes: names.nodes,
      factors: [
        [1, 0.5, 1],
        [1, 1, 1],
        [0.25, 1, 1],
      ],
    }
    const change = { ...none, zeroRow: ['c2'], zeroColumn: ['c3'], removeEdge: ['c3 -> c2'] }
    expect(readIntervention(change, names, mask).factors).toEqual([
      [1, 0.5, 0],
      [0, 1, 0],
      [0.25, 0, 1],
    ])
    expect(mask.factors[1]).toEqual([1, 1, 1])
  })

  it('knows nodes by either name, the learned one first', () => {
    expect(nodeIndex('Price = dear', names)).toBe(0)
    expect(nodeIndex('c3', names)).toBe(2)
    expect(() => nodeIndex('c9', names)).toThrow('c1 (Price = dear), c2 (c3), c3')
  })
})

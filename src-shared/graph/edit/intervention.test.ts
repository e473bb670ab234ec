import { describe, expect, test } from 'vitest'
import type { UserSelection } from '../../domain/intervention'
import { allOnes } from '../mask'
import { compareMasks, describeHold, describeMask, describeUsers, interventionOf, maskChanges } from './intervention'
import * as operations from './operations'
import type { Operation } from './operations'
import { initialEditorState, type EditorState } from './state'

const nameOf = (node: number): string => `c${node + 1}`
const after = (nodes: number, ...done: Operation[]): EditorState =>
  done.reduce(
    (state, operation) => operation.perform(state),
    initialEditorState(Array.from({ length: nodes }, (_, node) => nameOf(node))),
  )
const remove = (from: number, to: number): Operation => operations.toggleEdges([{ from: from - 1, to: to - 1 }])

test('an intervention has no factors while no edge is changed', () => {
  const held = after(3, operations.hold(1, { kind: 'sd', sd: 2 }))
  expect(interventionOf(held)).toEqual({ factors: null, holds: held.holds })
  const masked = remove(1, 2).perform(held)
  expect(interventionOf(masked).factors).toBe(masked.factors)
})

describe('a mask in words', () => {
  test.each<[string, number, Operation[]]>([
    ['no edge changed', 3, []],
    ['no edge changed', 1, [operations.isolate([0])]],
    ['c1 → c2 removed', 3, [remove(1, 2)]],
    ['c3 acts on nothing (do(c3)); c1 → c2 removed; c1 → c4 at 0.50', 4, [remove(1, 2), operations.zeroRows([2]), operations.setFactor([{ from: 0, to: 3 }], 0.5)]],
    ['c1 → c2 at 0.999', 3, [operations.setFactor([{ from: 0, to: 1 }], 0.999)]],
    ['nothing acts on c2', 3, [operations.zeroColumns([1])]],
    ['c2 isolated', 3, [operations.isolate([1])]],
    ['c2 isolated; c1 acts on nothing (do(c1))', 4, [operations.isolate([1]), operations.zeroRows([0])]],
    ['every edge removed', 3, [operations.isolate([0, 1, 2])]],
    ['c1 acts on nothing (do(c1))', 2, [remove(1, 2)]],
    // The column of c3 is zero too, but the two rows have said so.
    ['c1 acts on nothing (do(c1)); c2 acts on nothing (do(c2))', 3, [operations.zeroRows([0, 1])]],
  ])('%s', (words, nodes, done) => {
    expect(describeMask(after(nodes, ...done).factors, nameOf)).toBe(words)
  }) // prettier-ignore

  test('says how many more changes there are', () => {
    const factors = after(10, operations.setFactor(Array.from({ length: 25 }, (_, at) => ({ from: at % 5, to: 5 + (at % 4) + (at > 19 ? 1 : 0) })), 0.5)).factors // prettier-ignore
    const changed = factors.flat().filter((factor) => factor !== 1).length
    const words = describeMask(factors, nameOf)
    expect(changed).toBeGreaterThan(20)
    expect(words.split('; ')).toHaveLength(21)
    expect(words).toContain(`and ${changed - 20} more changes`)
  })

  test('covers every changed edge of every 0/1 mask of three nodes', () => {
    const cells = [1, 2, 3, 5, 6, 7]
    const described = new Set<string>()
    for (let mask = 0; mask < 64; mask++) {
      const factors = allOnes(3)
      cells.forEach((cell, at) => {
        if ((mask >> at) & 1) factors[Math.floor(cell / 3)]![cell % 3] = 0
      })
      const state = operations.loadMask(factors, 'load').perform(after(3))
      described.add(describeMask(state.factors, nameOf))
    }
    // No two masks are described alike.
    expect(described.size).toBe(64)
  })
})

describe('the list of changes', () => {
  test('says what makes no difference, by the names given', () => {
    const state = after(
      3,
      operations.rename(0, 'price'),
      remove(1, 2),
      operations.zeroRows([2]),
      operations.hold(1, { kind: 'user', user: '42' }),
    )
    const probabilities = [[0, 5e-7, 0.9], [0.9, 0, 0.9], [0, 0.004, 0]] // prettier-ignore
    expect(maskChanges(state, probabilities)).toEqual([
      { id: 'row:2', text: 'c3 acts on nothing (do(c3))', absent: false },
      { id: 'edge:0:1', text: 'price → c2 removed', absent: true },
      { id: 'hold:1', text: 'c2 held at its value for user 42', absent: false },
    ])
  })
})

test('two masks are compared edge by edge', () => {
  const a = after(3, remove(1, 2)).factors
  const b = after(3, operations.setFactor([{ from: 2, to: 1 }], 0.5)).factors
  expect(compareMasks(a, a)).toEqual([])
  expect(compareMasks(a, b)).toEqual([
    { from: 0, to: 1, a: 0, b: 1 },
    { from: 2, to: 1, a: 1, b: 0.5 },
  ])
  expect(() => compareMasks(a, allOnes(2))).toThrow('3 and of 2 nodes')
})

test.each<[UserSelection, string]>([
  [{ kind: 'all' }, 'all users'],
  [{ kind: 'users', users: ['7'] }, 'user 7'],
  [{ kind: 'users', users: ['7', '8'] }, '2 users'],
  [{ kind: 'attribute', attribute: 'occupation', value: 'writer' }, 'users with occupation = writer'],
  [{ kind: 'range', attribute: 'age', min: 20, max: 30 }, 'users with age from 20 to 30'],
  [{ kind: 'range', attribute: 'age', min: null, max: 30 }, 'users with age at most 30'],
  [{ kind: 'range', attribute: 'age', min: null, max: null }, 'users with any age'],
  [{ kind: 'activity', min: 5, max: null }, 'users with at least 5 train items'],
  [{ kind: 'activity', min: null, max: null }, 'users with any number of train items'],
])('users %o are "%s"', (users, words) => {
  expect(describeUsers(users)).toBe(words)
})

test('held values in words', () => {
  expect(describeHold({ node: 1, at: { kind: 'sd', sd: -1.5 } }, nameOf)).toBe('c2 held at −1.50 sd')
  expect(describeHold({ node: 1, at: { kind: 'sd', sd: 0 } }, nameOf)).toBe('c2 held at +0.00 sd')
  expect(describeHold({ node: 0, at: { kind: 'mean', users: { kind: 'all' } } }, nameOf)).toBe(
    'c1 held at its mean over all users',
  )
})

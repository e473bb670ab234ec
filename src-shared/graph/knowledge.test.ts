import { describe, expect, test } from 'vitest'
import { CausewayError } from '../contract/errors'
import type { Knowledge } from '../domain/knowledge'
import { checkEdgeKnowledge, checkKnowledge, edgeKnowledge } from './knowledge'

const knowledgeOf = (given: Partial<Knowledge>): Knowledge => ({
  type: 'causeway-knowledge',
  version: 1,
  name: 'expert',
  notes: '',
  nodes: ['c1', 'c2', 'c3'],
  required: [],
  forbidden: [],
  tiers: [],
  ...given,
})

const refusal = (work: () => unknown): CausewayError => {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof CausewayError) return thrown
    throw thrown
  }
  throw new Error('Nothing was refused.')
}

describe('edges from knowledge', () => {
  test('are 1 where required, -1 where forbidden, 0 elsewhere, parents in rows', () => {
    const edges = edgeKnowledge(knowledgeOf({ required: [['c1', 'c3']], forbidden: [['c3', 'c2']] }))
    expect([...edges]).toEqual([0, 0, 1, 0, 0, 0, 0, -1, 0])
  })

  test('tiers forbid every edge from a later into an earlier one, and none within a tier', () => {
    const edges = edgeKnowledge(knowledgeOf({ nodes: ['c1', 'c2', 'c3', 'c4'], tiers: [['c2'], ['c1', 'c3']] }))
    // c1 -> c2 and c3 -> c2 go backwards; c4 is in no tier.
    expect([...edges]).toEqual([0, -1, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0])
  })

  test('an edge from a node to itself may be forbidden and changes nothing', () => {
    expect([...edgeKnowledge(knowledgeOf({ forbidden: [['c2', 'c2']] }))]).toEqual(new Array(9).fill(0))
  })

  test('the order of the nodes is that of the list, not of their names', () => {
    const edges = edgeKnowledge(knowledgeOf({ nodes: ['c3', 'c1', 'c2'], required: [['c1', 'c3']] }))
    expect([...edges]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0])
  })
})

describe('refused is', () => {
  test.each<[string, Partial<Knowledge>, string]>([
    ['a cycle of two', { required: [['c1', 'c2'], ['c2', 'c1']] }, 'c1 → c2 → c1'], // prettier-ignore
    ['a cycle that is not the first path', { required: [['c1', 'c2'], ['c2', 'c3'], ['c3', 'c2']] }, 'cycle: c2 → c3 → c2'], // prettier-ignore
    ['a node that requires itself', { required: [['c1', 'c1']] }, 'no node acts on itself'],
    ['both by name', { required: [['c1', 'c2']], forbidden: [['c1', 'c2']] }, 'required and also forbidden.'],
    ['both by tier', { required: [['c2', 'c1']], tiers: [['c1'], ['c2']] }, 'forbidden by the tiers'],
    ['an unknown node', { forbidden: [['c1', 'weather']] }, 'no node weather'],
    ['an unknown node in a tier', { tiers: [['c9']] }, 'no node c9'],
    ['a node in two tiers', { tiers: [['c1'], ['c1']] }, 'c1 is in more than one tier'],
    ['a node twice', { nodes: ['c1', 'c1'] }, 'c1 stands twice'],
  ])('%s', (_, given, message) => {
    const error = refusal(() => edgeKnowledge(knowledgeOf(given)))
    expect(error.code).toBe('badRequest')
    expect(error.message).toContain(message)
  })

  test('another number of nodes than the training has', () => {
    expect(() => checkKnowledge(knowledgeOf({}), 3)).not.toThrow()
    const error = refusal(() => checkKnowledge(knowledgeOf({}), 4))
    expect(error.message).toContain('about 3 nodes, the training about 4')
    expect(error.details).toEqual({ nodes: 3, expected: 4 })
  })

  test('edges of the wrong size, also without names', () => {
    expect(() => checkEdgeKnowledge(new Int8Array(9), 3)).not.toThrow()
    expect(refusal(() => checkEdgeKnowledge(new Int8Array(9), 2)).code).toBe('badRequest')
    expect(refusal(() => checkEdgeKnowledge(Int8Array.of(0, 1, 1, 0), 2)).details).toEqual({
      cycle: ['c1', 'c2', 'c1'],
    })
  })
})

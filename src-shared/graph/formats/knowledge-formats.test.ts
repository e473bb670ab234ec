import { describe, expect, test } from 'vitest'
import { CausewayError } from '../../contract/errors'
import { knowledgeSchema, type Knowledge } from '../../domain/knowledge'
import { exportKnowledge, importKnowledge, knowledgeFormats } from './knowledge-formats'

const nodes = ['c1', 'c2', 'c3', 'c4', 'c5']
const knowledgeOf = (given: Partial<Knowledge>): Knowledge =>
  knowledgeSchema.parse({
    type: 'causeway-knowledge',
    version: 1,
    name: 'expert',
    notes: 'From a talk.',
    nodes,
    required: [],
    forbidden: [],
    tiers: [],
    ...given,
  })
const rich = knowledgeOf({
  required: [['c1', 'c3']],
  forbidden: [['c1', 'c2'], ['c4', 'c1']], // prettier-ignore
  tiers: [['c1', 'c2'], [], ['c3']],
})
const read = (text: string, of = nodes): Knowledge => {
  const { knowledge, lost } = importKnowledge(text, 'auto', of)
  expect(lost).toEqual([])
  return knowledge
}

describe('each statement of the table', () => {
  test('JSON keeps everything', () => {
    expect(knowledgeFormats.map(({ id }) => id)).toEqual(['json', 'tetrad'])
    expect(read(exportKnowledge(rich, 'json'))).toEqual(rich)
  })

  test('Tetrad keeps tiers, required and forbidden edges; loses name, notes and unnamed nodes', () => {
    const written = exportKnowledge(rich, 'tetrad')
    expect(read(written)).toEqual({ ...rich, name: 'Imported knowledge', notes: '' })
    expect(written).not.toContain('c5')
    expect(written).not.toContain('expert')
  })
})

test('a Tetrad file is laid out as Tetrad lays it out', () => {
  expect(exportKnowledge(rich, 'tetrad')).toBe(
    '/knowledge\naddtemporal\n1 c1 c2\n2\n3 c3\n\nforbiddirect\nc1 c2\nc4 c1\n\nrequiredirect\nc1 c3\n',
  )
})

test('awkward names survive in Tetrad files', () => {
  const odd = ['a b', '1', 'requiredirect', '//', '文字']
  const knowledge = knowledgeOf({ nodes: odd, required: [['requiredirect', '//'], ['//', 'a b']], tiers: [['1', '文字']] }) // prettier-ignore
  expect(read(exportKnowledge(knowledge, 'tetrad'), odd)).toMatchObject({
    required: knowledge.required,
    tiers: knowledge.tiers,
  })
})

test("Tetrad's tiers may count from 0, come in any order, forbid within, and lead to the next tier only", () => {
  const text = '/knowledge\r\naddtemporal\r\n4- c1\r\n0* c2 c3\r\n7 c4\r\n9 c5\r\n'
  expect(read(text)).toMatchObject({
    tiers: [['c2', 'c3'], ['c1'], ['c4'], ['c5']],
    forbidden: [['c2', 'c3'], ['c3', 'c2'], ['c1', 'c5']], // prettier-ignore
  })
})

test.each<[string, string]>([
  [exportKnowledge({ ...rich, required: [['c3', 'c1']] }, 'tetrad'), 'c3 → c1 is required and also forbidden by the tiers'],
  [exportKnowledge({ ...rich, required: [['c1', 'c2']] }, 'tetrad'), 'Line 12: c1 → c2 is both required and forbidden'],
  ['requiredirect\nc1 c2\nc2 c1', 'cycle: c1 → c2 → c1'],
  ['addtemporal\n1* c1 c2\n\nrequiredirect\nc1 c2', 'c1 → c2 is required and also forbidden'],
  [JSON.stringify({ ...rich, forbidden: [['c1', 'c2'], ['c1', 'c2']] }), 'c1 → c2 is there twice'],
  [JSON.stringify({ ...rich, required: [['c1', 'c2']] }), 'c1 → c2 is required and also forbidden'],
  [JSON.stringify({ ...rich, forbidden: [['c1', 'c9']] }), 'no node c9'],
  [JSON.stringify({ ...rich, nodes: ['c1', 'c2'] }), 'names 2 nodes, this graph has 5'],
  [JSON.stringify({ ...rich, tiers: 'none' }), 'no knowledge at tiers'],
  ['{', 'no knowledge in JSON'],
  ['hello', 'Line 1'],
])('refuses %j', (text, message) => {
  let error: unknown
  try {
    importKnowledge(text, 'auto', nodes)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(CausewayError)
  expect((error as CausewayError).code).toBe('badRequest')
  expect((error as CausewayError).message).toContain(message)
}) // prettier-ignore

import { describe, expect, test } from 'vitest'
import { CausewayError } from '../../contract/errors'
import { maskSchema, type Mask } from '../../domain/mask'
import { exportMask, importMask, lostByExport, maskFormats, maskFormatOf, type MaskFormatId } from './mask-formats'

const formatIds = maskFormats.map(({ id }) => id)
const maskOf = (factors: number[][], given: Partial<Mask> = {}): Mask =>
  maskSchema.parse({
    type: 'causeway-mask',
    version: 1,
    name: 'No price (2)',
    notes: 'Two lines\nof "notes" \\ with <signs> & entities &amp; 文字',
    nodes: factors.map((_, node) => `c${node + 1}`),
    factors,
    ...given,
  })

const plain = maskOf([
  [1, 0, 1],
  [1, 1, 0],
  [0, 1, 1],
])
const graded = maskOf([
  [1, 0, 0.1],
  [1e-7, 1, 0.30000000000000004],
  [0.5, 1, 1],
])

/** Names that trouble one format or another; the last look like the formats' own words. */
const awkward = [
  'a b', 'say "hi"', 'back\\slash', 'ends\\', '\\"', '<tag>&amp;', "it's", 'größe 文字 🙂', '->', 'a->b', '{x}', '[y=1]', ';', '//no', '#no', '/*no*/',
  'node', 'Graph', 'subgraph', 'strict', 'dag', '0', '1.5', '-3', '.', 'addtemporal', 'forbiddirect x', '/knowledge', 'n1', ':', '=',
] // prettier-ignore

const refusal = (work: () => unknown): CausewayError => {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof CausewayError) return thrown
    throw thrown
  }
  throw new Error('Nothing was refused.')
}
const back = (mask: Mask, format: MaskFormatId): Mask => {
  const { mask: read, lost } = importMask(exportMask(mask, format), 'auto', mask.nodes)
  expect(lost).toEqual([])
  return read
}

describe('each statement of the table', () => {
  test('every format is there once, each with words', () => {
    expect(formatIds).toEqual(['json', 'dot', 'graphml', 'dagitty', 'tetrad'])
    for (const { keeps, loses, label, extension } of maskFormats) {
      for (const words of [keeps, loses]) expect(words).toMatch(/^[A-Z].*\.$/)
      expect(label).not.toBe('')
      expect(extension).toMatch(/^[a-z]+(\.txt)?$/)
    }
  })

  test.each(['json', 'dot', 'graphml'] as const)('%s keeps everything', (format) => {
    for (const mask of [plain, graded]) {
      expect(back(mask, format)).toEqual(mask)
      expect(lostByExport(mask, format)).toEqual([])
    }
  })

  test.each(['dot', 'graphml', 'dagitty'] as const)('%s leaves removed edges out', (format) => {
    // c1 -> c2 is removed, c2 -> c1 is there.
    const written = exportMask(plain, format)
    const [gone, there] =
      format === 'graphml' ? ['source="c1" target="c2"', 'source="c2" target="c1"'] : ['c1 -> c2', 'c2 -> c1']
    expect(written).not.toContain(gone)
    expect(written).toContain(there)
  })

  test('graphml loses control characters in notes, and nothing else of them', () => {
    const mask = maskOf([[1]], { notes: 'tab\tbell\u0007 line\r\n end \ud83d' })
    expect(back(mask, 'graphml')).toEqual({ ...mask, notes: 'tab\tbell\ufffd line\r\n end \ufffd' })
    expect(lostByExport(mask, 'graphml')).toEqual(['The notes, or characters in them.'])
    expect(back(mask, 'json')).toEqual(mask)
    expect(back(mask, 'dot')).toEqual(mask)
  })

  test('dagitty keeps nodes and factors, loses name and notes', () => {
    for (const mask of [plain, graded]) {
      expect(back(mask, 'dagitty')).toEqual({ ...mask, name: 'Imported mask', notes: '' })
      expect(lostByExport(mask, 'dagitty')).toEqual(['The name.', 'The notes, or characters in them.'])
    }
  })

  test('tetrad keeps what is removed, loses name, notes and what lies between', () => {
    expect(back(plain, 'tetrad')).toEqual({ ...plain, name: 'Imported mask', notes: '' })
    const read = back(graded, 'tetrad')
    expect(read.factors).toEqual([[1, 0, 1], [1, 1, 1], [1, 1, 1]]) // prettier-ignore
    expect(lostByExport(graded, 'tetrad').at(-1)).toBe('4 factors between 0 and 1.')
  })
})

describe('round trips', () => {
  test.each(formatIds)('%s: every 0/1 mask of three nodes', (format) => {
    for (let bits = 0; bits < 64; bits++) {
      const cells = [1, 2, 3, 5, 6, 7]
      const factors = [[1, 1, 1], [1, 1, 1], [1, 1, 1]] // prettier-ignore
      cells.forEach((cell, at) => (factors[Math.floor(cell / 3)]![cell % 3] = 1 - ((bits >> at) & 1)))
      expect(back(maskOf(factors), format).factors).toEqual(factors)
    }
  })

  test.each(formatIds)('%s: one node', (format) => {
    expect(back(maskOf([[1]]), format).factors).toEqual([[1]])
  })

  test.each(['json', 'dot', 'graphml', 'dagitty'] as const)('%s: awkward names', (format) => {
    const factors = awkward.map((_, i) =>
      awkward.map((_, j) => (i === j || (i + j) % 3 === 0 ? 1 : (i * j) % 2 ? 0.25 : 0)),
    )
    const mask = maskOf(factors, { nodes: awkward })
    expect(back(mask, format).nodes).toEqual(awkward)
    expect(back(mask, format).factors).toEqual(factors)
  })

  test('tetrad: awkward names but those with a quote, which are refused', () => {
    const nodes = awkward.filter((name) => !name.includes('"'))
    const factors = nodes.map((_, i) => nodes.map((_, j) => (i === j || (i + j) % 3 === 0 ? 1 : 0)))
    expect(back(maskOf(factors, { nodes }), 'tetrad').factors).toEqual(factors)
    const bad = maskOf([[1, 0], [1, 1]], { nodes: ['say "hi"', 'b'] }) // prettier-ignore
    expect(refusal(() => exportMask(bad, 'tetrad')).message).toContain('say')
  })

  test('names with control characters are for JSON only', () => {
    const mask = maskOf([[1, 0], [1, 1]], { nodes: ['line\nbreak', 'b'] }) // prettier-ignore
    expect(back(mask, 'json')).toEqual(mask)
    for (const format of ['dot', 'graphml', 'dagitty', 'tetrad'] as const) {
      expect(refusal(() => exportMask(mask, format)).message).toContain('control character')
    }
  })

  test.each(formatIds)('%s: the nodes may stand in another order', (format) => {
    const read = importMask(exportMask(graded, format), format, ['c3', 'c1', 'c2']).mask
    const expected = back(graded, format).factors
    expect(read.nodes).toEqual(['c3', 'c1', 'c2'])
    expect(read.factors).toEqual([2, 0, 1].map((i) => [2, 0, 1].map((j) => expected[i]![j])))
  })

  test('a mask that is none is not written', () => {
    expect(refusal(() => exportMask({ ...plain, factors: [[1]] }, 'dot')).message).toContain('of 1 nodes')
    expect(refusal(() => exportMask(maskOf([[0]]), 'dot')).message).toContain('diagonal')
  })
})

describe('what other programs write', () => {
  const nodes = ['a', 'b', 'c']
  const read = (text: string): { factors: number[][]; lost: string[]; name: string } => {
    const { mask, lost } = importMask(text, 'auto', nodes)
    return { factors: mask.factors, lost, name: mask.name }
  }

  test('DOT with defaults, comments, chains, groups and decoration', () => {
    const text = `// made elsewhere
# 1 "file.dot"
      strict DiGraph "bad/name" {
        graph [rankdir=LR]; node [shape=circle]
        a -> b -> c /* a chain */ [color=red, label=x];
        edge [factor=.5]
        c -> {a; b}
        size="7,10"
      }`
    expect(read(text)).toEqual({
      factors: [[1, 1, 0], [0, 1, 1], [0.5, 0.5, 1]], // prettier-ignore
      lost: [
        'The name "bad/name": a mask may not be called so.',
        'Attribute "rankdir" of the graph.',
        'Attribute "node shape" of the graph.',
        'Attribute "color" of 2 edges.',
        'Attribute "label" of 2 edges.',
        'Attribute "size" of the graph.',
      ],
      name: 'Imported mask',
    })
  })

  test('DAGitty with places, roles, reversed edges and no separators', () => {
    const text = 'dag{\nbb="0,0,1,1"\na [exposure,pos="-1.0,0.2"]\nc [outcome]\na -> b b <- c [beta=".25"] }'
    expect(read(text)).toEqual({
      factors: [[1, 1, 0], [0, 1, 0], [0, 0.25, 1]], // prettier-ignore
      lost: [
        'Attribute "bb" of the graph.',
        'Attribute "exposure" of one node.',
        'Attribute "pos" of one node.',
        'Attribute "outcome" of one node.',
      ],
      name: 'Imported mask',
    })
  })

  test('GraphML with a default factor, other data, comments, CDATA and prefixes', () => {
    const text = `<?xml version='1.0'?>
      <!-- <edge> --><g:graphml xmlns:g="http://graphml.graphdrawing.org/xmlns">
      <key id="d0" for="edge" attr.name="factor" attr.type="double"><default> 0.5 </default></key>
      <key id="d1" for="node" attr.name="color" attr.type="string"/>
      <key id="d2" for="all" attr.name="name" attr.type="string"/>
      <g:graph id="G" edgedefault="directed">
        <node id="n0"><data key="d1"><y:Shape xmlns:y="y"/></data><data key="d2">a</data></node>
        <node id="n1"><data key="d2"><![CDATA[b]]></data></node><node id="c"/>
        <edge source="n0" target="n1"/>
        <edge source='n1' target='c' directed="true"><data key="d0">1.0</data></edge>
      </g:graph></g:graphml>`
    expect(read(text)).toEqual({
      factors: [[1, 0.5, 0], [0, 1, 1], [0, 0, 1]], // prettier-ignore
      lost: ['Attribute "color" of one node.'],
      name: 'Imported mask',
    })
  })

  test('Tetrad with tiers and required edges', () => {
    const text = '/knowledge\naddtemporal\n\n1 a\n2 b c\n\nforbiddirect\nb c\n\nrequiredirect\na b\n'
    expect(read(text)).toEqual({
      factors: [[1, 1, 1], [0, 1, 0], [0, 1, 1]], // prettier-ignore
      lost: ['a → b is required: a mask cannot put an edge there.'],
      name: 'Imported mask',
    })
  })

  test('JSON with more fields', () => {
    const text = JSON.stringify({ ...maskOf([[1]], { nodes: ['a'] }), positions: {} })
    expect(importMask(text, 'auto', ['a']).lost).toEqual(['Field "positions".'])
  })
})

describe('refused, with what and where', () => {
  const nodes = ['c1', 'c2']
  const json = (given: object): string => JSON.stringify({ ...maskOf([[1, 1], [1, 1]]), ...given }) // prettier-ignore
  const xml = (inside: string): string =>
    `<graphml>\n<key id="f" for="edge" attr.name="factor"/>\n<graph edgedefault="directed">\n<node id="c1"/><node id="c2"/>\n${inside}\n</graph></graphml>`

  test.each<[MaskFormatId | 'auto', string, string]>([
    ['auto', 'hello', 'begins like none of'],
    ['auto', '', 'begins like none of'],
    ['auto', '/* open', 'begins like none of'],

    ['json', '{', 'no mask in JSON'],
    ['json', json({ factors: [[1, 2], [1, 1]] }), 'at factors.0.1'],
    ['json', json({ factors: [[1, 1]] }), 'as many columns as rows'],
    ['json', json({ factors: [[1, 1], [1, 0]] }), 'diagonal at c2'],
    ['json', json({ nodes: ['c1', 'c3'] }), 'no node "c3"'],
    ['json', json({ nodes: ['c1', 'c1'] }), '"c1" is there twice'],
    ['json', json({ nodes: ['c1'], factors: [[1]] }), 'names 1 nodes, this graph has 2'],
    ['json', json({ version: 2 }), 'at version'],

    ['dot', 'graph { c1 -- c2 }', 'Line 1: A graph must begin with digraph'],
    ['dot', 'digraph {\n c1 -- c2 }', 'Line 2: "--" is no directed edge'],
    ['dot', 'digraph {\n c1 <- c2 }', 'Line 2: "<-" is no directed edge'],
    ['dot', 'digraph { c1 -> c2', 'A name is missing before the end'],
    ['dot', 'digraph { c1 -> c2 }\n}', 'Line 2: Nothing may follow'],
    ['dot', 'digraph { c1 -> }', 'A name is missing before "}"'],
    ['dot', 'digraph { c1 c2 \n"open }', 'Line 2: The quote'],
    ['dot', 'digraph { c1 c2 /* open }', 'comment'],
    ['dot', 'digraph { c1 c2\n\n c1 -> c2 [factor=2] }', 'Line 3: The factor of an edge must be a number in 0..1, not "2"'],
    ['dot', 'digraph { c1 c2 c1 -> c2 [factor="0x1"] }', 'not "0x1"'],
    ['dot', 'digraph { c1 c2 c1 -> c2 [factor=-0.1] }', 'not "-0.1"'],
    ['dot', 'digraph { c1 c2 c1 -> c2 [factor=nan] }', 'not "nan"'],
    ['dot', 'digraph { c1 -> c2\n c1 -> c2 }', 'Line 2: c1 → c2 is there twice'],
    ['dot', 'digraph { c1 -> c2\n c2 -> c2 }', 'Line 2: c2 → c2: no node acts on itself'],
    ['dot', 'digraph { c1 ->\n c3 }', 'Line 2: There is no node "c3"'],
    ['dot', 'digraph { {c1 c2} -> {c1 c2} }', 'c1 → c1: no node acts on itself'],
    ['dot', 'digraph { c1 }', 'c2 not named'],
    ['dot', 'digraph { subgraph x { c1 -> c2 } }', 'Subgraphs'],
    ['dot', 'digraph { c1:n -> c2 }', '":" is not expected'],
    ['dot', 'digraph { c1 [label=<b>] c2 }', '"<" is not expected'],

    ['dagitty', 'dag { c1 <-> c2 }', '"<->" is no directed edge'],
    ['dagitty', 'pdag { c1 @-> c2 }', '"@->" is no directed edge'],
    ['dagitty', 'dag { c1 -> c2 [beta=high] }', 'not "high"'],
    ['dagitty', 'mag { c1 }', 'c2 not named'],

    ['graphml', '<!DOCTYPE graphml [<!ENTITY a "b">]><graphml/>', 'Line 1: Document types and entity definitions are not read'],
    ['graphml', '<graphml>&a;</graphml>', 'Line 1: "&a;" is no known entity'],
    ['graphml', xml('<data key="f">&#0;</data>'), 'Line 5: "&#0;" is no known entity'],
    ['graphml', xml('<edge source="c1" target="c2">'), 'Line 6: </graph> closes <edge>'],
    ['graphml', '<graphml>\n<graph edgedefault="directed">', 'Line 2: <graph> is not closed'],
    ['graphml', '<graphml/><graphml/>', 'second root'],
    ['graphml', '<graphml/>x', 'text outside'],
    ['graphml', 'x', 'text outside'],
    ['graphml', '<!-- only -->', 'no XML element'],
    ['graphml', '<a b=1/>', 'not in quotes'],
    ['graphml', '<a b="1" b="2"/>', 'attribute b twice'],
    ['graphml', '<a b="1"c="2"/>', 'not closed properly'],
    ['graphml', '<a b="<"/>', 'has a "<" in it'],
    ['graphml', '<a', 'not closed properly'],
    ['graphml', '< a/>', 'begins no tag'],
    ['graphml', '<gml/>', 'begins with <graphml>, not with <gml>'],
    ['graphml', '<graphml/>', 'no <graph>'],
    ['graphml', '<graphml><graph edgedefault="undirected"/></graphml>', 'must be "directed"'],
    ['graphml', '<graphml><graph/></graphml>', '<graph> has no edgedefault'],
    ['graphml', xml('<edge source="c1" target="c9"/>'), 'Line 5: There is no node "c9"'],
    ['graphml', xml('<edge source="c1"/>'), 'Line 5: <edge> has no target'],
    ['graphml', xml('<edge source="c1" target="c2" directed="false"/>'), 'not directed'],
    ['graphml', xml('<edge source="c1" target="c2"><data key="f">7</data></edge>'), 'Line 5: The factor'],
    ['graphml', xml('<edge source="c1" target="c2"><data key="g">1</data></edge>'), 'no <key> "g" for edges'],
    ['graphml', xml('<edge source="c1" target="c2"/>\n<edge source="c1" target="c2"/>'), 'Line 6: c1 → c2 is there twice'],
    ['graphml', xml('<node id="c1"/>'), 'The node "c1" is there twice'],
    ['graphml', xml('<node id="c3"/>'), 'no node "c3"'],
    ['graphml', xml('<hyperedge/>'), '<hyperedge> is not read'],
    ['graphml', '<a>'.repeat(100), 'more than 64 deep'],

    ['tetrad', 'forbiddirect\nc1', 'Line 2: An edge is two names, here are 1'],
    ['tetrad', 'forbiddirect\nc1 c2 c1', 'here are 3'],
    ['tetrad', 'forbiddirect\nc1 c3', 'Line 2: There is no node "c3"'],
    ['tetrad', 'forbiddirect\nc1 c2\nc1 c2', 'Line 3: c1 → c2 is there twice'],
    ['tetrad', 'forbiddirect\nc1 c2\nrequiredirect\nc1 c2', 'Line 4: c1 → c2 is both required and forbidden'],
    ['tetrad', 'forbiddirect\nc1 "c2', 'quote is not closed'],
    ['tetrad', 'addtemporal\nfirst c1', 'not with "first"'],
    ['tetrad', 'addtemporal\n1 c1\n2 c1', 'Line 3: "c1" is in a tier already'],
    ['tetrad', '/knowledge\nc1 c2', 'Line 2: addtemporal, forbiddirect'],
    ['tetrad', '/knowledge\nforbiddengroup\nc1\nc2', 'Line 2: "forbiddengroup" is not read'],
    ['tetrad', '\n', 'no knowledge'],
  ])('%s: %j', (format, text, message) => {
    const error = refusal(() => importMask(text, format, nodes))
    expect(error.code).toBe('badRequest')
    expect(error.message).toContain(message)
  }) // prettier-ignore
})

describe('large and hostile texts', () => {
  const seconds = (work: () => unknown): number => {
    const begun = performance.now()
    work()
    return (performance.now() - begun) / 1000
  }

  test.each(formatIds)('%s: 256 nodes with long factors are written and read', (format) => {
    const factors = Array.from({ length: 256 }, (_, i) =>
      Array.from({ length: 256 }, (_, j) => (i === j ? 1 : (i * 256 + j) % 5 === 0 ? 0 : 1 / (3 + ((i * j) % 97)))),
    )
    const mask = maskOf(factors)
    const written = exportMask(mask, format)
    expect(seconds(() => importMask(written, 'auto', mask.nodes))).toBeLessThan(20)
  })

  test.each<[string, string]>([
    ['open braces', `digraph {${'{'.repeat(1_000_000)}`],
    ['open brackets', `digraph { a ${'['.repeat(1_000_000)}`],
    ['dashes', `digraph { a ${'-'.repeat(1_000_000)}`],
    ['backslashes', `digraph { "${'\\'.repeat(1_000_000)}`],
    ['comments', `${'/**/'.repeat(250_000)}digraph {`],
    ['line comments', `${'//\n'.repeat(330_000)}dag {`],
    ['blanks', `digraph {${' '.repeat(1_000_000)}`],
    ['one long name', `dag { ${'a'.repeat(1_000_000)}`],
    ['chains', `dag { ${'a -> '.repeat(200_000)}`],
    ['angles', `<graphml>${'<'.repeat(1_000_000)}`],
    ['ampersands', `<graphml>${'&'.repeat(1_000_000)}`],
    ['entities', `<graphml>${'&amp;'.repeat(200_000)}`],
    ['attributes', `<graphml ${'a'.repeat(1_000_000)}`],
    ['many attributes', `<graphml ${Array.from({ length: 90_000 }, (_, at) => `a${at}=""`).join(' ')}`],
    ['comment ends', `<graphml><!--${'--'.repeat(500_000)}`],
    ['digits', `digraph { a -> b [factor=${'1'.repeat(1_000_000)}] }`],
    ['digits and an end', `digraph { a -> b [factor="${'1'.repeat(1_000_000)}x"] }`],
    ['quotes', `forbiddirect\n${'"" '.repeat(300_000)}`],
    ['Tetrad lines', `forbiddirect${'\n'.repeat(1_000_000)}x`],
    ['groups', `dag { {${'a '.repeat(250_000)}} -> {${'b '.repeat(250_000)}} }`],
    ['groups of strangers', `dag { {${Array.from({ length: 70_000 }, (_, at) => `x${at}`).join(' ')}} -> a }`],
    ['defaults', `digraph { ${'edge [a,b,c] '.repeat(80_000)} }`],
    [
      'an edge with many attributes',
      `digraph { a -> b [${Array.from({ length: 140_000 }, (_, at) => `x${at}`).join()}] a -> b }`,
    ],
    ['tiers', `addtemporal\n${Array.from({ length: 9999 }, (_, at) => `${at}-`).join('\n')}`],
    ['brackets of JSON', '{"a":'.repeat(200_000)],
  ])('%s are refused at once', (_, text) => {
    expect(seconds(() => expect(() => importMask(text, 'auto', ['a', 'b'])).toThrow(CausewayError))).toBeLessThan(10)
  })

  test('a text beyond any mask is not even begun', () => {
    for (const format of formatIds) {
      expect(refusal(() => importMask(' '.repeat(16_000_001), format, ['a'])).message).toContain('at most 16000000')
    }
  })

  test('prototypes are not for the taking', () => {
    const nodes = ['__proto__', 'constructor']
    const mask = maskOf([[1, 0], [0.5, 1]], { nodes }) // prettier-ignore
    for (const format of ['json', 'dot', 'graphml', 'dagitty'] as const) {
      expect(importMask(exportMask(mask, format), format, nodes).mask.factors).toEqual(mask.factors)
    }
    expect(Object.prototype).not.toHaveProperty('factors')
  })
})

test('the format is told by how a text begins', () => {
  expect(formatIds.map((format) => maskFormatOf(exportMask(plain, format)))).toEqual(formatIds)
  expect(maskFormatOf('\ufeff  // note\n/* and */ strict digraph {}')).toBe('dot')
  expect(maskFormatOf('PDAG { }')).toBe('dagitty')
  expect(maskFormatOf('// Tetrad\nforbiddirect\n')).toBe('tetrad')
})

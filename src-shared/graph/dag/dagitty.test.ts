import { describe, expect, it } from 'vitest'
import { CausewayError } from '../../contract/errors'
import { formatDagitty, parseDagitty } from './dagitty'
import { domainExamples } from './examples'

const edgesOf = (text: string): string[] =>
  parseDagitty(text).edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`)

const refusal = (text: string): { line: unknown; message: string } => {
  try {
    parseDagitty(text)
  } catch (thrown) {
    if (!(thrown instanceof CausewayError) || thrown.code !== 'graphTextInvalid') throw thrown
    expect(thrown.details?.what).toEqual(expect.any(String))
    return { line: thrown.details?.line, message: thrown.message }
  }
  throw new Error('the text was read')
}

const namesFrom = (letter: string, count: number): string =>
  Array.from({ length: count }, (_, at) => letter + at).join(' ')

describe('parseDagitty', () => {
  it('reads variables with roles and places, edges, and what the drawing is made of besides', () => {
    const graph = parseDagitty(`
      # a comment
      dag "a name" {
        bb="-2.2,-1.5,1.4,1.6"
        price [exposure,pos="-1.5,2e1"] // where it stands
        "carry matches" [pos="0, 0", outcome]; V [latent] /* nobody
        measured it */ age [adjusted, label="in years"] log [selected]
        price -> "carry matches" [pos="0.3,0.4"]
        V -> price [beta=0.4] V -> "carry matches"
        age <-> log
      }`)
    expect(graph.variables).toEqual([
      { name: 'price', role: 'exposure', at: { x: -1.5, y: 20 } },
      { name: 'carry matches', role: 'outcome', at: { x: 0, y: 0 } },
      { name: 'V', role: 'hidden', at: null },
      { name: 'age', role: 'adjusted', at: null },
      { name: 'log', role: 'selected', at: null },
    ])
    expect(graph.edges).toEqual([
      { from: 'price', to: 'carry matches', kind: '->' },
      { from: 'V', to: 'price', kind: '->' },
      { from: 'V', to: 'carry matches', kind: '->' },
      { from: 'age', to: 'log', kind: '<->' },
    ])
  })

  it.each([
    ['dag{a->b->c<-d}', ['a -> b', 'b -> c', 'd -> c']],
    ['dag { a -> b b -> c c -> d }', ['a -> b', 'b -> c', 'c -> d']],
    ['dag { a <-> b <- c }', ['a <-> b', 'c -> b']],
    ['dag { a -> b a -> b b <-> c c <-> b }', ['a -> b', 'b <-> c']],
    ['dag { a -> {b c} }', ['a -> b', 'a -> c']],
    ['dag { smoking -> {m -> cancer} }', ['m -> cancer', 'smoking -> m', 'smoking -> cancer']],
    ['dag { {X<->Y} -> {a b} }', ['X <-> Y', 'X -> a', 'X -> b', 'Y -> a', 'Y -> b']],
    [
      'dag { {A B} -> {Z->{E->D}} }',
      ['E -> D', 'Z -> E', 'Z -> D', 'A -> Z', 'A -> E', 'A -> D', 'B -> Z', 'B -> E', 'B -> D'],
    ],
  ])('reads %s', (text, edges) => {
    expect(edgesOf(text)).toEqual(edges)
  })

  it('reads the short words for roles', () => {
    expect(parseDagitty('dag{x[e]y[o]z[u]w[a]s[s]x<-z->y<-x}').variables.map(({ role }) => role)).toEqual([
      'exposure',
      'outcome',
      'hidden',
      'adjusted',
      'selected',
    ])
  })

  it('reads a cycle: what it means is not for the text to say', () => {
    expect(edgesOf('dag { a -> b -> a }')).toEqual(['a -> b', 'b -> a'])
  })

  it.each([
    ['a -> b', 1, 'a graph starts with dag {'],
    ['pdag { a -- b }', 1, 'edges in a causal graph are'],
    ['mag { a -> b }', 1, 'type mag'],
    ['dag {\n a -> \n}', 3, 'the name of a variable is expected, not "}"'],
    ['dag {\n a -> b\n', 3, 'closing brace'],
    ['dag { a } b', 1, 'behind the closing brace'],
    ['dag {\n a\n a -> a\n}', 3, '"a" cannot have an edge to itself'],
    ['dag {\n a [exposer]\n}', 2, '"exposer" is no role'],
    ['dag {\n a [exposure]\n a [outcome]\n}', 3, 'exposure and outcome'],
    ['dag { a -> b [exposure] }', 1, 'stands at an edge'],
    ['dag {\n\n a [pos="1"]\n}', 3, 'pos="1" is no place'],
    ['dag { a [pos="1,x"] }', 1, 'is no place'],
    ['dag { a [exposure }', 1, 'needs its ]'],
    ['dag {\n "a\n}', 2, 'quotation mark'],
    ['dag { /* a }', 1, 'comment'],
    ['dag { a % b }', 1, '"%" has no meaning'],
    ['dag { a -- b }', 1, '->, <- and <->'],
    ['dag { "" }', 1, 'needs a name'],
    ['', 1, 'not with the end'],
    [`dag {\n${'{'.repeat(50_000)}\n}`, 2, 'braces stand 100 deep'],
    [`dag {\n${namesFrom('v', 1001)}\n}`, 2, 'more than 1000 variables'],
    [`dag {\n{${namesFrom('a', 400)}} -> {${namesFrom('b', 400)}}\n}`, 2, 'more than 4000 edges'],
  ])('refuses %j, naming line %i', (text, line, what) => {
    const found = refusal(text)
    expect(found.line).toBe(line)
    expect(found.message).toContain(`Line ${line} of the graph: `)
    expect(found.message).toContain(what)
  })
})

describe('formatDagitty', () => {
  it('is read back as the very same graph', () => {
    const graph = parseDagitty(String.raw`dag {
      "sign \"no\" \\ entry" [adjusted,pos="0.1,-2.30000000000001"]
      größe [latent] "2024" "a-b" dag bb [exposure] "b c" [outcome] s [selected,pos="1e-7,3"] lone
      dag -> bb <- "2024" "a-b" <-> größe "b c" <- "sign \"no\" \\ entry"
    }`)
    expect(parseDagitty(formatDagitty(graph))).toEqual(graph)
    expect(formatDagitty(parseDagitty(formatDagitty(graph)))).toBe(formatDagitty(graph))
    expect(graph.variables).toHaveLength(9)
    expect(graph.edges).toHaveLength(4)
  })

  it('writes one line for each variable and each edge', () => {
    expect(formatDagitty(parseDagitty('dag{x[e,pos="0,1"]y[o]{x "a b"} -> y}'))).toBe(
      'dag {\nx [exposure,pos="0,1"]\ny [outcome]\n"a b"\nx -> y\n"a b" -> y\n}\n',
    )
  })

  it.each(domainExamples.map((example) => [example.name, example.text] as const))(
    'writes the example "%s" as it stands',
    (_, text) => {
      expect(formatDagitty(parseDagitty(text))).toBe(text)
    },
  )
})

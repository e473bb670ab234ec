import type { Mask } from '../../domain/mask'
import {
  faulty,
  importedMask,
  lineOf,
  LostCounter,
  maskOfEdges,
  readFactor,
  requireReadable,
  requireSameNodes,
  type ImportedMask,
} from './reading'

/** DOT of Graphviz, and the graph language of DAGitty that was made from it. */
type Dialect = 'dot' | 'dagitty'

/** Which attribute of an edge is its factor. DAGitty calls the coefficient of an edge `beta`. */
const factorAttribute: Record<Dialect, string> = { dot: 'factor', dagitty: 'beta' }

/** A mask as a Graphviz digraph: removed edges left out, other factors than 1 as attribute and label. */
export function writeMaskDot(mask: Mask): string {
  const notes = mask.notes === '' ? '' : `  notes=${quoted(mask.notes)};\n`
  const edge = (factor: number): string => (factor === 1 ? '' : ` [factor="${factor}", label="${factor}"]`)
  return `digraph ${quoted(mask.name)} {\n${notes}${statements(mask, dotName, edge)}}\n`
}

/** A mask as a DAGitty graph: removed edges left out, other factors than 1 as `beta`. */
export const writeMaskDagitty = (mask: Mask): string =>
  `dag {\n${statements(mask, dagittyName, (factor) => (factor === 1 ? '' : ` [beta="${factor}"]`))}}\n`

function statements(mask: Mask, written: (name: string) => string, attributes: (factor: number) => string): string {
  const names = mask.nodes.map(written)
  const edges = mask.factors.flatMap((row, from) =>
    row.flatMap((factor, to) =>
      from === to || factor === 0 ? [] : [`  ${names[from]} -> ${names[to]}${attributes(factor)}\n`],
    ),
  )
  return [...names.map((name) => `  ${name}\n`), ...edges].join('')
}

const keywords = new Set(['node', 'edge', 'graph', 'digraph', 'subgraph', 'strict'])
/** Text in quotes, for DOT and DAGitty. */
export const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
/** A name as an ID of DOT. */
export const dotName = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !keywords.has(name.toLowerCase()) ? name : quoted(name)
/** A name as DAGitty reads it. */
export const dagittyName = (name: string): string => (/^[A-Za-z0-9_.]+$/.test(name) ? name : quoted(name))

/**
 * A mask from a Graphviz digraph or a DAGitty graph: an edge has the factor that its attribute says, 1 without one, and 0 where it
 * is not there.
 * @throws CausewayError badRequest what cannot be read and on which line, or how the graph differs from the one it is read for
 */
export function importMaskDot(text: string, nodes: readonly string[], dialect: Dialect): ImportedMask {
  requireReadable(text)
  const graph = new Reader(text, dialect, nodes).graph()
  requireSameNodes([...graph.nodes], nodes)
  return importedMask(graph, nodes, graph.lost.words())
}

interface Token {
  kind: 'name' | 'string' | 'mark' | 'end'
  text: string
  at: number
}

interface ReadGraph {
  name: string | null
  notes: string | null
  nodes: Set<string>
  factors: number[][]
  lost: LostCounter
}

const marks = ['<->', '@->', '<-@', '@-@', '--@', '@--', '->', '<-', '--', '{', '}', '[', ']', '=', ';', ',']
const graphTypes: Record<Dialect, readonly string[]> = {
  dot: ['digraph'],
  dagitty: ['dag', 'digraph', 'pdag', 'mag', 'pag'],
}

/** Reads by recursive descent, one token ahead, each character once. */
class Reader {
  readonly #text: string
  readonly #dialect: Dialect
  #position = 0
  #next: Token
  readonly #known: ReadonlySet<string>
  readonly #set: ReturnType<typeof maskOfEdges>['set']
  #defaultFactor: string | null = null
  /** The line at a position up to which lines were counted. */
  #lineNow = 1
  #lineAt = 0
  readonly #read: ReadGraph

  constructor(text: string, dialect: Dialect, nodes: readonly string[]) {
    this.#text = text
    this.#dialect = dialect
    this.#known = new Set(nodes)
    const { factors, set } = maskOfEdges(nodes)
    this.#set = set
    this.#read = { name: null, notes: null, nodes: new Set(), factors, lost: new LostCounter() }
    if (text.charCodeAt(0) === 0xfeff) this.#position = 1
    this.#next = this.#token()
  }

  graph(): ReadGraph {
    if (this.#isWord('strict')) this.#take()
    const type = this.#take()
    const types = graphTypes[this.#dialect]
    if (type.kind !== 'name' || !types.includes(type.text.toLowerCase())) {
      const shown = type.kind === 'end' ? 'nothing' : `"${type.text}"`
      throw this.#fault(type, `A graph must begin with ${types.join(' or ')}, not with ${shown}.`)
    }
    if (this.#isId()) this.#read.name = this.#take().text
    this.#expect('{')
    while (!this.#isMark('}')) this.#statement()
    this.#take()
    if (this.#next.kind !== 'end')
      throw this.#fault(this.#next, `Nothing may follow the graph, but "${this.#next.text}" does.`)
    return this.#read
  }

  #statement(): void {
    if (this.#isMark(';') || this.#isMark(',')) {
      this.#take()
      return
    }
    if (this.#dialect === 'dot' && (this.#isWord('node') || this.#isWord('edge') || this.#isWord('graph'))) {
      const of = this.#take().text.toLowerCase() as 'node' | 'edge' | 'graph'
      const attributes = this.#attributes()
      for (const attribute of attributes) {
        if (of === 'edge' && attribute.name === factorAttribute.dot) this.#defaultFactor = attribute.value
        else if (of === 'graph') this.#note(attribute)
        else this.#read.lost.add(`${of} ${attribute.name}`, 'graph')
      }
      return
    }
    if (this.#dialect === 'dot' && this.#isWord('subgraph')) {
      throw this.#fault(this.#next, 'Subgraphs are not read.')
    }
    const first = this.#ends()
    if (first.length === 1 && this.#isMark('=')) {
      this.#take()
      this.#note({ name: first[0]!.text, value: this.#id().text })
      return
    }
    const chain = [first]
    const arrows: Token[] = []
    while (this.#next.kind === 'mark' && /[-@]/.test(this.#next.text)) {
      arrows.push(this.#arrow())
      chain.push(this.#ends())
    }
    for (const name of chain.flat()) {
      if (!this.#known.has(name.text)) throw this.#fault(name, `There is no node "${name.text}" in this graph.`)
      this.#read.nodes.add(name.text)
    }
    const attributes = this.#attributes()
    if (arrows.length === 0) for (const { name } of attributes) this.#read.lost.add(name, 'node')
    else this.#edges(chain, arrows, attributes)
  }

  /** The edges of one statement, which share their attributes. */
  #edges(chain: readonly Token[][], arrows: readonly Token[], attributes: readonly Attribute[]): void {
    const values = new Map(attributes.map(({ name, value }) => [name, value]))
    const key = factorAttribute[this.#dialect]
    const said = values.get(key) ?? this.#defaultFactor
    let count = 0
    let factor = 1
    arrows.forEach((arrow, index) => {
      const line = this.#line(arrow)
      if (said !== null) factor = readFactor(said, line)
      const [left, right] = [chain[index]!, chain[index + 1]!]
      const [parents, children] = arrow.text === '->' ? [left, right] : [right, left]
      for (const from of parents) for (const to of children) this.#set(from.text, to.text, factor, line)
      count += parents.length * children.length
    })
    for (const [name, value] of values) {
      // A label that only says the factor again is what `writeMaskDot` draws the factor with.
      if (name !== key && !(name === 'label' && Number(value) === factor)) this.#read.lost.add(name, 'edge', count)
    }
  }

  /** What is said of the graph. */
  #note({ name, value }: Attribute): void {
    if (name === 'notes' && this.#dialect === 'dot') this.#read.notes = value
    else this.#read.lost.add(name, 'graph')
  }

  /** One end of an edge: a node, or several in braces. */
  #ends(): Token[] {
    if (!this.#isMark('{')) return [this.#id()]
    this.#take()
    const names: Token[] = []
    while (!this.#isMark('}')) {
      if (this.#isMark(';') || this.#isMark(',')) this.#take()
      else names.push(this.#id())
    }
    this.#take()
    return names
  }

  #arrow(): Token {
    const arrow = this.#take()
    const readable = this.#dialect === 'dot' ? ['->'] : ['->', '<-']
    if (!readable.includes(arrow.text)) {
      throw this.#fault(arrow, `"${arrow.text}" is no directed edge; a mask has edges ${readable.join(' and ')}.`)
    }
    return arrow
  }

  #attributes(): Attribute[] {
    const attributes: Attribute[] = []
    while (this.#isMark('[')) {
      this.#take()
      while (!this.#isMark(']')) {
        if (this.#isMark(';') || this.#isMark(',')) {
          this.#take()
          continue
        }
        const name = this.#id().text
        const valued = this.#isMark('=')
        if (valued) this.#take()
        attributes.push({ name, value: valued ? this.#id().text : '' })
      }
      this.#take()
    }
    return attributes
  }

  #isMark(mark: string): boolean {
    return this.#next.kind === 'mark' && this.#next.text === mark
  }

  /** A keyword, which is no keyword in quotes. */
  #isWord(word: string): boolean {
    return this.#next.kind === 'name' && this.#next.text.toLowerCase() === word
  }

  #isId(): boolean {
    return this.#next.kind === 'name' || this.#next.kind === 'string'
  }

  #id(): Token {
    if (this.#isId()) return this.#take()
    throw this.#fault(
      this.#next,
      `A name is missing before ${this.#next.kind === 'end' ? 'the end' : `"${this.#next.text}"`}.`,
    )
  }

  #expect(mark: string): void {
    const token = this.#take()
    if (token.kind !== 'mark' || token.text !== mark) {
      throw this.#fault(token, `"${mark}" is missing before ${token.kind === 'end' ? 'the end' : `"${token.text}"`}.`)
    }
  }

  #take(): Token {
    const token = this.#next
    this.#next = this.#token()
    return token
  }

  #line(token: Token): number {
    this.#lineNow += countLines(this.#text, this.#lineAt, token.at)
    this.#lineAt = token.at
    return this.#lineNow
  }

  #fault(token: Token, what: string): Error {
    return faulty(lineOf(this.#text, token.at), what)
  }

  #token(): Token {
    this.#skipBlank()
    const text = this.#text
    const at = this.#position
    if (at >= text.length) return { kind: 'end', text: '', at }
    if (text[at] === '"') return this.#string(at)
    const mark = marks.find((known) => text.startsWith(known, at))
    if (mark !== undefined) {
      this.#position += mark.length
      return { kind: 'mark', text: mark, at }
    }
    if (text[at] === '-') this.#position++
    while (isNamePart(text.charCodeAt(this.#position))) this.#position++
    if (this.#position === at || text.slice(at, this.#position) === '-') {
      throw faulty(lineOf(text, at), `"${String.fromCodePoint(text.codePointAt(at)!)}" is not expected here.`)
    }
    return { kind: 'name', text: text.slice(at, this.#position), at }
  }

  /** In quotes, a backslash stands before a quote, a backslash, or a line break that does not count; elsewhere it is itself. */
  #string(at: number): Token {
    const text = this.#text
    const parts: string[] = []
    let from = at + 1
    for (let i = from; i < text.length; i++) {
      if (text[i] === '"') {
        parts.push(text.slice(from, i))
        this.#position = i + 1
        return { kind: 'string', text: parts.join(''), at }
      }
      if (text[i] !== '\\') continue
      const escaped = text[i + 1]
      if (escaped === '"' || escaped === '\\') {
        parts.push(text.slice(from, i))
        from = i + 1
        i++
      } else if (escaped === '\n') {
        parts.push(text.slice(from, i))
        from = i + 2
        i++
      }
    }
    throw faulty(lineOf(text, at), 'The quote that is opened here is not closed.')
  }

  #skipBlank(): void {
    const text = this.#text
    for (;;) {
      while (isBlank(text.charCodeAt(this.#position))) this.#position++
      const at = this.#position
      if (text.startsWith('//', at) || (text[at] === '#' && (at === 0 || text[at - 1] === '\n'))) {
        const end = text.indexOf('\n', at)
        this.#position = end < 0 ? text.length : end
      } else if (text.startsWith('/*', at)) {
        const end = text.indexOf('*/', at + 2)
        if (end < 0) throw faulty(lineOf(text, at), 'The comment that is opened here is not closed.')
        this.#position = end + 2
      } else return
    }
  }
}

interface Attribute {
  name: string
  value: string
}

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)

/** A letter, a digit, _ or . , and every character beyond ASCII. */
const isNamePart = (code: number): boolean =>
  (code >= 48 && code <= 57) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 95 ||
  code === 46 ||
  code >= 128

function countLines(text: string, from: number, to: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', from); at >= 0 && at < to; at = text.indexOf('\n', at + 1)) lines++
  return lines
}

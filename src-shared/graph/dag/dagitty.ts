import { CausewayError } from '../../contract/errors'
import type { DomainEdge, DomainGraph, DomainVariable, VariableRole } from '../../domain/domain-graph'
import { edgeKey } from './edit'

/** The words for a role in DAGitty text, the one we write first. `observed` is the absence of them. */
const roleWords: Record<Exclude<VariableRole, 'observed'>, readonly string[]> = {
  exposure: ['exposure', 'e'],
  outcome: ['outcome', 'o'],
  hidden: ['latent', 'unobserved', 'l', 'u'],
  adjusted: ['adjusted', 'adjustedNode', 'a'],
  selected: ['selected', 'selectedNode', 's'],
}

const roleOf = new Map<string, VariableRole>(
  Object.entries(roleWords).flatMap(([role, words]) => words.map((word) => [word, role as VariableRole] as const)),
)

/** Of what is read at most: a person reads far less, and beyond it neither canvas nor answers would come while one waits. */
const most = { variables: 1000, edges: 4000, nesting: 100 }

interface Token {
  kind: 'word' | 'string' | 'arrow' | 'mark' | 'end'
  text: string
  line: number
}

/** A text that is no DAGitty graph: `line` counts from 1, `what` says what is wrong there. */
function dagittyError(line: number, what: string): CausewayError {
  return new CausewayError('graphTextInvalid', `Line ${line} of the graph: ${what}`, { line, what })
}

// One alternative a kind of token; a text that matches none is no DAGitty.
const tokenPattern =
  /(?<space>\s+|\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)|(?<arrow><->|->|<-)|"(?<string>(?:[^"\\\n]|\\.)*)"|(?<word>[+-]?[\p{L}\p{N}_.]+)|(?<mark>[{}[\],;=])/uy

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let line = 1
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < text.length) {
    const from = tokenPattern.lastIndex
    const groups = tokenPattern.exec(text)?.groups
    if (!groups) throw dagittyError(line, unreadable(text.slice(from)))
    const { space, arrow, string, word, mark } = groups
    if (arrow !== undefined) tokens.push({ kind: 'arrow', text: arrow, line })
    else if (string !== undefined) tokens.push({ kind: 'string', text: string.replace(/\\(["\\])/g, '$1'), line })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, line })
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark, line })
    else line += space!.split('\n').length - 1
  }
  return [...tokens, { kind: 'end', text: '', line }]
}

function unreadable(rest: string): string {
  if (rest.startsWith('"')) return 'the quotation mark is not closed on this line.'
  if (rest.startsWith('/*')) return 'the comment /* is not closed.'
  if (/^(--|@)/.test(rest)) return 'edges in a causal graph are ->, <- and <->.'
  return `"${[...rest][0]}" has no meaning here; names with such signs stand in quotation marks.`
}

const shown = (token: Token): string => (token.kind === 'end' ? 'the end' : `"${token.text}"`)

interface Attribute {
  key: string
  /** Null: the word stands alone. */
  value: string | null
  line: number
}

/** Reads the statements of one graph: variables with attributes, chains of edges, groups in braces. */
class DagittyParser {
  private at = 0
  private readonly variables = new Map<string, DomainVariable>()
  private readonly edges = new Map<string, DomainEdge>()
  private nesting = 0

  constructor(private readonly tokens: readonly Token[]) {}

  graph(): DomainGraph {
    this.head()
    this.statements()
    if (this.next().kind !== 'end')
      throw dagittyError(this.next().line, `${shown(this.next())} stands behind the closing brace.`)
    return { variables: [...this.variables.values()], edges: [...this.edges.values()] }
  }

  private next(): Token {
    return this.tokens[this.at]!
  }

  private take(): Token {
    const token = this.next()
    if (token.kind !== 'end') this.at++
    return token
  }

  private isMark(text: string): boolean {
    return this.next().kind === 'mark' && this.next().text === text
  }

  private skip(text: string): boolean {
    const found = this.isMark(text)
    if (found) this.at++
    return found
  }

  private head(): void {
    const type = this.take()
    if (type.kind !== 'word' || type.text.toLowerCase() !== 'dag')
      throw dagittyError(
        type.line,
        ['mag', 'pdag', 'pag'].includes(type.text)
          ? `a graph of the type ${type.text} is no causal graph that can be drawn here; write dag { … }.`
          : `a graph starts with dag {, not with ${shown(type)}.`,
      )
    if (this.next().kind === 'word' || this.next().kind === 'string') this.take()
    if (!this.skip('{')) throw dagittyError(this.next().line, `{ is expected, not ${shown(this.next())}.`)
  }

  /** Statements up to the closing brace, which is read too; the names of all variables in them. */
  private statements(): Set<string> {
    const names = new Set<string>()
    if (++this.nesting > most.nesting) throw dagittyError(this.next().line, `braces stand ${most.nesting} deep.`)
    while (!this.skip('}')) {
      if (this.next().kind === 'end') throw dagittyError(this.next().line, 'the closing brace } is missing.')
      if (this.skip(';') || this.skip(',')) continue
      for (const name of this.statement()) names.add(name)
    }
    this.nesting--
    return names
  }

  private statement(): Set<string> {
    if (this.setting()) return new Set()
    let left = this.operand()
    const names = new Set(left)
    let chained = false
    while (this.next().kind === 'arrow') {
      const arrow = this.take()
      const right = this.operand()
      this.join(left, arrow, right)
      for (const name of right) names.add(name)
      left = right
      chained = true
    }
    if (chained && this.isMark('[')) this.ignoreEdgeAttributes()
    return names
  }

  /** `bb="0,0,1,1"` and the like: of the drawing as a whole, and nothing that we keep. */
  private setting(): boolean {
    const after = this.tokens[this.at + 1]
    if (this.next().kind !== 'word' || after?.kind !== 'mark' || after.text !== '=') return false
    this.at += 2
    const value = this.take()
    if (value.kind !== 'word' && value.kind !== 'string')
      throw dagittyError(value.line, `a value is expected behind =, not ${shown(value)}.`)
    return true
  }

  /** A variable, with attributes where it stands alone, or a group of statements. */
  private operand(): Set<string> {
    if (this.skip('{')) return this.statements()
    const token = this.take()
    if (token.kind !== 'word' && token.kind !== 'string')
      throw dagittyError(token.line, `the name of a variable is expected, not ${shown(token)}.`)
    if (token.text.trim() === '') throw dagittyError(token.line, 'a variable needs a name.')
    const variable = this.variables.get(token.text) ?? { name: token.text, role: 'observed', at: null }
    this.variables.set(token.text, variable)
    if (this.variables.size > most.variables)
      throw dagittyError(token.line, `there are more than ${most.variables} variables: too many to draw.`)
    const startsStatement = this.tokens[this.at - 2]?.kind !== 'arrow'
    if (startsStatement && this.isMark('[')) this.describe(variable)
    return new Set([token.text])
  }

  private describe(variable: DomainVariable): void {
    for (const { key, value, line } of this.attributes()) {
      const role = value === null ? roleOf.get(key) : undefined
      if (role !== undefined) {
        if (variable.role !== 'observed' && variable.role !== role)
          throw dagittyError(line, `"${variable.name}" is said to be ${variable.role} and ${role}; it can be one.`)
        variable.role = role
      } else if (value === null) {
        throw dagittyError(
          line,
          `"${key}" is no role of a variable; roles are ${Object.values(roleWords)
            .map(([word]) => word)
            .join(', ')}.`,
        )
      } else if (key === 'pos') variable.at = positionOf(value, line)
    }
  }

  /** How DAGitty bends an edge, or its coefficient, is not kept; a role there is a slip. */
  private ignoreEdgeAttributes(): void {
    for (const { key, value, line } of this.attributes())
      if (value === null && roleOf.has(key))
        throw dagittyError(line, `"${key}" stands at an edge; give a variable its role in a statement of its own.`)
  }

  private attributes(): Attribute[] {
    const attributes: Attribute[] = []
    this.take()
    while (!this.skip(']')) {
      if (this.skip(',') || this.skip(';')) continue
      const key = this.take()
      if (key.kind !== 'word' && key.kind !== 'string')
        throw dagittyError(key.line, `the bracket [ needs its ], before ${shown(key)}.`)
      let value: string | null = null
      if (this.skip('=')) {
        const token = this.take()
        if (token.kind !== 'word' && token.kind !== 'string')
          throw dagittyError(token.line, `a value is expected behind ${key.text}=, not ${shown(token)}.`)
        value = token.text
      }
      attributes.push({ key: key.text, value, line: key.line })
    }
    return attributes
  }

  private join(left: Set<string>, arrow: Token, right: Set<string>): void {
    const [tails, heads] = arrow.text === '<-' ? [right, left] : [left, right]
    for (const from of tails)
      for (const to of heads) {
        if (from === to) throw dagittyError(arrow.line, `"${from}" cannot have an edge to itself.`)
        const edge: DomainEdge = { from, to, kind: arrow.text === '<->' ? '<->' : '->' }
        if (!this.edges.has(edgeKey(edge))) this.edges.set(edgeKey(edge), edge)
        if (this.edges.size > most.edges)
          throw dagittyError(arrow.line, `there are more than ${most.edges} edges: too many to draw.`)
      }
  }
}

function positionOf(value: string, line: number): { x: number; y: number } {
  const numbers = value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [x, y] = numbers
  if (numbers.length !== 2 || x === undefined || y === undefined || !Number.isFinite(x) || !Number.isFinite(y))
    throw dagittyError(line, `pos="${value}" is no place; write pos="1.5,-2".`)
  return { x, y }
}

/**
 * Reads a causal graph in the textual syntax of DAGitty (its manual 3.x, section 2.1; Textor et al. 2016): `dag { … }` with
 * variable statements (`x [exposure,pos="0,1"]`), chains of `->`, `<-` and `<->`, groups in braces, and comments as in dot.
 * Attributes of edges and of the whole drawing, such as `bb`, are read over. A cycle is no error of the text.
 * @throws CausewayError `graphTextInvalid` with `line` (from 1) and `what`
 */
export const parseDagitty = (text: string): DomainGraph => new DagittyParser(tokensOf(text)).graph()

const nameText = (name: string): string =>
  /^[\p{L}_][\p{L}\p{N}_]*$/u.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`

/**
 * The graph as DAGitty text: a line for each variable, then one for each edge, in the graph's order, so that reading it
 * gives the very same graph.
 */
export function formatDagitty(graph: DomainGraph): string {
  const variables = graph.variables.map(({ name, role, at }) => {
    const attributes = [
      ...(role === 'observed' ? [] : [roleWords[role][0]]),
      ...(at === null ? [] : [`pos="${at.x},${at.y}"`]),
    ]
    return nameText(name) + (attributes.length > 0 ? ` [${attributes.join(',')}]` : '')
  })
  const edges = graph.edges.map(({ from, to, kind }) => `${nameText(from)} ${kind} ${nameText(to)}`)
  return ['dag {', ...variables, ...edges, '}', ''].join('\n')
}

import {
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  parseDocument,
  type Document,
  type Node as YamlNode,
} from 'yaml'
import { experimentFileSchema, type ExperimentFile } from '../../../../src-shared/domain/experiment'

/** Where in an experiment file: keys and positions from the top. */
export type Path = readonly (string | number)[]

/**
 * What a form is filled from: the experiment in the text where its parts are all of their kind, whatever else may be wrong with
 * it. Null where the text has to be mended first.
 */
export function formOf(text: string): ExperimentFile | null {
  const document = parseDocument(text)
  if (document.errors.length > 0) return null
  let content: unknown
  try {
    content = document.toJS()
  } catch {
    // Aliases that refer to nothing, or multiply without end: the check of the text says so.
    return null
  }
  const parsed = experimentFileSchema.safeParse(content)
  return parsed.success ? parsed.data : null
}

/** A list of plain values, and a map of them, are written on one line, as people write them. */
function nodeOf(document: Document.Parsed, value: unknown): YamlNode {
  const isPlain = (part: unknown): boolean => part === null || typeof part !== 'object'
  const onOneLine =
    (Array.isArray(value) && value.every(isPlain)) ||
    (value !== null && typeof value === 'object' && 'min' in value && Object.values(value).every(isPlain))
  return document.createNode(value, { flow: onOneLine })
}

function put(document: Document.Parsed, path: Path, value: unknown): void {
  const old = document.getIn(path, true) as YamlNode | undefined
  if (isScalar(old) && (value === null || typeof value !== 'object')) {
    // In place: its comment and its quotes stay.
    old.value = value
    return
  }
  const node = nodeOf(document, value)
  if (old && !isAlias(old)) {
    node.comment = old.comment
    node.commentBefore = old.commentBefore
    node.spaceBefore = old.spaceBefore
  }
  document.setIn(path, node)
}

/** Removes what is at `path`, and what is left empty by it. */
function remove(document: Document.Parsed, path: Path): void {
  if (!document.hasIn(path)) return
  document.deleteIn(path)
  const parent = path.slice(0, -1)
  const rest = parent.length === 0 ? null : document.getIn(parent, true)
  if (isCollection(rest) && rest.items.length === 0 && typeof parent.at(-1) === 'string') remove(document, parent)
}

/** One change of the form: a value put in its place, or with undefined taken away. */
export interface TextChange {
  path: Path
  value: unknown
}

/**
 * The text with `changes` made in it; comments, order and everything else stay as they are.
 * @throws Error where the text is no YAML map: a form is only filled from a text that could be read
 */
export function changeExperimentText(text: string, changes: readonly TextChange[]): string {
  const document = parseDocument(text)
  if (document.errors.length > 0 || !isMap(document.contents))
    throw new Error('Only a text without faults can be changed.')
  for (const { path, value } of changes)
    if (value === undefined) remove(document, path)
    else put(document, path, value)
  return print(document)
}

/** Takes the part of a list at `index` out, with the comment that stands before it. */
export function removeFromList(text: string, path: Path, index: number): string {
  const document = parseDocument(text)
  document.deleteIn([...path, index])
  return print(document)
}

/** Puts `value` into the list at `index`, before what is there. */
export function insertIntoList(text: string, path: Path, index: number, value: unknown): string {
  const document = parseDocument(text)
  const list = document.getIn(path, true)
  if (!isCollection(list)) throw new Error(`There is no list ${path.join('.')}.`)
  // `unknown` items: YAML lists hold nodes and pairs.
  const items: unknown[] = list.items
  items.splice(index, 0, nodeOf(document, value))
  if (items.some(isPair)) throw new Error(`${path.join('.')} is no list.`)
  return print(document)
}

const print = (document: Document.Parsed): string => document.toString({ lineWidth: 0, flowCollectionPadding: false })

/** The changes that make `before` into `after`; a value that is the default again is taken away. */
export function valueChanges(
  path: Path,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  defaults: Record<string, unknown>,
): TextChange[] {
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const old = before[key] ?? defaults[key]
    const now = after[key] ?? defaults[key]
    if (old === now) return []
    return [{ path: [...path, key], value: now === defaults[key] ? undefined : now }]
  })
}

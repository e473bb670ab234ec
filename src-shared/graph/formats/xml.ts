import { faulty, lineOf } from './reading'

/** An element of XML. Names without their namespace prefix. */
export interface XmlElement {
  name: string
  attributes: Map<string, string>
  children: XmlElement[]
  /** The text directly in it. */
  text: string
  line: number
}

const deepest = 64

/**
 * Reads the subset of XML that graphs are written in: elements, attributes, text, CDATA, comments, processing instructions, the
 * five named entities and numbered characters. A document type is refused, so no entity can be defined, let alone expand.
 * Each character is read once.
 * @returns the root element
 * @throws CausewayError badRequest what is not well-formed and on which line
 */
export function readXml(text: string): XmlElement {
  const open: { element: XmlElement; text: string[] }[] = []
  let root: XmlElement | null = null
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0
  let line = 1
  let counted = 0
  const lineAt = (position: number): number => {
    for (let next = text.indexOf('\n', counted); next >= 0 && next < position; next = text.indexOf('\n', next + 1))
      line++
    counted = position
    return line
  }
  const fault = (position: number, what: string): Error => faulty(lineOf(text, position), what)
  const skipPast = (end: string, from: number, what: string): number => {
    const found = text.indexOf(end, from)
    if (found < 0) throw fault(at, `${what} is not closed.`)
    return found + end.length
  }
  const addText = (piece: string, position: number): void => {
    const inside = open.at(-1)
    if (inside) inside.text.push(piece)
    else if (piece.trim() !== '') throw fault(position, 'There is text outside the root element.')
  }

  while (at < text.length) {
    const tag = text.indexOf('<', at)
    if (tag !== at) {
      const end = tag < 0 ? text.length : tag
      addText(
        decode(text.slice(at, end), () => lineOf(text, at)),
        at,
      )
      at = end
    } else if (text.startsWith('<!--', at)) at = skipPast('-->', at + 4, 'A comment')
    else if (text.startsWith('<![CDATA[', at)) {
      const end = skipPast(']]>', at + 9, 'A CDATA section')
      addText(text.slice(at + 9, end - 3), at)
      at = end
    } else if (text.startsWith('<?', at)) at = skipPast('?>', at + 2, 'A processing instruction')
    else if (text.startsWith('<!', at)) throw fault(at, 'Document types and entity definitions are not read.')
    else if (text.startsWith('</', at)) {
      const end = skipPast('>', at, 'A closing tag')
      const name = localName(text.slice(at + 2, end - 1).trimEnd())
      const closed = open.pop()
      if (closed?.element.name !== name) {
        throw fault(at, `</${name}> closes ${closed ? `<${closed.element.name}>` : 'nothing'}.`)
      }
      closed.element.text = closed.text.join('')
      at = end
    } else {
      const tagLine = lineAt(at)
      const name = nameAt(at + 1)
      if (name === '') throw fault(at, '"<" begins no tag here; write &lt; for the character.')
      const element: XmlElement = {
        name: localName(name),
        attributes: new Map(),
        children: [],
        text: '',
        line: tagLine,
      }
      const parent = open.at(-1)
      if (parent) parent.element.children.push(element)
      else if (root) throw fault(at, 'There is a second root element.')
      else root = element
      let i = at + 1 + name.length
      for (;;) {
        const blankFrom = i
        while (isBlank(text.charCodeAt(i))) i++
        if (text[i] === '>') {
          open.push({ element, text: [] })
          if (open.length > deepest) throw fault(at, `Elements lie more than ${deepest} deep.`)
          i++
          break
        }
        if (text.startsWith('/>', i)) {
          i += 2
          break
        }
        const attribute = nameAt(i)
        if (attribute === '' || i === blankFrom) throw fault(i, `The tag <${name}> is not closed properly.`)
        i += attribute.length
        while (isBlank(text.charCodeAt(i))) i++
        if (text[i] !== '=') throw fault(i, `The attribute ${attribute} of <${name}> has no value.`)
        i++
        while (isBlank(text.charCodeAt(i))) i++
        const quote = text[i]
        const end = quote === '"' || quote === "'" ? text.indexOf(quote, i + 1) : -1
        if (end < 0) throw fault(i, `The value of ${attribute} of <${name}> is not in quotes.`)
        const value = text.slice(i + 1, end)
        if (value.includes('<')) throw fault(i, `The value of ${attribute} of <${name}> has a "<" in it; write &lt;.`)
        if (element.attributes.has(attribute)) throw fault(i, `<${name}> has the attribute ${attribute} twice.`)
        element.attributes.set(
          attribute,
          decode(value, () => lineOf(text, at)),
        )
        i = end + 1
      }
      at = i
    }
  }
  const unclosed = open.at(-1)
  if (unclosed) throw faulty(unclosed.element.line, `<${unclosed.element.name}> is not closed.`)
  if (!root) throw faulty(1, 'There is no XML element in this text.')
  return root

  function nameAt(from: number): string {
    let end = from
    while (end < text.length && isNamePart(text.charCodeAt(end))) end++
    return text.slice(from, end)
  }
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)
const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13

/** Letters, digits, `_ - . :` and every character beyond ASCII. */
const isNamePart = (code: number): boolean =>
  (code >= 48 && code <= 58) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 95 ||
  code === 45 ||
  code === 46 ||
  code >= 128

const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function decode(text: string, line: () => number): string {
  if (!text.includes('&')) return text
  const parts: string[] = []
  let from = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
    const end = text.indexOf(';', at)
    const entity = end < 0 || end - at > 12 ? null : text.slice(at + 1, end)
    const character = entity === null ? null : characterOf(entity)
    if (character === null)
      throw faulty(line(), `"${text.slice(at, at + 12)}" is no known entity; write &amp; for "&".`)
    parts.push(text.slice(from, at), character)
    from = end + 1
  }
  return parts.join('') + text.slice(from)
}

function characterOf(entity: string): string | null {
  if (Object.hasOwn(named, entity)) return named[entity]!
  const numbered = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(entity)
  if (!numbered) return null
  const code = numbered[1] === undefined ? Number(numbered[2]) : Number.parseInt(numbered[1], 16)
  return code > 0x10ffff || notXml.test(String.fromCodePoint(code)) ? null : String.fromCodePoint(code)
}

/** Characters that XML 1.0 cannot hold, not even as a number. */
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u

/** Text for an element or an attribute. What XML cannot hold becomes U+FFFD. */
export const encodeXml = (text: string): string =>
  Array.from(text, (character) => {
    if (notXml.test(character)) return '\ufffd'
    if (character === '\t' || character === '\n' || character === '\r') return `&#${character.charCodeAt(0)};`
    return escapes[character] ?? character
  }).join('')

const escapes: Record<string, string> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }

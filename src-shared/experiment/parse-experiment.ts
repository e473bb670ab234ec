import { isMap, isNode, LineCounter, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { CausewayError, type ErrorCode } from '../contract/errors'
import { recipeSchema } from '../domain/dataset'
import { experimentFileSchema, type ExperimentFile, type SearchDomain } from '../domain/experiment'
import type { MethodInfo } from '../domain/method'
import { isMetricName, metricDefinitions } from '../domain/metric'
import { allowedValues, parseParam, type ParamSchema, type ParamSpec, type ParamValue } from '../params/params'
import { countOf, labelOf, spaceOf } from './search-space'

/** Something in the text of an experiment that has to be changed. */
export interface ExperimentProblem {
  code: Extract<ErrorCode, 'paramUnknown' | 'paramInvalid' | 'methodUnknown'>
  /** 1-based; of the file's first line where the key is missing altogether. */
  line: number
  /** The way to the value: `methods.0.search.learningRate`; empty for the whole file. */
  key: string
  /** What is wrong, and what is allowed. */
  message: string
}

/** Nobody mends more at once, and finding the lines of thousands would take minutes. */
const mostProblems = 100

type Path = readonly (string | number)[]
export type Report = (path: Path, message: string, code?: ExperimentProblem['code']) => void

/**
 * Reads the text of an experiment file and checks everything that can be checked without data: form, keys, methods, parameters,
 * recipe, domains. Pure and quick enough to run while somebody types; reports at most 100 problems.
 * @returns the experiment with every default filled in, or null beside the problems, in the order of their lines
 */
export const checkExperiment = (text: string, methods: readonly MethodInfo[]): Checked<ExperimentFile> =>
  checkText(text, experimentFileSchema, (file, report) => {
    checkRecipe(file, report)
    checkMethods(file, file.metrics.objective, methods, report)
    unique(file.seeds, (at) => ['seeds', at], 'seed', report)
    file.metrics.report.forEach((name, at) => {
      if (!isMetricName(name))
        report(
          ['metrics', 'report', at],
          `There is no metric "${name}". Names look like ndcg@10, auc or avp:price@10; there are: ${metricDefinitions.map(({ id }) => id).join(', ')}.`,
        )
    })
    unique(file.metrics.report, (at) => ['metrics', 'report', at], 'metric', report)
    checkSayings(file, report)
  })

/** A checked file, or null beside the problems. */
export interface Checked<T> {
  file: T | null
  problems: ExperimentProblem[]
}

/** Reads a text by a schema and checks it further. */
export function checkText<S extends z.ZodType>(
  text: string,
  schema: S,
  check: (file: z.output<S>, report: Report) => void,
): Checked<z.output<S>> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const problems: ExperimentProblem[] = []
  const report: Report = (path, message, code = 'paramInvalid') => {
    if (problems.length < mostProblems)
      problems.push({ code, line: lineOf(document, lines, path), key: path.join('.'), message })
  }
  if (document.errors.length > 0) {
    for (const error of document.errors.slice(0, mostProblems)) {
      const message = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
      problems.push({ code: 'paramInvalid', line: error.linePos?.[0].line ?? 1, key: '', message })
    }
    return { file: null, problems }
  }
  let content: unknown
  try {
    content = document.toJS()
  } catch (thrown) {
    // Aliases that refer to nothing, or multiply without end.
    report([], (thrown as Error).message)
    return { file: null, problems }
  }
  const parsed = schema.safeParse(content)
  if (!parsed.success) {
    for (const issue of parsed.error.issues) reportIssue(issue, schema, content, report)
    return { file: null, problems: inOrder(problems) }
  }
  const file = parsed.data
  check(file, report)
  return { file: problems.length === 0 ? file : null, problems: inOrder(problems) }
}

/** The experiment in a text. @throws CausewayError with the first problem's code and line, and all of them in its details */
export const parseExperiment = (text: string, methods: readonly MethodInfo[]): ExperimentFile =>
  fileOf(checkExperiment(text, methods))

/** A checked file. @throws CausewayError with the first problem's code and line, and all of them in its details */
export function fileOf<T>({ file, problems }: Checked<T>): T {
  if (file !== null) return file
  const [first, ...others] = problems
  const { code, line, key, message } = first!
  const more =
    others.length === 0 ? '' : ` (${others.length} more ${others.length === 1 ? 'problem' : 'problems'} below)`
  throw new CausewayError(code, `Line ${line}${key ? `, ${key}` : ''}: ${message}${more}`, { line, key, problems })
}

const inOrder = (problems: ExperimentProblem[]): ExperimentProblem[] => problems.sort((a, b) => a.line - b.line)

/** The line of the deepest part of `path` that is there; of a key, where the path ends at one. */
function lineOf(document: Document, lines: LineCounter, path: Path): number {
  let offset: number | null = null
  let node: unknown = document.contents
  for (const part of path) {
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => String(isNode(key) ? (key as { value?: unknown }).value : key) === String(part),
      )
      if (isNode(pair?.key)) offset = pair.key.range?.[0] ?? offset
      next = pair?.value
    } else {
      next =
        isNode(node) && 'get' in node ? (node as { get(key: unknown, keep: true): unknown }).get(part, true) : undefined
      if (isNode(next)) offset = next.range?.[0] ?? offset
    }
    if (next === undefined || next === null) break
    node = next
  }
  return offset === null ? 1 : lines.linePos(offset).line
}

const domainHelp =
  'Give a list of values, [a, b, c], or a range, {min: a, max: b}, with log: true or step: s where wanted.'

/** One issue of the schema in words, with what is allowed in its place. */
function reportIssue(issue: z.core.$ZodIssue, schema: z.ZodType, content: unknown, report: Report): void {
  const path = issue.path as (string | number)[]
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysAt(schema, path, content)
    for (const key of issue.keys)
      report([...path, key], `There is no key "${key}" here. Allowed: ${allowed.join(', ')}.`, 'paramUnknown')
    return
  }
  const value = path.reduce<unknown>((at, part) => (at as Record<string, unknown> | null)?.[part], content)
  if (issue.code === 'invalid_union' && path[0] === 'methods' && path[2] === 'search' && path.length === 4) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return report(path, domainHelp)
    for (const inner of issue.errors[1] ?? [])
      reportIssue({ ...inner, path: [...path, ...inner.path] }, schema, content, report)
    return
  }
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined)
    return report(path, kindWords(schema, path, issue.discriminator, value))
  if (issue.code === 'invalid_union') return report(path, 'Give a number, a text, true or false.')
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
    const expected = issue.code === 'invalid_value' ? issue.values.map(String).join(' | ') : issue.expected
    return report(path, `"${path.at(-1) ?? 'the experiment'}" is missing. Allowed: ${expected}.`)
  }
  report(path, wordsOf(issue, path, value))
}

const kinds: Record<string, string> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
}

/** What a value that is there cannot be, and what it may be. */
function wordsOf(issue: z.core.$ZodIssue, path: Path, value: unknown): string {
  // A number at the end is a place in a list, which says nothing: its list has the name.
  const name = path.filter((part) => typeof part === 'string').at(-1)
  const subject = `${name === undefined ? 'The experiment' : `"${name}"`} cannot be ${JSON.stringify(value)}`
  if (issue.code === 'invalid_type') return `${subject}. Give ${kinds[issue.expected] ?? issue.expected}.`
  if (issue.code === 'invalid_value') return `${subject}. Allowed: ${issue.values.map(String).join(', ')}.`
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum)
    const side = issue.code === 'too_small' ? (issue.inclusive === false ? 'more than' : 'at least') : 'at most'
    if (issue.origin === 'array') return `"${name}" needs ${side} ${bound} ${bound === 1 ? 'entry' : 'entries'}.`
    if (issue.origin === 'string')
      return `"${name}" needs ${side} ${bound} ${bound === 1 ? 'character' : 'characters'}.`
    return `${subject}. Give ${side} ${bound}.`
  }
  return sentence(issue.message)
}

const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`)

/** What the key may be that says which of several forms an object has. */
function kindWords(schema: z.ZodType, path: Path, key: string, value: unknown): string {
  const union = typeAt(schema, path.slice(0, -1))
  const kinds = formsOf(union).flatMap((form) => {
    const kind = form.shape[key]
    return kind instanceof z.ZodLiteral ? [...kind.values].map(String) : []
  })
  const allowed = `Allowed: ${kinds.join(', ')}.`
  return value === undefined
    ? `"${key}" is missing. ${allowed}`
    : `"${key}" cannot be ${JSON.stringify(value)}. ${allowed}`
}

const unwrapped = (type: z.core.$ZodType): z.core.$ZodType =>
  type instanceof z.ZodDefault || type instanceof z.ZodPrefault || type instanceof z.ZodOptional
    ? unwrapped(type.unwrap())
    : type

const formsOf = (type: z.core.$ZodType): z.ZodObject[] =>
  type instanceof z.ZodUnion
    ? type.options.filter((option): option is z.ZodObject => option instanceof z.ZodObject)
    : []

/** The type at a place in the schema; one without values where there is none. */
function typeAt(schema: z.ZodType, path: Path): z.core.$ZodType {
  let at: z.core.$ZodType = schema
  for (const part of path) {
    at = unwrapped(at)
    if (at instanceof z.ZodObject) at = at.shape[part as string] as z.core.$ZodType
    else if (at instanceof z.ZodArray) at = at.element as z.core.$ZodType
    else if (at instanceof z.ZodRecord) at = at.valueType as z.core.$ZodType
    else return z.never()
  }
  return unwrapped(at)
}

/** The keys that an object in the schema can have. */
function keysAt(schema: z.ZodType, path: Path, content: unknown): string[] {
  const at = typeAt(schema, path)
  if (at instanceof z.ZodObject) return Object.keys(at.shape)
  const given = path.reduce<unknown>((value, part) => (value as Record<string, unknown> | null)?.[part], content)
  // A domain that is no list is a range. Where objects have several forms, one key says which.
  const forms = formsOf(at)
  const key = at instanceof z.ZodDiscriminatedUnion ? at.def.discriminator : null
  const form = forms.find(
    ({ shape }) => key !== null && (shape[key] as z.ZodType).safeParse((given as Record<string, unknown>)[key]).success,
  )
  return Object.keys((form ?? forms[0])?.shape ?? {})
}

/** Puts every given value into the form its parameter has, and reports those that it cannot have. */
function checkValues(
  given: Record<string, ParamValue>,
  schema: ParamSchema,
  what: string,
  path: Path,
  report: Report,
): void {
  for (const [key, value] of Object.entries(given)) {
    const spec = schema.find((candidate) => candidate.key === key)
    if (!spec) {
      report([...path, key], unknownKey(what, key, schema), 'paramUnknown')
      continue
    }
    const parsed = parseParam(spec, value)
    if (parsed) given[key] = parsed.value
    else report([...path, key], `"${key}" cannot be ${JSON.stringify(value)}. Allowed: ${allowedValues(spec)}.`)
  }
}

const unknownKey = (what: string, key: string, schema: ParamSchema): string =>
  `There is no ${what} "${key}". Allowed: ${schema.map((spec) => spec.key).join(', ')}.`

/** What the checks of methods read. */
type Trained = Pick<ExperimentFile, 'methods' | 'budget'> & { search: Pick<ExperimentFile['search'], 'strategy'> }

function checkRecipe(file: ExperimentFile, report: Report): void {
  checkValues(file.data.recipe, recipeSchema, 'recipe setting', ['data', 'recipe'], report)
}

/** @param objective what the search goes by; null: whatever the methods report for it */
export function checkMethods(
  file: Trained,
  objective: string | null,
  methods: readonly MethodInfo[],
  report: Report,
): void {
  file.methods.forEach((entry, at) => {
    const path = ['methods', at]
    const info = methods.find((candidate) => candidate.id === entry.method)
    if (!info) {
      const allowed = methods.map(({ id }) => id).join(', ')
      return report(
        [...path, 'method'],
        `There is no method "${entry.method}". Available: ${allowed}.`,
        'methodUnknown',
      )
    }
    checkValues(entry.params, info.params, `parameter of ${info.label}`, [...path, 'params'], report)
    if (objective !== null && Object.keys(entry.search).length > 0 && !info.series.some(({ id }) => id === objective))
      report(
        [...path, 'search'],
        `${info.label} reports no ${objective} in training: nothing of it can be searched by that. Give its parameters under params, or choose another metrics.objective.`,
      )
    for (const [key, domain] of Object.entries(entry.search)) {
      const here = [...path, 'search', key]
      const spec = info.params.find((candidate) => candidate.key === key)
      if (!spec) report(here, unknownKey(`parameter of ${info.label}`, key, info.params), 'paramUnknown')
      else if (key in entry.params) report(here, `"${key}" is fixed under params already: search it or fix it.`)
      else entry.search[key] = checkDomain(domain, spec, file, here, report)
    }
    const cap = file.budget.epochsPerTrial
    const most = largest(entry.search['epochs'])
    if (cap !== undefined && most !== null && most > cap)
      report(
        [...path, 'search', 'epochs'],
        `"epochs" is searched up to ${most}, but budget.epochsPerTrial allows ${cap}. Allowed: up to ${cap}.`,
      )
  })
  unique(
    file.methods.map(labelOf),
    (at) => ['methods', at, file.methods[at]!.label === undefined ? 'method' : 'label'],
    'label',
    report,
  )
}

/** Reports labels and metrics that the experiment does not have, in what is only said of it. */
function checkSayings({ methods, metrics, reference, published, remarks }: ExperimentFile, report: Report): void {
  const labels = methods.map(labelOf)
  const checkLabel = (label: string, path: Path): void => {
    if (!labels.includes(label)) report(path, `No method has the label "${label}". There are: ${labels.join(', ')}.`)
  }
  if (reference !== undefined) checkLabel(reference, ['reference'])
  for (const label of Object.keys(remarks)) checkLabel(label, ['remarks', label])
  for (const [label, figures] of Object.entries(published?.figures ?? {})) {
    checkLabel(label, ['published', 'figures', label])
    for (const metric of Object.keys(figures))
      if (!metrics.report.includes(metric))
        report(
          ['published', 'figures', label, metric],
          `"${metric}" is not among the metrics of the report: ${metrics.report.join(', ')}.`,
        )
  }
}

const largest = (domain: SearchDomain | undefined): number | null => {
  if (domain === undefined) return null
  return Array.isArray(domain) ? Math.max(...domain.map(Number)) : domain.max
}

/** A domain with its values in the form the parameter has; reports what the parameter or the strategy does not allow. */
function checkDomain(domain: SearchDomain, spec: ParamSpec, file: Trained, path: Path, report: Report): SearchDomain {
  const { key } = spec
  if (Array.isArray(domain)) {
    const values = domain.map((value, at) => {
      const parsed = parseParam(spec, value)
      if (!parsed)
        report([...path, at], `"${key}" cannot be ${JSON.stringify(value)}. Allowed: ${allowedValues(spec)}.`)
      return parsed?.value ?? value
    })
    unique(values, (at) => [...path, at], `value of "${key}"`, report)
    return values
  }
  if (spec.type !== 'integer' && spec.type !== 'number') {
    report(path, `"${key}" has no range. Give a list of: ${allowedValues(spec)}.`)
    return domain
  }
  const { min, max, log, step } = domain
  for (const [name, value] of [
    ['min', min],
    ['max', max],
  ] as const)
    if (!parseParam(spec, value))
      report([...path, name], `"${name}" of "${key}" cannot be ${value}. Allowed: ${allowedValues(spec)}.`)
  if (min >= max) report(path, `The range of "${key}" is empty: min ${min} must be less than max ${max}.`)
  else if (step !== undefined && countOf(spaceOf({ [key]: domain }, [spec])[0]!) === 1)
    report([...path, 'step'], `The step ${step} of "${key}" is larger than its range, ${min} to ${max}.`)
  if (log && min <= 0) report([...path, 'min'], `A logarithmic range of "${key}" must begin above 0, not at ${min}.`)
  if (step !== undefined && spec.type === 'integer' && !Number.isInteger(step))
    report([...path, 'step'], `"${key}" takes integers: its step cannot be ${step}.`)
  if (step === undefined && spec.type === 'number' && file.search.strategy === 'grid')
    report(
      path,
      `A grid needs a list or a range with a step for "${key}". Add one, or search with strategy random or tpe.`,
    )
  return domain
}

export function unique<T>(values: readonly T[], pathOf: (at: number) => Path, what: string, report: Report): void {
  values.forEach((value, at) => {
    if (values.indexOf(value) < at) report(pathOf(at), `The ${what} ${JSON.stringify(value)} is there twice.`)
  })
}

import { recipeSchema } from '../../../../src-shared/domain/dataset'
import type { MethodInfo } from '../../../../src-shared/domain/method'
import type { ParamSchema, ParamValues } from '../../../../src-shared/params/params'
import { groupsOf, methodsOf, type ReportInput, type RunGroup } from '../report-input'
import type { Block, Cell } from '../report-document'

/** What each method is, what it takes for granted, and how far what it says of causes can be believed. */
export function methodSection({ runs }: ReportInput): Block[] {
  const methods = methodsOf(runs)
  return methods.flatMap((method) => [
    ...(methods.length > 1 ? [{ kind: 'heading' as const, text: method.label }] : []),
    ...methodBlocks(method),
  ])
}

function methodBlocks(method: MethodInfo): Block[] {
  const { title, authors, year } = method.paper
  const blocks: Block[] = [
    { kind: 'text', text: `${method.label}: ${method.purpose}` },
    { kind: 'text', text: `Source: ${authors}: ${title} (${year}).` },
  ]
  if (method.assumptions.length > 0) {
    blocks.push({ kind: 'text', text: 'Its causal reading holds only as far as these assumptions do:' })
    blocks.push({ kind: 'list', items: method.assumptions })
  } else blocks.push({ kind: 'text', text: 'It is a baseline and makes no causal claim.' })
  if (method.identification) {
    const { statement, byConstruction, assumed } = method.identification
    blocks.push(
      { kind: 'text', text: `Is the effect of an intervention identified? ${statement}` },
      { kind: 'text', text: 'This holds by construction of the model:' },
      { kind: 'list', items: byConstruction },
      { kind: 'text', text: 'This is assumed of the world, and not tested:' },
      { kind: 'list', items: assumed },
    )
  }
  return blocks
}

const withUnit = (value: string | number | boolean, unit?: string): string => `${value}${unit ? ` ${unit}` : ''}`

/** All parameters of each method, what differs between groups of runs, and the recipes of the data. */
export function parameterSection({ runs, data }: ReportInput): Block[] {
  const groups = groupsOf(runs)
  const methods = methodsOf(runs)
  return [
    ...methods.flatMap((method) => {
      const own = groups.filter((group) => group.runs[0]!.method.id === method.id)
      return parameterBlocks(methods.length > 1 ? method.label : 'Method', method.params, own, paramsOf)
    }),
    ...data.map(({ dataset, recipe }, index): Block => {
      const caption = data.length > 1 ? `Recipe ${index + 1}: ${dataset}` : 'Recipe of the data'
      return parameterTable(caption, recipeSchema, (key) => recipe[key])
    }),
  ]
}

const paramsOf = (group: RunGroup): ParamValues => group.runs[0]!.manifest.params

function parameterTable(
  caption: string,
  schema: ParamSchema,
  valueOf: (key: string) => string | number | boolean | undefined,
): Block {
  const rows = schema.map((spec): Cell[] => [
    spec.label,
    spec.key,
    withUnit(valueOf(spec.key) ?? spec.default, spec.unit),
    spec.help,
  ])
  return { kind: 'table', caption, head: ['Parameter', 'Key', 'Value', 'Meaning'], rows }
}

function parameterBlocks(
  caption: string,
  schema: ParamSchema,
  groups: RunGroup[],
  valuesOf: (group: RunGroup) => ParamValues,
): Block[] {
  const valueOf = (group: RunGroup, key: string) =>
    valuesOf(group)[key] ?? schema.find((spec) => spec.key === key)!.default
  const differing = schema.filter(({ key }) => new Set(groups.map((group) => valueOf(group, key))).size > 1)
  const whole = parameterTable(caption, schema, (key) =>
    differing.some((spec) => spec.key === key) ? 'differs, see below' : valueOf(groups[0]!, key),
  )
  if (differing.length === 0) return [whole]
  return [
    whole,
    {
      kind: 'table',
      caption: `${caption}: what differs`,
      head: ['Runs', ...differing.map(({ label }) => label)],
      rows: groups.map((group) => [group.label, ...differing.map(({ key }) => String(valueOf(group, key)))]),
      folded: groups.length > 30,
    },
  ]
}

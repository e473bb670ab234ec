import {
  columnRoles,
  type ColumnMapping,
  type ImportPreview,
  type TablePreview,
} from '../../../src-shared/domain/dataset'

export const mappingRoles = [
  { role: 'user', label: 'User', required: true },
  { role: 'item', label: 'Item', required: true },
  { role: 'rating', label: 'Rating', required: false },
  { role: 'time', label: 'Time', required: false },
  { role: 'randomised', label: 'Randomised', required: false },
  { role: 'propensity', label: 'Propensity', required: false },
] as const
export type MappingRole = (typeof mappingRoles)[number]['role']

export const delimiters = [
  { value: ',', label: 'Comma  ,' },
  { value: '\t', label: 'Tab' },
  { value: ';', label: 'Semicolon  ;' },
  { value: '|', label: 'Bar  |' },
  { value: '::', label: 'Double colon  ::' },
  { value: ' ', label: 'Space' },
] as const

/** The delimiters to choose from, with that of the file where it is an unusual one. */
export const delimiterChoices = (current: string): readonly { value: string; label: string }[] =>
  delimiters.some((delimiter) => delimiter.value === current)
    ? delimiters
    : [...delimiters, { value: current, label: `As found  ${current}` }]

/** A name for the data set, from its files, that is not taken yet: "ratings", "ratings-2". */
export function suggestName(fileNames: readonly string[], taken: ReadonlySet<string>): string {
  const first = fileNames[0] ?? 'data'
  const stem = first
    .replace(/\.[^.]+$/, '')
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  const base = (stem || 'data').slice(0, 56)
  if (!taken.has(base)) return base
  let next = 2
  while (taken.has(`${base}-${next}`)) next++
  return `${base}-${next}`
}

/** Why the data set cannot have this name, in words; null where it can. */
export function nameProblem(name: string, taken: ReadonlySet<string>): string | null {
  if (name.trim() === '') return 'Give the data set a name.'
  if (name.length > 64) return 'A name has at most 64 characters.'
  if (taken.has(name)) return 'There is a data set of this name already.'
  return null
}

export const interactionsOf = (preview: ImportPreview): TablePreview | null =>
  preview.tables.find((table) => table.role === 'interactions') ?? null

/** Why the mapping cannot be imported yet, in words; null where it can. */
export function mappingProblem(mapping: Partial<ColumnMapping>): string | null {
  if (!mapping.user && !mapping.item) return 'Say which column holds the user and which the item.'
  if (!mapping.user) return 'Say which column holds the user.'
  if (!mapping.item) return 'Say which column holds the item.'
  const used = columnRoles.map((role) => mapping[role]).filter((column) => column !== undefined)
  const twice = used.find((column, i) => used.indexOf(column) !== i)
  return twice === undefined ? null : `The column ${twice} is used twice.`
}

/** What a column is used for, by its name. */
export function roleOfColumn(mapping: Partial<ColumnMapping>, column: string): string | null {
  return mappingRoles.find(({ role }) => mapping[role] === column)?.label ?? null
}

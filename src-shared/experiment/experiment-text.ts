import { stringify } from 'yaml'
import type { ExperimentFile } from '../domain/experiment'

/** An experiment as the text of its file; reading it gives the same experiment again. Empty parts are left out. */
export function experimentText(file: ExperimentFile): string {
  const isEmpty = (value: unknown): boolean =>
    value === undefined || value === '' || (isPlain(value) && Object.keys(value).length === 0)
  const without = (value: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).filter(([, part]) => !isEmpty(part)))
  return stringify(
    { ...without(file), data: without(file.data), methods: file.methods.map(without) },
    { lineWidth: 100, defaultStringType: 'PLAIN', flowCollectionPadding: false },
  )
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

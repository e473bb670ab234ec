import type { ExperimentFile } from '../../../src-shared/domain/experiment'

/** Where two experiments differ in what they do, in words: `seeds: [0,1] before, [0,1,2] now`. What they say of it is no difference. */
export function differencesOf(before: ExperimentFile, now: ExperimentFile): string[] {
  const differences: string[] = []
  compare('', deeds(before), deeds(now), differences)
  return differences
}

/** What an experiment does. */
const deeds = (file: ExperimentFile): ExperimentFile => ({
  ...file,
  notes: '',
  published: undefined,
  remarks: {},
  reference: undefined,
})

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function compare(path: string, before: unknown, now: unknown, differences: string[]): void {
  const inside = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`)
  if (isRecord(before) && isRecord(now)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(now)]))
      compare(inside(key), before[key], now[key], differences)
    return
  }
  if (Array.isArray(before) && Array.isArray(now) && before.some(isRecord) && before.length === now.length) {
    for (const [at, value] of before.entries()) compare(inside(at), value, now[at], differences)
    return
  }
  const said = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
  if (said(before) !== said(now)) differences.push(`${path}: ${said(before)} before, ${said(now)} now`)
}

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { parse } from 'yaml'
import { CausewayError } from '../../../src-shared/contract/errors'
import { writeFileAtomic, writing } from '../../storage/atomic'
import { readText } from './text-files'

/** An experiment that comes with Causeway. */
export interface ShippedExperiment {
  /** What `causeway experiment` takes. */
  name: string
  /** What it calls itself. */
  title: string
  notes: string
}

/** Where the experiments that come with Causeway lie, seen from its built entries. */
export const experimentsBeside = (entriesDirectory: string): string =>
  join(entriesDirectory, '..', '..', 'resources', 'experiments')

const ending = '.yaml'

/** The experiments in a folder, by name. */
export const shippedExperiments = (directory: string): ShippedExperiment[] =>
  shippedNames(directory).map((name) => {
    const { name: title, notes = '' } = parse(readText(join(directory, name + ending))) as {
      name: string
      notes?: string
    }
    return { name, title, notes }
  })

const shippedNames = (directory: string): string[] =>
  readdirSync(directory)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .sort((a, b) => a.localeCompare(b))

/** What is written like a file is one, so that a mistyped path is not looked for among the names. */
export const isFile = (given: string): boolean =>
  ['.yaml', '.yml'].includes(extname(given).toLowerCase()) || /[\\/]/.test(given) || existsSync(given)

/**
 * The text of an experiment that is given by name; null where it is a saved experiment's.
 * @param directory the experiments that come with Causeway
 * @param saved names of the saved experiments; one of another making goes before a shipped one of its name
 * @throws CausewayError `notFound` listing what there is
 */
export function textOfName(given: string, directory: string, saved: readonly string[]): string | null {
  const isSaved = saved.some((name) => name.toLowerCase() === given.toLowerCase())
  const shipped = shippedNames(directory).includes(given) ? readText(join(directory, given + ending)) : null
  if (shipped !== null && (!isSaved || (parse(shipped) as { name: string }).name === given)) return shipped
  if (isSaved) return null
  throw new CausewayError(
    'notFound',
    `There is no experiment named ${JSON.stringify(given)}: neither saved in the workspace nor among those that come with Causeway (${shippedNames(directory).join(', ')}).`,
    { experiment: given, shipped: shippedNames(directory) },
  )
}

/** Writes files of results, named after the experiment. @returns their paths */
export function writeResults(directory: string, name: string, contents: Record<string, string>): string[] {
  const folder = resolve(directory)
  writing(folder, () => mkdirSync(folder, { recursive: true }))
  const base = resultsName(name)
  return Object.entries(contents).map(([extension, content]) => {
    const file = join(folder, `${base}.${extension}`)
    writeFileAtomic(file, content)
    return file
  })
}

/** The name of an experiment as that of a file, safe everywhere. */
export const resultsName = (name: string): string => name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')

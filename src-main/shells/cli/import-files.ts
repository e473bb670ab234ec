import { existsSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import { coatSiblings } from '../../pipeline/ingest/coat'
import { toIoError } from '../../storage/io-errors'

// The tables that go together in the known layouts, by the name of the one with the interactions.
const together: [interactions: RegExp, others: (name: string) => string[]][] = [
  [/^(.*)\.inter$/, (name) => [name.replace(/\.inter$/, '.item'), name.replace(/\.inter$/, '.user')]],
  [/^u\.data$/, () => ['u.item', 'u.user']],
  [/^ratings\.dat$/, () => ['movies.dat', 'users.dat']],
  [/^ratings\.csv$/, () => ['movies.csv']],
  [/^train\.ascii$/, () => coatSiblings],
]

const tables = new Set(['.csv', '.tsv', '.txt', '.dat', '.data', '.parquet', '.inter'])

/**
 * The files an import reads for the paths given: a file with the attribute tables that lie beside it under the names its
 * layout gives them, or the one table of interactions in a folder.
 * @throws CausewayError `fileUnreadable` for a path that is not there, `badRequest` for a folder in which there is no choice
 */
export function filesToImport(paths: string[]): string[] {
  return [...new Set(paths.flatMap((path) => withSiblings(isDirectory(path) ? tableIn(path) : path)))]
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch (error) {
    throw toIoError(error, { action: 'read', path })
  }
}

function withSiblings(file: string): string[] {
  const name = basename(file)
  const known = together.find(([pattern]) => pattern.test(name))
  const siblings = known ? known[1](name).map((sibling) => join(dirname(file), sibling)) : []
  return [file, ...siblings.filter((sibling) => existsSync(sibling))]
}

function tableIn(folder: string): string {
  const names = readdirSync(folder).filter((name) => !name.startsWith('.') && statSync(join(folder, name)).isFile())
  const known = names.filter((name) => together.some(([pattern]) => pattern.test(name)))
  const candidates = known.length > 0 ? known : names.filter((name) => tables.has(extname(name).toLowerCase()))
  if (candidates.length === 1) return join(folder, candidates[0]!)
  throw new CausewayError(
    'badRequest',
    candidates.length === 0
      ? `The folder ${folder} holds no table that could be imported.`
      : `The folder ${folder} holds several tables (${candidates.slice(0, 5).join(', ')}): name the file.`,
    { folder, candidates: candidates.slice(0, 20) },
  )
}

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { entriesIn, type Entries } from '../../src-main/jobs/process-host'

export const root = resolve(import.meta.dirname, '../..')

/** The built entries of the child processes. @throws when there is no build: `npm test` makes it, `npx vitest` alone does not */
export function builtEntries(): Entries {
  const entries = entriesIn(join(root, 'out', 'main'))
  for (const file of Object.values(entries) as string[]) {
    if (!existsSync(file))
      throw new Error(`${file} is missing: this test runs built processes. Run "npm run build" first.`)
  }
  return entries
}

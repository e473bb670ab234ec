import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { build } from 'vite'

/** A TypeScript entry built for Node, as a file that can be forked. */
export interface BuiltEntry {
  file: string
  remove(): void
}

/**
 * Builds one entry with its own sources bundled and its packages left outside, as the product's build does.
 * It lies under node_modules, so that the built file finds the packages.
 */
export async function buildEntry(entry: string): Promise<BuiltEntry> {
  const root = resolve(import.meta.dirname, '../..')
  const cache = join(root, 'node_modules', '.causeway-test')
  await mkdir(cache, { recursive: true })
  const directory = mkdtempSync(join(cache, `${basename(entry, '.ts')}-`))
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: resolve(root, entry),
      outDir: directory,
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'entry.mjs' } },
    },
  })
  return {
    file: join(directory, 'entry.mjs'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
}

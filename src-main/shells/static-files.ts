import { readdirSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'

/** One file of the built workbench. */
export interface StaticFile {
  /** Where it lies on the disk. */
  file: string
  contentType: string
  /** True when its name carries its hash, so that it never changes. */
  immutable: boolean
}

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/**
 * The files a shell may serve, listed once at the start: URL path → file. A request is looked up in this list and never
 * turned into a path, so no spelling of a URL reaches another file.
 * @throws CausewayError `internal` when the workbench has not been built
 */
export function listStaticFiles(directory: string): ReadonlyMap<string, StaticFile> {
  const files = new Map<string, StaticFile>()
  for (const path of filesIn(directory)) {
    const contentType = contentTypes[extname(path).toLowerCase()]
    if (!contentType) continue
    const url = '/' + relative(directory, path).split(sep).join('/')
    files.set(url, { file: path, contentType, immutable: url.startsWith('/assets/') })
  }
  const page = files.get('/index.html')
  if (!page) {
    throw new CausewayError('internal', 'The workbench has not been built: run `npm run build`.', { directory })
  }
  return files.set('/', page)
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

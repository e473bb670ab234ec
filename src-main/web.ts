import { join } from 'node:path'
import { CausewayError, errorHelp } from '../src-shared/contract/errors'
import { entriesIn } from './jobs/process-host'
import { serveWorkspace } from './shells/web/serve-workspace'
import { defaultWorkspace } from './storage/workspace'

try {
  const shell = await serveWorkspace({
    workspace: defaultWorkspace(),
    entries: entriesIn(import.meta.dirname),
    port: Number(process.env.PORT ?? 0),
    staticDirectory: join(import.meta.dirname, '../renderer'),
    // Set by electron-vite while the renderer is served by its development server.
    developmentOrigin: process.env.ELECTRON_RENDERER_URL,
  })
  process.stdout.write(`Causeway is at ${shell.url}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void shell.close().then(() => process.exit(0)))
  }
} catch (thrown) {
  const error = CausewayError.from(thrown)
  process.stderr.write(`${error.message}\n${errorHelp[error.code]}\n`)
  process.exitCode = 1
}

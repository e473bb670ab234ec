import { join } from 'node:path'
import { createServices } from '../../api/create-services'
import { FileRegistry } from '../../api/file-registry'
import type { Entries } from '../../jobs/process-host'
import { temporaryDirectory } from '../../storage/layout'
import { openWorkspace } from '../../storage/workspace'
import { printWithChromium } from '../print-with-chromium'
import { serveWeb, type WebShell } from './serve'

/**
 * Opens a workspace and serves it to a browser: what `causeway serve` and the web entry do.
 * @param options.entries the built child processes
 * @param options.port 0 lets the system choose
 * @param options.staticDirectory the built renderer
 * @throws CausewayError as opening a workspace and serving do
 */
export async function serveWorkspace(options: {
  workspace: string
  entries: Entries
  port: number
  staticDirectory: string
  developmentOrigin?: string
}): Promise<WebShell> {
  const files = new FileRegistry()
  const workspace = openWorkspace(options.workspace, 'write')
  const services = createServices({
    workspace,
    shell: 'web',
    files,
    entries: options.entries,
    printPdf: printWithChromium,
  })
  try {
    const shell = await serveWeb({
      services,
      handOut: (path, name) => files.add(path, name),
      uploadDirectory: join(temporaryDirectory(workspace.path), 'uploads'),
      staticDirectory: options.staticDirectory,
      port: options.port,
      developmentOrigin: options.developmentOrigin,
    })
    return {
      url: shell.url,
      port: shell.port,
      async close() {
        await shell.close()
        await services.close()
      },
    }
  } catch (error) {
    await services.close()
    throw error
  }
}

import { join } from 'node:path'
import { createServices } from '../../api/create-services'
import { FileRegistry } from '../../api/file-registry'
import { temporaryDirectory } from '../../storage/layout'
import { serveWeb, type WebShell } from './serve'

/**
 * Opens a workspace and serves it to a browser: what `causeway serve` and the web entry do.
 * @param options.port 0 lets the system choose
 * @param options.staticDirectory the built renderer
 * @throws CausewayError as opening a workspace and serving do
 */
export async function serveWorkspace(options: {
  workspace: string
  port: number
  staticDirectory: string
  developmentOrigin?: string
}): Promise<WebShell> {
  const files = new FileRegistry()
  const services = await createServices({ workspace: options.workspace, shell: 'web', files })
  try {
    const shell = await serveWeb({
      services,
      handOut: (path, name) => files.add(path, name),
      uploadDirectory: join(temporaryDirectory(options.workspace), 'uploads'),
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

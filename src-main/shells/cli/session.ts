import type { Handlers, RequestInput, RequestName, RequestOutput } from '../../../src-shared/contract/contract'
import { unwrap } from '../../../src-shared/contract/errors'
import { answer } from '../../../src-shared/contract/rpc'
import { createServices, type Services } from '../../api/create-services'
import { FileRegistry } from '../../api/file-registry'
import type { Entries } from '../../jobs/process-host'
import { printWithChromium } from '../print-with-chromium'
import { filesToImport } from './import-files'
import { openWorkspace } from '../../storage/workspace'
import type { Output } from './output'

/** What one command works with: the same services, by the same validated requests, as the window's. */
export interface Session {
  readonly services: Services
  readonly output: Output
  request<N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>>
  /** Ids of the files an import is to read. */
  handOver(paths: string[]): string[]
}

export interface SessionOptions {
  workspace: string
  /** Commands that only read take no lock, so that they work beside a running Causeway. */
  access: 'read' | 'write'
  entries: Entries
  output: Output
}

/** Opens the workspace and its services for one command and closes them, however the command ends. */
export async function withSession<T>(options: SessionOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const files = new FileRegistry()
  const services = createServices({
    workspace: openWorkspace(options.workspace, options.access),
    shell: 'cli',
    files,
    entries: options.entries,
    printPdf: printWithChromium,
  })
  const handlers: Handlers = services.handlers
  try {
    return await work({
      services,
      output: options.output,
      async request(name, input) {
        return unwrap(await answer(handlers, name, input)) as RequestOutput<typeof name>
      },
      handOver: (paths) => filesToImport(paths).map((path) => files.add(path).id),
    })
  } finally {
    await services.close()
  }
}

import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, availableParallelism, platform, release, totalmem } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Handlers } from '../../src-shared/contract/contract'
import { errorHelp } from '../../src-shared/contract/errors'
import type { DoctorReport } from '../../src-shared/domain/backend'
import { datasetsDirectory, runsDirectory } from '../storage/layout'
import type { Core } from './core'

type Names = 'workspace:info' | 'system:doctor' | 'backends:probe'

const isEmpty = (directory: string): boolean => !existsSync(directory) || readdirSync(directory).length === 0

/** The workspace, the machine and its backends. */
export function workspaceHandlers(core: Core): Pick<Handlers, Names> {
  const { workspace } = core
  return {
    'workspace:info': () => ({
      path: workspace.path,
      causeway: core.causeway,
      readOnly: workspace.readOnly,
      empty: isEmpty(datasetsDirectory(workspace.path)) && isEmpty(runsDirectory(workspace.path)),
      shell: core.shell,
    }),
    'backends:probe': ({ refresh }) => core.probe(refresh),
    'system:doctor': async (): Promise<DoctorReport> => ({
      causeway: core.causeway,
      node: process.versions.node,
      electron: process.versions.electron ?? null,
      platform: `${platform()} ${release()} ${arch()}`,
      cpuCores: availableParallelism(),
      memoryBytes: totalmem(),
      workspace: workspace.path,
      backends: await core.probe(false),
      tools: [workspaceTool(core), savedFilesTool(core), duckDbTool(), electronTool(), browserTool()],
    }),
  }
}

type Tool = DoctorReport['tools'][number]

function workspaceTool({ workspace }: Core): Tool {
  return workspace.readOnly
    ? {
        name: 'Workspace',
        found: false,
        detail: `${workspace.path} is read-only: runs can be looked at, nothing can be imported or trained.`,
        advice: 'Give write permission to the folder, or choose another with --workspace.',
      }
    : { name: 'Workspace', found: true, detail: `${workspace.path} can be written to.`, advice: null }
}

/** Masks, results, names, knowledge and domain graphs: those that cannot be read are left out of lists, and told of here. */
function savedFilesTool({ saved, store }: Core): Tool {
  const damaged = [null, ...store.list().runs.map(({ id }) => id)].flatMap((run) =>
    saved
      .damaged(run)
      .map(({ what, name, reason }) => `${what} "${name}"${run === null ? '' : ` of ${run}`}: ${reason}`),
  )
  return damaged.length === 0
    ? { name: 'Saved files', found: true, detail: 'Everything saved can be read.', advice: null }
    : { name: 'Saved files', found: false, detail: damaged.join(' '), advice: errorHelp.savedInvalid }
}

function duckDbTool(): Tool {
  const require = createRequire(import.meta.url)
  try {
    require.resolve('@duckdb/node-api')
    return { name: 'DuckDB', found: true, detail: 'Reads and converts tables.', advice: null }
  } catch {
    return {
      name: 'DuckDB',
      found: false,
      detail: 'The package @duckdb/node-api is not installed: nothing can be imported.',
      advice: 'Run "npm ci" again, without --omit=optional.',
    }
  }
}

function electronTool(): Tool {
  if (process.versions.electron) {
    return { name: 'Electron', found: true, detail: `Running in Electron ${process.versions.electron}.`, advice: null }
  }
  const missing = (detail: string): Tool => ({
    name: 'Electron',
    found: false,
    detail,
    advice:
      'Run "npx install-electron" for the desktop window. Without it, "causeway serve" shows the same workbench in a browser.',
  })
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('electron/package.json'))
    const binary = join(
      folder,
      'dist',
      platform() === 'win32' ? 'electron.exe' : platform() === 'darwin' ? 'Electron.app' : 'electron',
    )
    return existsSync(binary)
      ? { name: 'Electron', found: true, detail: binary, advice: null }
      : missing('The package is installed, its binary has not been downloaded.')
  } catch {
    return missing('The package electron is not installed.')
  }
}

const browserNames = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
]
const browserPlaces = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

function browserTool(): Tool {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => browserNames.map((name) => join(folder, name)))
  const found = [process.env.CHROMIUM ?? '', ...onPath, ...browserPlaces].find(
    (path) => path !== '' && existsSync(path),
  )
  return found
    ? { name: 'Chromium or Chrome', found: true, detail: found, advice: null }
    : {
        name: 'Chromium or Chrome',
        found: false,
        detail: 'No browser of the Chromium family was found.',
        advice:
          'Install Chromium or Chrome, or name its program in the environment variable CHROMIUM. Only tests need it.',
      }
}

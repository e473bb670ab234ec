import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'
import { connectChild, type ChildClient, type serveChild } from './child-channel'

/** The built entries that child processes are started from. */
export interface Entries {
  trainer: string
  dataWorker: string
}

/** The entries in one folder of bundles: `out/main`, beside the running one. */
export const entriesIn = (directory: string): Entries => ({
  trainer: join(directory, 'trainer.js'),
  dataWorker: join(directory, 'data-worker.js'),
})

// What a child may know of the environment: the system's own names, and those that steer numerical libraries and drivers.
const passedOn =
  /^(PATH|HOME|USERPROFILE|TMPDIR|TEMP|TMP|LANG|LC_.*|TZ|SystemRoot|windir|APPDATA|LOCALAPPDATA|ProgramData|LD_LIBRARY_PATH|DYLD_.*|XDG_.*|VK_.*|MESA_.*|CUDA_.*|NVIDIA_.*|TF_.*|OMP_.*|CAUSEWAY_.*)$/i

function childEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) if (passedOn.test(name)) environment[name] = value
  // Under Electron the executable is Electron's: this makes it behave as the Node it carries.
  if (process.versions.electron) environment.ELECTRON_RUN_AS_NODE = '1'
  return environment
}

const keptStderr = 4000

type ChildContract = Parameters<typeof serveChild>[0]

/** A child process and the typed calls to it. */
export interface HostedProcess<C extends ChildContract, E extends object> extends ChildClient<C, E> {
  readonly pid: number
  /** Ends it at once, whatever it does. Resolves when it is gone. */
  kill(): Promise<void>
}

/**
 * Starts a built entry as a child process.
 * Its calls are rejected with `processDied`, carrying the end of what it wrote to stderr, when it ends before it answers.
 */
export function startProcess<C extends ChildContract, E extends object>(entry: string): HostedProcess<C, E> {
  if (!existsSync(entry)) {
    throw new CausewayError('internal', `${entry} is missing: build Causeway first (npm run build).`, { entry })
  }
  const child = fork(entry, [], {
    // Nothing of the parent's own flags: a debugger port cannot be shared.
    execArgv: [],
    env: childEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A Ctrl-C in the terminal goes to the whole group: the parent decides what becomes of its children, so they get their own.
    detached: process.platform !== 'win32',
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-keptStderr)
  })
  const client = connectChild<C, E>(child)
  return {
    pid: child.pid ?? -1,
    on: client.on,
    ended: client.ended,
    async call(name, input) {
      try {
        return await client.call(name, input)
      } catch (error) {
        throw error instanceof CausewayError && error.code === 'processDied' ? describeDeath(error, stderr) : error
      }
    },
    async kill() {
      child.kill('SIGKILL')
      await client.ended
    },
  }
}

/** What killed a process, from how it ended and what it said last. */
function describeDeath(death: CausewayError, stderr: string): CausewayError {
  const details = { ...death.details, stderr }
  if (/out of memory|heap limit|bad_alloc|Cannot enlarge memory|Invalid typed array length/i.test(stderr)) {
    return new CausewayError('outOfMemory', 'The process ran out of memory and ended.', details)
  }
  const lastLine = stderr.trim().split('\n').at(-1) ?? ''
  return new CausewayError(
    'processDied',
    lastLine ? `${death.message} Its last words: ${lastLine}` : death.message,
    details,
  )
}

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const stamp = join(root, 'out', '.built')
const lock = join(root, 'out', '.building')
const staleLockMilliseconds = 300_000

/** The newest change below `path`, tests left out, in milliseconds since 1970. */
function newestChange(path) {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return 0
  if (!found.isDirectory()) return /\.test\.[^.]+$/.test(path) ? 0 : found.mtimeMs
  return Math.max(0, ...readdirSync(path).map((name) => newestChange(join(path, name))))
}

function isFresh() {
  const built = statSync(stamp, { throwIfNoEntry: false })
  if (!built || !existsSync(join(root, 'out', 'main', 'cli.js'))) return false
  const sources = [
    'src-main',
    'src-shared',
    'src-renderer',
    'electron.vite.config.ts',
    'scripts/build-kernels.mjs',
    'package-lock.json',
  ]
  return sources.every((source) => newestChange(join(root, source)) <= built.mtimeMs)
}

/** Takes the right to build; of several processes one builds and the others wait for it. */
function waitForTurn() {
  mkdirSync(join(root, 'out'), { recursive: true })
  for (;;) {
    try {
      mkdirSync(lock)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (since !== undefined && Date.now() - since > staleLockMilliseconds)
      rmSync(lock, { recursive: true, force: true })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250)
  }
}

/**
 * Builds `out/` when it is missing or older than its sources; everything the build says goes to stderr.
 * Does nothing in an installed package, which has no sources, and where `CAUSEWAY_SKIP_BUILD` says that it is built already.
 */
export function ensureBuilt() {
  if (process.env.CAUSEWAY_SKIP_BUILD || !existsSync(join(root, 'src-main')) || isFresh()) return
  waitForTurn()
  try {
    if (isFresh()) return
    process.stderr.write('Building Causeway …\n')
    const started = new Date()
    const vite = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
    if (!existsSync(vite)) throw new Error('Causeway is not built and its tools are not installed: run "npm ci" first.')
    const steps = [[join(root, 'scripts', 'build-kernels.mjs')], [vite, 'build', '--logLevel', 'warn']]
    for (const step of steps) {
      const built = spawnSync(process.execPath, step, { cwd: root, stdio: ['ignore', 2, 2] })
      if (built.status !== 0) throw new Error('The build failed; its messages are above.')
    }
    writeFileSync(stamp, '')
    // What was changed while the build ran is newer than the build.
    utimesSync(stamp, started, started)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

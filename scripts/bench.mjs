// `npm run bench [-- --only NAME] [--backend ID] [--threads N]`: one JSON line a measurement, each measured in a process of its own.
// `npm run bench -- --peer [--only ROW] [--pairs N]`: the comparison with PyTorch instead, as a table (see bench-peer.mjs).
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { compareWithPeer, peerRows } from './bench-peer.mjs'
import { ensureBuilt } from './ensure-built.mjs'

const names = [
  'multi-vae/ml-1m',
  'csc/ml-1m',
  'multi-vae/ml-20m-like',
  'csc/ml-20m-like',
  'multi-vae/ml-100k',
  'ncf-ips/coat',
  'clev/coat',
  'evaluate/ml-1m',
  'evaluate/ml-20m-like',
  'product/peak',
  'intervene/ml-100k',
  'intervene/window',
  'import/1m',
  'runs-table/5000x300',
  'runs-table/window',
  'startup/trainer',
]

/** Measurements with an entry of their own. */
const ownEntries = {
  'intervene/window': 'window.js',
  'runs-table/5000x300': 'runs-table.js',
  'runs-table/window': 'runs-window.js',
  'startup/trainer': 'startup.js',
}

const refuse = (message) => {
  console.error(message)
  process.exit(2)
}

let options
try {
  options = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      backend: { type: 'string', default: 'wasm' },
      threads: { type: 'string', default: '2' },
      peer: { type: 'boolean', default: false },
      pairs: { type: 'string' },
    },
  }).values
} catch (error) {
  refuse(error.message)
}
const { backend, peer } = options
const wholeNumber = (option, text) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) refuse(`--${option} takes a whole number from 1 on, not "${text}".`)
  return value
}
const threads = wholeNumber('threads', options.threads)
if (options.pairs && !peer) refuse('--pairs belongs to --peer.')
const pairs = wholeNumber('pairs', options.pairs ?? '5')
const available = peer ? peerRows : names
const unknown = options.only?.find((name) => !available.includes(name))
if (unknown) refuse(`There is no ${peer ? 'row' : 'measurement'} "${unknown}". Available: ${available.join(', ')}.`)
const chosen = available.filter((name) => !options.only || options.only.includes(name))

const root = resolve(import.meta.dirname, '..')
const entries = ['measure', ...Object.values(ownEntries).map((file) => file.replace(/\.js$/, ''))]
// The kernels, which every training runs on, and what the windows and the trainer are started from.
ensureBuilt()
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  build: {
    ssr: true,
    rollupOptions: { input: entries.map((entry) => resolve(root, `bench/${entry}.ts`)) },
    outDir: resolve(root, 'out/bench'),
    // The figures of the last comparison lie there.
    emptyOutDir: false,
    target: 'node20',
  },
})

/** The arguments with which Node makes one of our measurements. */
const argumentsOf = (name, threads) => {
  const own = ownEntries[name]
  const file = resolve(root, 'out/bench', own ?? 'measure.js')
  return own ? [file] : [file, name, '--backend', backend, '--threads', String(threads)]
}

if (peer) process.exit((await compareWithPeer({ root, chosen, pairs, threads, argumentsOf })) ? 0 : 1)

let failed = 0
for (const name of chosen) {
  const { status } = spawnSync(process.execPath, argumentsOf(name, threads), {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) failed++
}
process.exit(failed ? 1 : 0)

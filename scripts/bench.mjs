// `npm run bench [-- --only NAME] [--backend ID]`: one JSON line a measurement, each measured in a process of its own.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { ensureBuilt } from './ensure-built.mjs'

const names = [
  'multi-vae/ml-1m',
  'csc/ml-1m',
  'multi-vae/ml-100k',
  'evaluate/ml-1m',
  'intervene/ml-100k',
  'intervene/window',
  'import/1m',
  'runs-table/5000x300',
  'runs-table/window',
]

/** Measurements with an entry of their own. */
const ownEntries = {
  'intervene/window': ['window.js'],
  'runs-table/5000x300': ['runs-table.js'],
  'runs-table/window': ['runs-window.js'],
}

let values
try {
  values = parseArgs({ options: { only: { type: 'string' }, backend: { type: 'string', default: 'wasm' } } }).values
} catch (error) {
  console.error(error.message)
  process.exit(2)
}
const { only, backend } = values
if (only && !names.includes(only)) {
  console.error(`There is no measurement "${only}". Available: ${names.join(', ')}.`)
  process.exit(2)
}

const root = resolve(import.meta.dirname, '..')
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  build: {
    ssr: true,
    rollupOptions: {
      input: ['measure', 'window', 'runs-table', 'runs-window'].map((entry) => resolve(root, `bench/${entry}.ts`)),
    },
    outDir: resolve(root, 'out/bench'),
    target: 'node20',
  },
})
if (!only || only.endsWith('/window')) ensureBuilt()

let failed = 0
for (const name of only ? [only] : names) {
  const command = ownEntries[name] ?? ['measure.js', name, backend]
  const { status } = spawnSync(process.execPath, [resolve(root, 'out/bench', command[0]), ...command.slice(1)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) failed++
}
process.exit(failed ? 1 : 0)

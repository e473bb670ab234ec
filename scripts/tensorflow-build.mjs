import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

// Links the unmodified binding of @tensorflow/tfjs-node-gpu to the libraries of a current TensorFlow wheel. Its own download
// is TensorFlow 2.9 and often out of reach. Opt-in: `npm run tensorflow:build`; `npm ci` takes it away again.

const wheel = 'tensorflow-cpu==2.21.0'
const root = resolve(import.meta.dirname, '..')
const binding = join(root, 'node_modules/@tensorflow/tfjs-node-gpu')
const dependencies = join(binding, 'deps')

// The wheel names its libraries by their version, the binding asks the linker for them without; both names are needed,
// one to link and one to load.
const libraries = [
  ['libtensorflow_cc.so.2', 'libtensorflow.so'],
  ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
]

const unpack = `
import sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        name = entry.filename
        if name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
            entry.filename = 'lib/' + name.removeprefix('tensorflow/')
        elif name.startswith(('tensorflow/include/tensorflow/', 'tensorflow/include/tsl/', 'tensorflow/include/xla/')):
            entry.filename = name.removeprefix('tensorflow/')
        else:
            continue
        archive.extract(entry, target)
`

// In a process of its own: a binding that does not fit ends the process that loads it.
const prove = `
import util from 'node:util'
util.isNullOrUndefined ??= (value) => value == null
util.isArray ??= Array.isArray
const { default: tf } = await import('@tensorflow/tfjs-node-gpu')
const product = tf.matMul([[2, 3]], [[5], [7]]).dataSync()[0]
if (tf.getBackend() !== 'tensorflow' || product !== 31) throw new Error('A test product came out wrong.')
console.log('The binding of tfjs-node ' + tf.version['tfjs-node'] + ' runs on TensorFlow ' + tf.backend().binding.TF_Version + '.')
`

const work = mkdtempSync(join(tmpdir(), 'causeway-tensorflow-'))
try {
  if (process.platform !== 'linux')
    throw new Error('TensorFlow wheels carry the libraries to link against on Linux only.')
  fetchBinding()
  link(fetchWheel())
  compile()
  run('The binding does not load', process.execPath, ['--input-type=module', '--eval', prove])
  console.log('The backend "tensorflow" is ready: see `causeway doctor`.')
} catch (error) {
  console.error(`The backend "tensorflow" was not built: ${error.message}`)
  process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

/** The package with its scripts ignored: they would download the old libraries, and take the package away when they fail. */
function fetchBinding() {
  if (existsSync(join(binding, 'binding.gyp'))) return
  const options = ['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund']
  run('The package @tensorflow/tfjs-node-gpu could not be installed', 'npm', options)
  if (!existsSync(join(binding, 'binding.gyp'))) throw new Error('npm left out the package @tensorflow/tfjs-node-gpu.')
}

function fetchWheel() {
  const options = ['-m', 'pip', 'download', '--no-deps', '--only-binary', ':all:', '--dest', work, wheel]
  run(`pip could not download ${wheel}`, 'python3', options)
  return join(
    work,
    readdirSync(work).find((name) => name.endsWith('.whl')),
  )
}

function link(file) {
  rmSync(dependencies, { recursive: true, force: true })
  run('The wheel could not be unpacked', 'python3', ['-c', unpack, file, dependencies])
  for (const [library, linkerName] of libraries) {
    if (!existsSync(join(dependencies, 'lib', library))) throw new Error(`The wheel does not hold ${library}.`)
    symlinkSync(library, join(dependencies, 'lib', linkerName))
  }
}

function compile() {
  const command = join(root, 'node_modules/@mapbox/node-pre-gyp/bin/node-pre-gyp')
  // Node's headers, where they lie beside it; else node-gyp downloads them.
  const prefix = dirname(dirname(process.execPath))
  const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : []
  const options = [command, 'install', '--build-from-source', ...headers]
  run('The binding could not be compiled (it needs make and a C++ compiler)', process.execPath, options, binding)
}

/** @throws Error with `failure` and the end of what the command wrote to stderr */
function run(failure, command, options, cwd = root) {
  const { status, error, stderr } = spawnSync(command, options, { cwd, stdio: ['ignore', 'inherit', 'pipe'] })
  if (status === 0) return
  const lines = String(stderr ?? '')
    .trim()
    .split('\n')
  throw new Error(`${failure}: ${error ? error.message : lines.slice(-6).join('\n')}`)
}

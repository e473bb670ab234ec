import { createRequire } from 'node:module'
import { dirname, sep } from 'node:path'
import util from 'node:util'
import { CausewayError } from '../../src-shared/contract/errors'
import { backendIds, type BackendId, type BackendProbe, type BackendReport } from '../../src-shared/domain/backend'
import { registerGradients } from './gradients'
import { startKernels, type Kernels } from './kernels/kernels'
import { registerKernels } from './kernels/register'
import { startOnSharedHeap, type WasmBackend } from './kernels/shared-heap'
import { registerTensorflowKernels } from './tensorflow-kernels'
import { tf } from './tf'

/**
 * The backends of the engine, best first: `tensorflow` (native, CUDA where it is), `webgpu` (any graphics card through Dawn),
 * `wasm` (always there), `cpu` (plain JavaScript, the reference of the tests). None is imported before it is asked for, and
 * none is trusted before a product with its gradient has come out right on it: tfjs falls back to `cpu` without a word.
 */

/** What is known of a backend once it runs. */
interface Loaded {
  detail: string
  accelerated: boolean
}

/** The reason in one line, without the path that Node adds to a missing package. */
const failure = (thrown: unknown): string =>
  (thrown instanceof Error ? thrown.message : String(thrown))
    .split('\n')[0]!
    .replace(/ imported from .*$/, '')
    .trim()

async function loadTensorflow(): Promise<Loaded> {
  // The last tfjs-node calls two functions that Node 23 removed.
  const old = util as unknown as Record<string, unknown>
  old['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  old['isArray'] ??= Array.isArray
  // Optional: its download often fails, and then the package is not there at all.
  const name = '@tensorflow/tfjs-node-gpu'
  const loaded = (await import(/* @vite-ignore */ name)) as { default?: { version?: Record<string, string> } }
  registerGradients()
  registerTensorflowKernels()
  const backend = tf.findBackend('tensorflow') as unknown as { isUsingGpuDevice?: boolean } | null
  if (!backend) throw new Error('the package loaded but registered no backend')
  const version = loaded.default?.version?.['tfjs-node'] ?? '4.22.0'
  return backend.isUsingGpuDevice === true
    ? { detail: `tfjs-node ${version} on a CUDA device.`, accelerated: true }
    : { detail: `tfjs-node ${version} on the CPU; it found no CUDA device.`, accelerated: false }
}

/** The part of WebGPU's adapter description that names the device. */
interface AdapterInfo {
  vendor?: string
  architecture?: string
  device?: string
  description?: string
}

async function loadWebgpu(): Promise<Loaded> {
  const { create, globals } = await import('webgpu')
  Object.assign(globalThis, globals)
  const gpu = create([])
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true })
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new Error('no graphics adapter answered')
  const info = adapter.info as AdapterInfo
  const name = info.description || info.device || info.vendor || 'unnamed adapter'
  const software =
    adapter.info.isFallbackAdapter ||
    /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(
      Object.values({
        vendor: info.vendor,
        architecture: info.architecture,
        device: info.device,
        description: info.description,
      }).join(' '),
    )
  await import('@tensorflow/tfjs-backend-webgpu')
  return {
    detail: software ? `Software renderer (${name}): works, but slower than wasm.` : `Dawn on ${name}.`,
    accelerated: !software,
  }
}

/** Our kernels on the heap of `wasm`; null where they could not be started, and tfjs' own compute alone. */
let kernels: Kernels | null = null

async function loadWasm(): Promise<Loaded> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  wasm.setWasmPaths(dirname(entry) + sep)
  const name = `tfjs-backend-wasm ${wasm.version_wasm}`
  if (!(await startOnSharedHeap(wasm.setThreadsCount))) throw new Error('it could not be initialised')
  kernels = startKernels(tf.backend() as WasmBackend)
  if (!kernels) return { detail: `${name} with SIMD, one thread; the fast kernels are missing.`, accelerated: false }
  registerKernels()
  return { detail: `${name} with our kernels (${kernels.description}).`, accelerated: false }
}

async function loadCpu(): Promise<Loaded> {
  const cpu = await import('@tensorflow/tfjs-backend-cpu')
  return { detail: `tfjs-backend-cpu ${cpu.version_cpu}: plain JavaScript, the slow reference.`, accelerated: false }
}

const loaders: Record<BackendId, () => Promise<Loaded>> = {
  tensorflow: loadTensorflow,
  webgpu: loadWebgpu,
  wasm: loadWasm,
  cpu: loadCpu,
}

const advice: Record<BackendId, string | null> = {
  tensorflow:
    'Run `npm install` where the download of @tensorflow/tfjs-node-gpu is reachable, or `npm run tensorflow:build` to link it to a TensorFlow wheel from pip.',
  webgpu: 'Install the graphics driver of this machine with Vulkan, Metal or Direct3D 12 support.',
  wasm: 'Run `npm ci` again: the package @tensorflow/tfjs-backend-wasm is damaged.',
  cpu: 'Run `npm ci` again: the package @tensorflow/tfjs-backend-cpu is damaged.',
}

/** A product and its gradient, small enough to check by hand. */
async function proveProduct(): Promise<void> {
  const [value, gradient] = tf.tidy(() => {
    const b = tf.tensor2d([[5], [7]])
    const { value, grad } = tf.valueAndGrad((a) => tf.sum(tf.matMul(a as ReturnType<typeof tf.tensor2d>, b)))(
      tf.tensor2d([[2, 3]]),
    )
    return [value, grad]
  }) as [ReturnType<typeof tf.tensor>, ReturnType<typeof tf.tensor>]
  const found = [...(await value.data()), ...(await gradient.data())]
  tf.dispose([value, gradient])
  if (found.join() !== '31,5,7') throw new Error(`a test product came out wrong (${found.join(', ')})`)
}

const loaded = new Map<BackendId, Promise<Loaded>>()

/** Loads a backend once and makes it tfjs' current one. Throws plain errors with the reason. */
async function activate(id: BackendId): Promise<Loaded> {
  const known = loaded.get(id) ?? loaders[id]()
  loaded.set(id, known)
  const info = await known
  const accepted = await tf.setBackend(id)
  if (!accepted) throw new Error('it could not be initialised')
  await tf.ready()
  if (tf.getBackend() !== id) throw new Error(`tfjs fell back to ${tf.getBackend()}`)
  return info
}

/**
 * Makes `id` the backend of every following tensor operation.
 * @param threads how many threads `wasm` computes on; the other backends have their own way. Results do not depend on it
 * @returns device and version, in a sentence
 * @throws CausewayError `backendUnavailable` with the reason; it never falls back to another one
 */
export async function useBackend(id: BackendId, threads = 1): Promise<string> {
  try {
    const { detail } = await activate(id)
    if (id === 'wasm') kernels?.useThreads(threads)
    await proveProduct()
    return detail
  } catch (thrown) {
    loaded.delete(id)
    throw new CausewayError(
      'backendUnavailable',
      `The backend "${id}" cannot be used: ${failure(thrown)}.`,
      { backend: id, advice: advice[id] },
      { cause: thrown },
    )
  }
}

async function probeOne(id: BackendId): Promise<BackendReport> {
  const started = performance.now()
  const done = (): number => Math.round(performance.now() - started)
  try {
    const { detail, accelerated } = await activate(id)
    await proveProduct()
    return { id, usable: true, detail, advice: null, accelerated, probeMilliseconds: done() }
  } catch (thrown) {
    loaded.delete(id)
    return {
      id,
      usable: false,
      detail: `Passed over: ${failure(thrown)}.`,
      advice: advice[id],
      accelerated: false,
      probeMilliseconds: done(),
    }
  }
}

/**
 * Tries every backend by running a product with its gradient on it, best first. The first usable one is chosen, but a
 * software graphics device never is. Ends with the chosen backend current. Run it in a child process: a broken driver
 * may take its process down.
 */
export async function probe(): Promise<BackendProbe> {
  const reports: BackendReport[] = []
  for (const id of backendIds) reports.push(await probeOne(id))
  const chosen = chooseBackend(reports)
  await useBackend(chosen)
  return { reports, chosen }
}

/** The first usable backend in order, software graphics devices left out. */
export function chooseBackend(reports: readonly BackendReport[]): BackendId {
  const first = reports.find((report) => report.usable && (report.id !== 'webgpu' || report.accelerated))
  if (!first) throw new CausewayError('backendUnavailable', 'No backend works on this machine.', { reports })
  return first.id
}

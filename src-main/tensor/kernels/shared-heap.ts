import worker from 'node:worker_threads'
import type { KernelBackend } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'

/** The part of tfjs-backend-wasm that the kernels build on. */
export interface WasmBackend extends KernelBackend {
  wasm: {
    _malloc(bytes: number): number
    _free(address: number): void
    wasmMemory: WebAssembly.Memory
  }
  dataIdMap: { get(dataId: object): { memoryOffset: number; refCount: number } }
  /** The values of a tensor where they lie. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array
  makeOutput(shape: number[], dtype: 'float32' | 'int32'): tf.TensorInfo
}

/**
 * Takes the place of the threads that tfjs' module starts before it is asked to compute on more than one. In Node it would start them
 * from a blob, which Node refuses; with a thread count of one, as we set it, none of them is ever given work.
 */
class NeverStarted {
  onmessage: (event: { data: { cmd: string } }) => void = () => undefined
  on(): void {}
  ref(): void {}
  unref(): void {}
  terminate(): void {}
  postMessage(message: { cmd?: string }): void {
    if (message.cmd === 'load') queueMicrotask(() => this.onmessage({ data: { cmd: 'loaded' } }))
  }
}

/**
 * Starts tfjs' WebAssembly backend in its build for shared memory, so that threads of our own can work on its heap. tfjs does not offer
 * that build in Node because it cannot start its own threads there; they are not needed here.
 * @returns false where the backend was started before
 */
export async function startOnSharedHeap(setThreadsCount: (threads: number) => void): Promise<boolean> {
  if (tf.findBackend('wasm')) return false
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', true)
  setThreadsCount(1)
  const { Worker } = worker
  const scope = globalThis as { Worker?: unknown }
  const hadGlobal = 'Worker' in scope
  const globalWorker = scope.Worker
  Object.assign(worker, { Worker: NeverStarted })
  try {
    return await tf.setBackend('wasm')
  } finally {
    Object.assign(worker, { Worker })
    if (hadGlobal) scope.Worker = globalWorker
    else delete scope.Worker
  }
}

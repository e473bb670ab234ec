import { availableParallelism } from 'node:os'
import type { BackendId } from '../../src-shared/domain/backend'

/** Beyond so many threads the products of a batch are too small to divide further. */
const mostWasmThreads = 8

/** The threads a training gets: `wasm` computes on as many as the machine has, TensorFlow takes all, the others have one. */
export function threadsOf(backend: BackendId): number {
  if (backend === 'tensorflow') return availableParallelism()
  return backend === 'wasm' ? Math.min(mostWasmThreads, availableParallelism()) : 1
}

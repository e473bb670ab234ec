import { vi, type MockInstance } from 'vitest'
import type { WasmBackend } from '../../src-main/tensor/kernels/shared-heap'
import { tf } from '../../src-main/tensor/tf'

/** Watches the heap of the `wasm` backend until `vi.restoreAllMocks`: what is allocated from now on and not freed is in `held`. */
export function watchHeap(): { held: Set<number>; malloc: MockInstance<(bytes: number) => number> } {
  const { wasm } = tf.backend() as WasmBackend
  const held = new Set<number>()
  const [allocate, free] = [wasm._malloc, wasm._free]
  const malloc = vi.spyOn(wasm, '_malloc').mockImplementation((bytes) => {
    const address = allocate(bytes)
    held.add(address)
    return address
  })
  vi.spyOn(wasm, '_free').mockImplementation((address) => {
    held.delete(address)
    free(address)
  })
  return { held, malloc }
}

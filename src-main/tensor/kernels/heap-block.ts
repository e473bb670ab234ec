import { CausewayError } from '../../../src-shared/contract/errors'
import type { RawKernels } from './kernels'

/** Arrays start at whole cache lines. */
const line = 64
/** Not by masks: addresses go beyond 2^31. */
const toLine = (bytes: number): number => Math.ceil(bytes / line) * line

/** One piece of the heap, cut into arrays of zeros at whole cache lines. */
export class HeapBlock {
  private readonly allocated: number
  private next: number

  constructor(
    private readonly raw: RawKernels,
    bytes: number,
  ) {
    this.allocated = raw.allocate(bytes + line)
    if (this.allocated === 0)
      throw new CausewayError('outOfMemory', `There is no room for ${Math.ceil(bytes / 2 ** 20)} MiB in the heap.`, {
        bytes,
      })
    this.next = toLine(this.allocated)
    new Uint8Array(raw.memory.buffer, this.next, bytes).fill(0)
  }

  /** The bytes that arrays of so many words take. */
  static bytesOf(lengths: readonly number[]): number {
    return lengths.reduce((sum, length) => sum + toLine(4 * length), 0)
  }

  /** The address of the next array of `length` words. */
  take(length: number): number {
    const at = this.next
    this.next += toLine(4 * length)
    return at
  }

  free(): void {
    this.raw.free(this.allocated)
  }
}

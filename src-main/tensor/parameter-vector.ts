import { CausewayError } from '../../src-shared/contract/errors'
import type { NamedArray } from '../methods/method'
import { adamRates, type AdamOptions } from './adam'
import type { AdamState } from './pair-shape'

/**
 * A few trainable numbers beside networks, such as a correlation, and their Adam: too few for a tensor operation to be worth its call.
 * The rule is that of `Adam`.
 */
export class ParameterVector {
  readonly values: Float32Array
  private readonly first: Float32Array
  private readonly second: Float32Array
  private steps = 0

  constructor(
    initial: ArrayLike<number>,
    private readonly options: AdamOptions,
  ) {
    this.values = Float32Array.from(initial)
    this.first = new Float32Array(initial.length)
    this.second = new Float32Array(initial.length)
  }

  /** One step of Adam down a gradient. */
  update(gradient: ArrayLike<number>): void {
    const { rate, floor, weightDecay, beta1, beta2 } = adamRates(this.options, ++this.steps)
    for (let at = 0; at < this.values.length; at++) {
      const g = gradient[at]! + weightDecay * this.values[at]!
      this.first[at] = beta1 * this.first[at]! + (1 - beta1) * g
      this.second[at] = beta2 * this.second[at]! + (1 - beta2) * g * g
      this.values[at]! -= (rate * this.first[at]!) / (Math.sqrt(this.second[at]!) + floor)
    }
  }

  /** A copy of the values. */
  read(): NamedArray {
    return { shape: [this.values.length], data: this.values.slice() }
  }

  /** Puts other values in their place. @throws CausewayError `runInvalid` where they do not fit */
  write(saved: NamedArray | undefined): void {
    this.values.set(this.checked('values', saved))
  }

  /** Adam's state, under the names `first` and `second`. */
  async optimiser(): Promise<AdamState> {
    const copy = (data: Float32Array): NamedArray => ({ shape: [data.length], data: data.slice() })
    return { arrays: { first: copy(this.first), second: copy(this.second) }, steps: this.steps }
  }

  /** Goes on from a saved state. @throws CausewayError `runInvalid` where it does not fit */
  setOptimiser({ arrays, steps }: AdamState): void {
    this.first.set(this.checked('first', arrays['first']))
    this.second.set(this.checked('second', arrays['second']))
    this.steps = steps
  }

  private checked(name: string, saved: NamedArray | undefined): Float32Array {
    if (saved?.data instanceof Float32Array && saved.data.length === this.values.length) return saved.data
    throw new CausewayError(
      'runInvalid',
      `The saved weights do not fit the model: "${name}" is missing or misshapen.`,
      {
        name,
        expected: [this.values.length],
        found: saved?.shape ?? null,
      },
    )
  }
}

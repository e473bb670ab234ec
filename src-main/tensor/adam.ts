import type { NamedArrays } from '../methods/method'
import { kernelsFor } from './kernels/kernels'
import { checkedArrays, lendTensors, readTensors, type Weights } from './named-arrays'
import { tf, type Tensor } from './tf'

export interface AdamOptions {
  learningRate: number
  /** L2 penalty added to the gradient (coupled, as `torch.optim.Adam` has it), not decoupled as in AdamW. */
  weightDecay: number
  /**
   * Added to the root of the second moment; 1e-8 unless given. A large one against small gradients makes the steps proportional
   * to the gradient, as plain gradient descent's are, instead of all alike.
   */
  epsilon?: number
}

const beta1 = 0.9
const beta2 = 0.999
const defaultEpsilon = 1e-8

/** What a step's arithmetic takes: the rate holds both bias corrections, and the floor epsilon times that of the second moment. */
export interface AdamRates {
  rate: number
  floor: number
  weightDecay: number
  beta1: number
  beta2: number
}

/** The rates of the step of this number, the first being 1. */
export function adamRates(
  { learningRate, weightDecay, epsilon = defaultEpsilon }: AdamOptions,
  step: number,
): AdamRates {
  const correction = Math.sqrt(1 - beta2 ** step)
  const rate = (learningRate * correction) / (1 - beta1 ** step)
  // torch adds epsilon to the bias-corrected root; multiplied through by the correction it stands here.
  return { rate, floor: epsilon * correction, weightDecay, beta1, beta2 }
}

/** Moments by `first.` and `second.` and the name of the weight, and how many steps were taken. */
export interface AdamState {
  arrays: NamedArrays
  steps: number
}

/**
 * Adam (Kingma & Ba 2015) over named weights, with its whole state readable and writable, which tfjs' own optimiser
 * does not offer: a resumed training goes on with the same moments.
 */
export class Adam {
  private steps = 0
  private readonly first: Record<string, Tensor> = {}
  private readonly second: Record<string, Tensor> = {}

  constructor(
    private readonly weights: Weights,
    private readonly options: AdamOptions,
    /** What single weights have instead, by name. */
    private readonly overrides: Record<string, AdamOptions> = {},
  ) {
    for (const [name, variable] of Object.entries(weights)) {
      this.first[name] = tf.zerosLike(variable)
      this.second[name] = tf.zerosLike(variable)
    }
  }

  /**
   * One update. `gradients` are by weight name; a weight without one is left as it is.
   * @param moved booleans of a weight's shape, by its name: where they are false, values and moments stay as they are
   */
  step(gradients: Record<string, Tensor>, moved: Record<string, Tensor> = {}): void {
    this.steps++
    for (const [name, variable] of Object.entries(this.weights)) {
      const given = gradients[name]
      if (!given) continue
      const rates = adamRates(this.overrides[name] ?? this.options, this.steps)
      const { rate, floor, weightDecay } = rates
      const [first, second] = [this.first[name]!, this.second[name]!]
      const where = moved[name]
      if (!where && kernelsFor('adam')?.adam(variable, given, first, second, rates)) continue
      const held = (next: Tensor, before: Tensor): Tensor => (where ? tf.where(where, next, before) : next)
      const [nextFirst, nextSecond, value] = tf.tidy(() => {
        const gradient = weightDecay === 0 ? given : tf.add(given, tf.mul(variable, weightDecay))
        const m = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1))
        const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2))
        const stepped = tf.sub(variable, tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), floor)))
        return [held(m, first), held(v, second), held(stepped, variable)]
      }) as [Tensor, Tensor, Tensor]
      tf.dispose([first, second])
      // Kept: a step may run inside a tidy of the caller.
      this.first[name] = tf.keep(nextFirst)
      this.second[name] = tf.keep(nextSecond)
      variable.assign(value)
      value.dispose()
    }
  }

  /** Moments and step count. */
  save(): Promise<AdamState> {
    return this.stateBy(readTensors)
  }

  /** `save` without copies: the arrays are good until the next step (see `lendTensors`). */
  lend(): Promise<AdamState> {
    return this.stateBy(lendTensors)
  }

  private async stateBy(read: typeof readTensors): Promise<AdamState> {
    const arrays: NamedArrays = {}
    for (const [name, array] of Object.entries(await read(this.first))) arrays[`first.${name}`] = array
    for (const [name, array] of Object.entries(await read(this.second))) arrays[`second.${name}`] = array
    return { arrays, steps: this.steps }
  }

  /** Goes on from a saved state. @throws CausewayError `runInvalid` where it does not fit the weights */
  restore(arrays: NamedArrays, steps: number): void {
    for (const [moments, prefix] of [
      [this.first, 'first'],
      [this.second, 'second'],
    ] as const) {
      const expected = Object.fromEntries(
        Object.entries(this.weights).map(([name, variable]) => [`${prefix}.${name}`, variable]),
      )
      const saved = checkedArrays(arrays, expected)
      for (const name of Object.keys(this.weights)) {
        const { data, shape } = saved[`${prefix}.${name}`]!
        moments[name]!.dispose()
        moments[name] = tf.tensor(data as Float32Array, shape)
      }
    }
    this.steps = steps
  }

  dispose(): void {
    tf.dispose([this.first, this.second])
  }
}

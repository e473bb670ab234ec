import { describe, expect, test } from 'vitest'
import type { Split } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { csrOf } from '../../../../tests/support/csr'
import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import type { PairNetwork, Pairs } from '../../../tensor/pairs'
import { Rng } from '../../../tensor/rng'
import { doublyRobustArchitecture, type DoublyRobustVariant } from './doubly-robust'
import { ObservedPairs } from './observed-pairs'
import { pointLoss, sigmoid } from './point-loss'

/** A stand-in for a network whose outputs are given pair by pair, and which keeps the slopes it is handed. */
class Outputs {
  slopes = new Float32Array(0)
  constructor(private readonly of: (user: number, item: number, at: number) => number) {}
  async forward({ users, items }: Pairs): Promise<Float32Array> {
    return Float32Array.from(users, (user, at) => this.of(user, items[at]!, at))
  }
  backward(slopes: Float32Array): void {
    this.slopes = slopes.slice()
  }
  update(): void {}
}

const [users, items] = [12, 10]
const params: ParamValues = {
  preference: 'binary',
  propensity: 'given',
  propensityFloor: 0.001,
  sampleRatio: 1,
}

/** The pairs of a world that are observed, with the propensities that a method is told. */
function splitOf(world: {
  isObserved: (u: number, i: number) => boolean
  label: (u: number, i: number) => number
  propensity: (u: number, i: number) => number
}): Split {
  const lists = (label: number): number[][] =>
    Array.from({ length: users }, (_, u) =>
      Array.from({ length: items }, (_, i) => i).filter((i) => world.isObserved(u, i) && world.label(u, i) === label),
    )
  const none = csrOf(
    Array.from({ length: users }, () => []),
    items,
  )
  const told = (label: number): Float32Array =>
    Float32Array.from(lists(label).flatMap((row, u) => row.map((i) => world.propensity(u, i))))
  const nothing = new Float32Array(0)
  return {
    hash: 'world',
    train: csrOf(lists(1), items),
    validation: none,
    test: none,
    negatives: { train: csrOf(lists(0), items), validation: none, test: none },
    propensities: {
      positives: { train: told(1), validation: nothing, test: nothing },
      negatives: { train: told(0), validation: nothing, test: nothing },
    },
  }
}

const batchOf = (observed: ObservedPairs, at: number[]): PairBatch => ({
  users: Int32Array.from(at, (k) => observed.users[k]!),
  items: Int32Array.from(at, (k) => observed.items[k]!),
  targets: Float32Array.from(at, (k) => observed.targets[k]!),
  at: Int32Array.from(at),
})

const plain: DoublyRobustVariant = { imputationWeight: (p) => 1 / p }

async function learnerOf(
  observed: ObservedPairs,
  networks: Record<string, Outputs>,
  given: ParamValues = {},
  variant = plain,
): Promise<(batch: PairBatch, rng: Rng) => Promise<number[]>> {
  const all = { ...params, ...given }
  const learner = doublyRobustArchitecture(variant).learner({
    networks: networks as unknown as Record<string, PairNetwork>,
    vectors: {},
    observed,
    params: all,
  })
  const control = { stopped: () => false, progress: () => undefined }
  const estimated = await learner.estimate!(Rng.seeded(0), control)
  await learner.begin!(estimated!)
  return (batch, rng) => learner.step(batch, rng, 0)
}

/** Numbers of a pair that look like chance and are the same each time. */
const fixed = (kind: number, u: number, i: number): number => {
  const x = Math.sin(kind * 12.9898 + u * 78.233 + i * 37.719) * 43758.5453
  return x - Math.floor(x)
}
const predicted = (u: number, i: number): number => 3 * fixed(1, u, i) - 1.5
const imputedOutput = (u: number, i: number): number => 4 * fixed(2, u, i) - 2
const pairs = Array.from({ length: users * items }, (_, at) => [Math.floor(at / items), at % items] as const)
const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const loss = pointLoss('binary')

describe('the doubly robust estimate', () => {
  test('over many batches is the formula over all pairs', async () => {
    const label = (u: number, i: number): number => Number(fixed(3, u, i) < 0.5)
    const propensity = (u: number, i: number): number => 0.2 + 0.6 * fixed(4, u, i)
    const isObserved = (u: number, i: number): boolean => fixed(5, u, i) < 0.5
    const observed = new ObservedPairs(splitOf({ isObserved, label, propensity }), 'binary')
    const imputed = (u: number, i: number): number => loss.error(predicted(u, i), sigmoid(imputedOutput(u, i)))
    const direct = mean(
      pairs.map(([u, i]) => {
        const difference = loss.error(predicted(u, i), label(u, i)) - imputed(u, i)
        return imputed(u, i) + (isObserved(u, i) ? difference / propensity(u, i) : 0)
      }),
    )
    const networks = { prediction: new Outputs(predicted), imputation: new Outputs(imputedOutput) }
    const step = await learnerOf(observed, networks, { sampleRatio: 64 })
    const rng = Rng.seeded(3)
    let [sum, seen] = [0, 0]
    for (let epoch = 0; epoch < 100; epoch++) {
      const order = rng.shuffle(Array.from({ length: observed.size }, (_, at) => at))
      for (let from = 0; from < order.length; from += 8) {
        const at = order.slice(from, from + 8)
        sum += at.length * (await step(batchOf(observed, at), rng))[0]!
        seen += at.length
      }
    }
    // The draws are all that is left to chance: 4 × 10⁵ of them.
    expect(sum / seen).toBeCloseTo(direct, 2)
    const withoutCorrection = mean(pairs.map(([u, i]) => imputed(u, i)))
    expect(Math.abs(direct - withoutCorrection)).toBeGreaterThan(0.02)
  })

  /** Means of the estimate and of the naive one over many worlds, the mean error over all pairs, and the standard error of the first. */
  async function simulate(told: (p: number) => number, imputation: (taste: number) => number) {
    const rng = Rng.seeded(11)
    const taste = (u: number, i: number): number => 0.1 + 0.8 * fixed(6, u, i)
    // Liked pairs are observed more often.
    const propensity = (u: number, i: number): number => 0.15 + 0.7 * taste(u, i) ** 2
    const flat = (u: number, i: number): number => 0.5 + 0.2 * predicted(u, i)
    const truth = mean(pairs.map(([u, i]) => loss.error(flat(u, i), taste(u, i))))
    const estimates: number[] = []
    const naive: number[] = []
    for (let world = 0; world < 400; world++) {
      const labels = pairs.map(([u, i]) => Number(rng.uniform() < taste(u, i)))
      const seen = pairs.map(([u, i]) => rng.uniform() < propensity(u, i))
      const split = splitOf({
        isObserved: (u, i) => seen[u * items + i]!,
        label: (u, i) => labels[u * items + i]!,
        propensity: (u, i) => told(propensity(u, i)),
      })
      const observed = new ObservedPairs(split, 'binary')
      const output = (u: number, i: number): number => {
        const target = imputation(taste(u, i))
        return Math.log(target / (1 - target))
      }
      const networks = { prediction: new Outputs(flat), imputation: new Outputs(output) }
      const step = await learnerOf(observed, networks, { sampleRatio: 16 })
      const whole = batchOf(
        observed,
        Array.from({ length: observed.size }, (_, at) => at),
      )
      estimates.push((await step(whole, rng))[0]!)
      naive.push(mean(Array.from(whole.users, (u, b) => loss.error(flat(u, whole.items[b]!), whole.targets[b]!))))
    }
    const centre = mean(estimates)
    const error = Math.sqrt(mean(estimates.map((value) => (value - centre) ** 2)) / estimates.length)
    return { truth, estimate: centre, naive: mean(naive), error }
  }

  test('is unbiased with true propensities, however wrong the imputation', async () => {
    const { truth, estimate, naive, error } = await simulate(
      (p) => p,
      () => 0.1,
    )
    expect(Math.abs(estimate - truth)).toBeLessThan(3 * error)
    expect(Math.abs(naive - truth)).toBeGreaterThan(10 * error)
  })

  test('is unbiased with a right imputation, however wrong the propensities', async () => {
    const { truth, estimate, naive, error } = await simulate(
      (p) => 1 - 0.9 * p,
      (taste) => taste,
    )
    expect(Math.abs(estimate - truth)).toBeLessThan(3 * error)
    expect(Math.abs(naive - truth)).toBeGreaterThan(10 * error)
  })

  test('is biased where both are wrong', async () => {
    const { truth, estimate, error } = await simulate(
      (p) => 1 - 0.9 * p,
      () => 0.1,
    )
    expect(Math.abs(estimate - truth)).toBeGreaterThan(10 * error)
  })
})

/** A small training, whose losses are functions of all outputs of all networks. */
async function lossesOf(
  variant: DoublyRobustVariant,
  names: string[],
  given: ParamValues = {},
): Promise<{ losses: (outputs: Float64Array[]) => Promise<number[]>; outputs: Float64Array[]; networks: Outputs[] }> {
  const isContinuous = given['preference'] === 'continuous'
  const observed = new ObservedPairs(
    splitOf({
      isObserved: (u, i) => fixed(5, u, i) < 0.4,
      label: (u, i) => Number(fixed(3, u, i) < 0.5),
      propensity: (u, i) => 0.2 + 0.6 * fixed(4, u, i),
    }),
    'binary',
  )
  const size = 6
  const batch = batchOf(observed, [0, 3, 5, 9, 11, 20])
  if (isContinuous) batch.targets.set([1, 5, 3, 2, 4, 4])
  const outputs = names.map((_, n) => Float64Array.from({ length: 2 * size }, (_, at) => 3 * fixed(7 + n, at, 1) - 1.3))
  const made = names.map(() => ({ current: new Float64Array(0) as Float64Array }))
  const networks = made.map((box) => new Outputs((_u, _i, at) => box.current[at]!))
  const step = await learnerOf(
    observed,
    Object.fromEntries(names.map((name, n) => [name, networks[n]!])),
    given,
    variant,
  )
  return {
    outputs,
    networks,
    losses: (values) => {
      made.forEach((box, n) => (box.current = values[n]!))
      return step(batch, Rng.seeded(5))
    },
  }
}

describe('gradients against finite differences', () => {
  const wide: DoublyRobustVariant = { ...plain, inverseRange: (p) => [0.6 / p, 1.7 / p] }
  test.each([
    ['binary', plain, ['prediction', 'imputation'], {}, [0, 1]],
    ['continuous', plain, ['prediction', 'imputation'], { preference: 'continuous' }, [0, 1]],
    ['a range of inverses', wide, ['prediction', 'imputation'], {}, [0, 1]],
    [
      'a benchmark',
      { ...wide, isBenchmarked: true },
      ['prediction', 'imputation', 'benchmark'],
      { preference: 'continuous' },
      [0, 1, 2],
    ],
  ] as [string, DoublyRobustVariant, string[], ParamValues, number[]][])(
    '%s',
    async (_, variant, names, given, parts) => {
      const { losses, outputs, networks } = await lossesOf(variant, names, given)
      await losses(outputs)
      const slopes = networks.map((network) => network.slopes.slice())
      const step = 1e-2
      for (const n of parts)
        for (let at = 0; at < outputs[n]!.length; at++) {
          const moved = async (by: number): Promise<number> => {
            const shifted = outputs.map((values) => values.slice())
            shifted[n]![at]! += by
            return (await losses(shifted))[n]!
          }
          const difference = ((await moved(step)) - (await moved(-step))) / (2 * step)
          expect(Math.abs(slopes[n]![at]! - difference)).toBeLessThan(2e-4 * (1 + Math.abs(difference)))
        }
    },
  )
})

describe('a range of inverses', () => {
  test('takes the end that makes the loss larger, pair by pair', async () => {
    const { losses, outputs } = await lossesOf({ ...plain, inverseRange: (p) => [0.5 / p, 2 / p] }, [
      'prediction',
      'imputation',
    ])
    const [worst] = await losses(outputs)
    for (const factor of [0.5, 1, 2]) {
      const one = await lossesOf({ ...plain, inverseRange: (p) => [factor / p, factor / p] }, [
        'prediction',
        'imputation',
      ])
      expect(worst!).toBeGreaterThan((await one.losses(outputs))[0]! + 1e-6)
    }
  })

  test('of one value is the plain estimate, to the bit', async () => {
    const one = await lossesOf({ ...plain, inverseRange: (p) => [1 / p, 1 / p] }, ['prediction', 'imputation'])
    const without = await lossesOf(plain, ['prediction', 'imputation'])
    expect(await one.losses(one.outputs)).toEqual(await without.losses(without.outputs))
    expect(one.networks[0]!.slopes).toEqual(without.networks[0]!.slopes)
  })
})

test('a benchmark equal to the prediction leaves no difference to make larger', async () => {
  const { losses, outputs } = await lossesOf({ ...plain, inverseRange: (p) => [0.5 / p, 2 / p], isBenchmarked: true }, [
    'prediction',
    'imputation',
    'benchmark',
  ])
  expect((await losses([outputs[0]!, outputs[1]!, outputs[0]!]))[0]).toBe(0)
})

test('with a benchmark the end is taken that makes the difference to it larger', async () => {
  const names = ['prediction', 'imputation', 'benchmark']
  const at = (low: number, high: number): DoublyRobustVariant => ({
    ...plain,
    inverseRange: (p) => [low / p, high / p],
    isBenchmarked: true,
  })
  const { losses, outputs } = await lossesOf(at(0.5, 2), names)
  const [worst] = await losses(outputs)
  for (const factor of [0.5, 1, 2]) {
    const one = await lossesOf(at(factor, factor), names)
    expect(worst!).toBeGreaterThan((await one.losses(outputs))[0]! + 1e-6)
  }
})

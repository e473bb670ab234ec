import { expect, test } from 'vitest'
import { Rng } from '../../../tensor/rng'
import { multiTaskLoss, type MultiTask } from './multi-task'
import { sigmoid } from './point-loss'

const kinds: [string, MultiTask][] = [
  ['inverse propensities', { isDoublyRobust: false, hasJointTask: false }],
  ['doubly robust', { isDoublyRobust: true, hasJointTask: false }],
  ['inverse propensities and the joint task', { isDoublyRobust: false, hasJointTask: true }],
  ['doubly robust and the joint task', { isDoublyRobust: true, hasJointTask: true }],
]
const weights = { propensity: 0.7, joint: 1.3, imputation: 0.4 }

/** All of D, 3 × 4 pairs, of which the first 5 are observed. */
function everything(task: MultiTask) {
  const rng = Rng.seeded(5)
  const outputs = task.isDoublyRobust ? 3 : 2
  const size = 5
  const all = rng.fillNormal(new Float32Array(12 * outputs))
  // Rare enough that one observed pair lies under the floor below.
  all[1] = -4
  const logits = Float32Array.from([...all.subarray(0, size * outputs), ...all])
  return { outputs, size, all, logits, targets: Float32Array.of(1, 0, 1, 1, 0), density: size / 12, floor: 0.05 }
}

const crossEntropy = (p: number, label: number): number => -(label * Math.log(p) + (1 - label) * Math.log(1 - p))

test.each(kinds)(
  'where all observed pairs and all of D are gone through, the losses are the sums of the papers: %s',
  (_, task) => {
    const { outputs, size, all, logits, targets, density, floor } = everything(task)
    const expected = { rating: 0, propensity: 0, joint: 0, imputation: 0 }
    for (let pair = 0; pair < 12; pair++) {
      const [q, p, imputed] = [...all.subarray(pair * outputs, (pair + 1) * outputs)].map(sigmoid) as [
        number,
        number,
        number,
      ]
      const o = pair < size ? 1 : 0
      const r = targets[pair] ?? 0
      const weight = o / Math.max(p, floor)
      const difference = crossEntropy(q, r) - (task.isDoublyRobust ? crossEntropy(q, imputed) : 0)
      expected.rating += ((task.isDoublyRobust ? crossEntropy(q, imputed) : 0) + weight * difference) / 12
      expected.propensity += crossEntropy(p, o) / 12
      if (task.hasJointTask) expected.joint += crossEntropy(p * q, o * r) / 12
      if (task.isDoublyRobust) expected.imputation += (weight * difference ** 2) / 12
    }
    const { losses } = multiTaskLoss(task, logits, targets, { density, floor, weights })
    for (const [name, value] of Object.entries(expected))
      expect(losses[name as keyof typeof losses]).toBeCloseTo(value, 5)
  },
)

test.each(kinds)('each task has its gradient, and holds the outputs that it takes from others: %s', (_, task) => {
  const { outputs, logits, targets, density, floor } = everything(task)
  const of = (at: Float32Array) => multiTaskLoss(task, at, targets, { density, floor, weights })
  const { slopes } = of(logits)
  // What each output learns from: x from the ratings and the joint task, s from being observed and the joint task, m from the imputation.
  const learned = ({ losses }: ReturnType<typeof of>, output: number): number =>
    [
      losses.rating + weights.joint * losses.joint,
      weights.propensity * losses.propensity + weights.joint * losses.joint,
      weights.imputation * losses.imputation,
    ][output]!
  const step = 1 / 128
  for (let at = 0; at < logits.length; at++) {
    const moved = (by: number): number => {
      const other = logits.slice()
      other[at]! += by
      return learned(of(other), at % outputs)
    }
    expect(slopes[at]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 4)
  }
})

test('stays finite where both probabilities are as good as 0 or 1', () => {
  const task = { isDoublyRobust: true, hasJointTask: true }
  for (const [x, s] of [
    [60, 60],
    [-60, 60],
    [60, -60],
    [-60, -60],
  ] as const) {
    const logits = Float32Array.of(x, s, 0, x, s, 0)
    const { losses, slopes } = multiTaskLoss(task, logits, Float32Array.of(1), { density: 0.1, floor: 0.01, weights })
    expect([...Object.values(losses), ...slopes].every(Number.isFinite)).toBe(true)
  }
})

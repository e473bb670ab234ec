import { beforeAll, describe, expect, test } from 'vitest'
import { fitSmall } from '../../../../tests/support/fit'
import { csrOf } from '../../../../tests/support/csr'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { rowOf, type Csr } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { descriptor } from '.'
import { kernelBalanceLoss, standardised } from './kernel-weights'

beforeAll(() => useBackend('wasm'))

describe('the loss of kernel-balanced weights', () => {
  const rng = Rng.seeded(6)
  const draw = (length: number): Float64Array => Float64Array.from({ length }, () => rng.uniform())
  const weights = draw(9).map((w) => 0.3 + 2 * w)
  const kernels = [draw(9), draw(9), draw(9)]
  const drawnMeans = Float64Array.of(0.2, 0.9, 0.7)

  test('has the slopes of finite differences', () => {
    const strength = 2.5
    const value = (at: Float64Array): number => {
      const { entropy, imbalance } = kernelBalanceLoss(at, kernels, drawnMeans, strength)
      return entropy + strength * imbalance
    }
    const { slopes } = kernelBalanceLoss(weights, kernels, drawnMeans, strength)
    for (let b = 0; b < weights.length; b++) {
      const moved = (by: number): number => {
        const other = weights.slice()
        other[b]! += by
        return value(other)
      }
      expect(slopes[b]).toBeCloseTo((moved(1e-4) - moved(-1e-4)) / 2e-4, 6)
    }
  })

  test('is nothing for weights of one that are in balance', () => {
    const ones = new Float64Array(9).fill(1)
    const means = kernels.map((kernel) => kernel.reduce((sum, k) => sum + k, 0) / 9)
    expect(kernelBalanceLoss(ones, kernels, Float64Array.from(means), 1)).toEqual({
      entropy: 0,
      imbalance: 0,
      slopes: new Float64Array(9),
    })
  })
})

test('features of any scale have a mean squared distance of 1', () => {
  const rng = Rng.seeded(3)
  const [rows, width] = [20, 3]
  const { data } = standardised({
    shape: [rows, width],
    data: Float32Array.from({ length: rows * width }, () => 5 + 7 * rng.normal()),
  })
  let sum = 0
  for (let a = 0; a < rows; a++)
    for (let b = 0; b < rows; b++)
      for (let k = 0; k < width; k++) sum += (data[a * width + k]! - data[b * width + k]!) ** 2
  expect(sum / rows ** 2).toBeCloseTo(1, 4)
})

test('features that are all alike stay finite', () => {
  const { data } = standardised({ shape: [4, 2], data: new Float32Array(8).fill(3) })
  expect(data).toEqual(new Float32Array(8))
})

test('makes up for propensities that are wrong', async () => {
  // Users of one taste are observed less than the others, and propensities that all count as 0.3 do not tell.
  const split = ratedTinySplit()
  const fewer = (rows: Csr): Csr => {
    const lists = Array.from({ length: rows.rows }, (_, u) => [...rowOf(rows, u)].slice(0, u % 3 === 0 ? 1 : Infinity))
    return csrOf(lists, rows.cols)
  }
  const skewed = {
    ...split,
    train: fewer(split.train),
    negatives: { ...split.negatives!, train: fewer(split.negatives!.train) },
  }
  const imbalanceOf = async (balanceWeight: number): Promise<number> => {
    const imbalances: number[] = []
    const outcome = await fitSmall(descriptor, skewed, {
      params: {
        epochs: 60,
        batchSize: 512,
        balanceWeight,
        propensityFloor: 0.3,
        sampleRatio: 4,
        kernels: 8,
        featureEpochs: 60,
      },
      report: { epoch: ({ values }) => void imbalances.push(values['imbalance']!) },
    })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    outcome.model.dispose()
    return imbalances.slice(-10).reduce((sum, value) => sum + value / 10, 0)
  }
  expect(await imbalanceOf(5)).toBeLessThan(0.7 * (await imbalanceOf(0)))
})

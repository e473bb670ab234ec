import { beforeAll, describe, expect, test } from 'vitest'
import { bitsOf, fitSmall, throughDisk } from '../../../../tests/support/fit'
import { csrOf } from '../../../../tests/support/csr'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { rowOf, type Csr, type Split } from '../../../../src-shared/domain/split'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { logNdtr } from '../../blocks/normal'
import type { Checkpoint, FittedModel } from '../../method'
import { descriptor } from '.'
import {
  continuous,
  exactBinary,
  monteCarloObservation,
  monteCarloPreference,
  unobserved,
  type PairLikelihood,
} from './likelihood'

beforeAll(() => useBackend('wasm'))

describe('the likelihood of a pair', () => {
  const points = [
    [0.3, -0.7, 0.5],
    [-2.1, 1.4, -0.8],
    [-1.2, 0.2, 0.05],
    [1.1, 2.5, 0.95],
  ] as const
  const at = (of: PairLikelihood, [o, r, rho]: readonly number[], target: number): Float64Array => {
    const out = new Float64Array(4)
    of(o!, r!, rho!, target, out)
    return out
  }
  const move = 1e-5

  test.each(points.flatMap((point) => [0, 1].map((target) => [...point, target] as const)))(
    'at g_o %d, g_r %d, rho %d, target %d has the derivatives that differences give',
    (o, r, rho, target) => {
      for (const of of [exactBinary, continuous]) {
        const found = at(of, [o, r, rho], target)
        ;[0, 1, 2].forEach((which) => {
          const moved = (by: number): number =>
            at(
              of,
              [o, r, rho].map((value, index) => value + (index === which ? by : 0)),
              target,
            )[0]!
          const expected = (moved(move) - moved(-move)) / (2 * move)
          expect(Math.abs(found[1 + which]! - expected)).toBeLessThan(1e-6 * (1 + Math.abs(expected)))
        })
      }
    },
  )

  test.each(points)('of liked, disliked and unobserved adds up to one at %d, %d, %d', (o, r, rho) => {
    const out = new Float64Array(4)
    unobserved(o, out)
    const whole =
      Math.exp(at(exactBinary, [o, r, rho], 1)[0]!) + Math.exp(at(exactBinary, [o, r, rho], 0)[0]!) + Math.exp(out[0]!)
    expect(whole).toBeCloseTo(1, 12)
  })

  test('of continuous preferences integrates to the probability of being observed', () => {
    for (const point of points) {
      let sum = 0
      for (let y = -12; y < 12; y += 0.01) sum += 0.01 * Math.exp(at(continuous, point, y)[0]!)
      expect(sum / Math.sqrt(2 * Math.PI)).toBeCloseTo(Math.exp(logNdtr(point[0])), 6)
    }
  })

  test('by samples comes to the exact one, from either side', () => {
    const samples = Rng.seeded(3).fillNormal(new Float32Array(400_000))
    for (const point of points.slice(0, 3))
      for (const target of [0, 1]) {
        const exact = at(exactBinary, point, target)
        const preference = at(monteCarloPreference(samples), point, target)
        const observation = at(monteCarloObservation(samples), point, target)
        for (const estimate of [preference, observation]) expect(Math.abs(estimate[0]! - exact[0]!)).toBeLessThan(0.02)
        expect([preference[1], observation[2]]).toEqual([0, 0])
        expect(Math.abs(preference[2]! - exact[2]!)).toBeLessThan(0.03)
        expect(Math.abs(observation[1]! - exact[1]!)).toBeLessThan(0.03)
      }
  })
})

/** Users and items of one dimension with known scores; what is seen and what is liked share a disturbance. */
function world(rho: number, seed: number, users = 300, items = 300): { split: Split; truth: Float32Array } {
  const rng = Rng.seeded(seed)
  const tastes = Float32Array.from({ length: users }, () => 0.7 * rng.normal())
  const qualities = Float32Array.from({ length: items }, () => 0.7 * rng.normal())
  const truth = new Float32Array(users * items)
  const lists = { train: [] as number[][], validation: [] as number[][] }
  const values = { train: [] as number[], validation: [] as number[] }
  for (let u = 0; u < users; u++) {
    lists.train.push([])
    lists.validation.push([])
    for (let i = 0; i < items; i++) {
      const score = tastes[u]! + qualities[i]!
      const [a, b] = [rng.normal(), rng.normal()]
      truth[u * items + i] = 2 * score
      if (score - 1 + a <= 0) continue
      const part = rng.uniform() < 0.1 ? 'validation' : 'train'
      lists[part][u]!.push(i)
      values[part].push(2 * score + rho * a + Math.sqrt(1 - rho * rho) * b)
    }
  }
  const none = csrOf(
    lists.train.map(() => []),
    items,
  )
  const nothing = new Float32Array(0)
  const parts = { train: csrOf(lists.train, items), validation: csrOf(lists.validation, items), test: none }
  return {
    truth,
    split: {
      hash: `world-${rho}-${seed}`,
      ...parts,
      negatives: { train: none, validation: none, test: none },
      ratings: {
        positives: {
          train: Float32Array.from(values.train),
          validation: Float32Array.from(values.validation),
          test: nothing,
        },
        negatives: { train: nothing, validation: nothing, test: nothing },
      },
    },
  }
}

async function fitted(split: Split, params: Record<string, number | string>): Promise<FittedModel> {
  const outcome = await fitSmall(descriptor, split, { params })
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome.model
}

const meanSquare = (scores: Float32Array, truth: Float32Array): number =>
  scores.reduce((sum, score, at) => sum + (score - truth[at]!) ** 2, 0) / truth.length

describe('where disturbances are correlated', () => {
  const params = {
    preference: 'continuous',
    backbone: 'mf',
    propensityNetwork: 'line',
    debias: 'naive',
    alpha: 1,
    embeddingSize: 2,
    batchSize: 512,
    epochs: 60,
    patience: 10,
    learningRate: 0.01,
    weightDecay: 1e-5,
  }

  test.each([0.8, -0.8])('a correlation of %d is found, and what users like among all items', async (rho) => {
    const { split, truth } = world(rho, 5)
    const free = await fitted(split, { ...params, start: 'pilot', warmUp: 20 })
    const held = await fitted(split, { ...params, start: 'zero', warmUp: 1000 })
    expect(Math.abs(free.correlation!() - rho)).toBeLessThan(0.15)
    expect(held.correlation!()).toBe(0)
    expect(meanSquare(await free.score(split.train), truth)).toBeLessThan(
      0.5 * meanSquare(await held.score(split.train), truth),
    )
    free.dispose()
    held.dispose()
  })

  test('the mean probability of being observed is the density', async () => {
    const { split } = world(0.5, 6)
    const model = await fitted(split, { ...params, start: 'zero', sampleRatio: 4 })
    const { rows, cols } = split.train
    const pairs = {
      users: Int32Array.from({ length: rows * cols }, (_, at) => Math.floor(at / cols)),
      items: Int32Array.from({ length: rows * cols }, (_, at) => at % cols),
    }
    const found = await model.propensities!(pairs)
    const mean = found.reduce((sum, p) => sum + p, 0) / found.length
    const density = split.train.indices.length / (rows * cols)
    expect(Math.abs(mean / density - 1)).toBeLessThan(0.1)
    model.dispose()
  })
})

describe('set to another correlation', () => {
  const split = ratedTinySplit()
  const order = (scores: Float32Array, rows: Csr): number[][] =>
    Array.from({ length: rows.rows }, (_, row) =>
      Array.from({ length: rows.cols }, (_, item) => item).sort(
        (a, b) => scores[row * rows.cols + b]! - scores[row * rows.cols + a]!,
      ),
    )

  test('at 0 chosen items are liked in the order of the scores; a larger one expects more of each', async () => {
    const model = await fitted(split, {})
    const scores = await model.score(split.train)
    const { rows, cols } = split.train
    const chosen = await model.chosen!({
      users: Int32Array.from({ length: rows * cols }, (_, at) => Math.floor(at / cols)),
      items: Int32Array.from({ length: rows * cols }, (_, at) => at % cols),
    })
    const zero = chosen.expected(0)
    expect(order(zero, split.train)).toEqual(order(scores, split.train))
    const more = chosen.expected(0.6)
    const less = chosen.expected(-0.6)
    expect(more.every((value, at) => value > zero[at]! && zero[at]! > less[at]!)).toBe(true)
    expect(await model.score(split.train)).toEqual(scores)
    model.dispose()
  })
})

test.each([
  ['naive', 'single-layer', 'exact'],
  ['ips', 'ncf', 'exact'],
  ['dr', 'line', 'exact'],
  ['naive', 'single-layer', 'monte-carlo'],
  ['dr', 'single-layer', 'monte-carlo'],
])(
  'learns with the debiasing loss %s, the propensity network %s and the %s likelihood',
  async (debias, propensityNetwork, likelihood) => {
    const split = ratedTinySplit()
    const model = await fitted(split, { debias, propensityNetwork, likelihood, epochs: 15, samples: 50 })
    const scores = await model.score(split.train)
    const means = [split.train, split.negatives!.train].map((part) => {
      let [sum, count] = [0, 0]
      for (let u = 0; u < part.rows; u++)
        for (const item of rowOf(part, u)) {
          sum += scores[u * part.cols + item]!
          count++
        }
      return sum / count
    })
    expect(means[0]!).toBeGreaterThan(means[1]! + 0.3)
    expect(Math.abs(model.correlation!())).toBeLessThan(1)
    model.dispose()
  },
)

test('sampling with a line from one score to the other is refused: the two could not be held in turn', async () => {
  const params = { propensityNetwork: 'line', likelihood: 'monte-carlo' }
  await expect(fitSmall(descriptor, ratedTinySplit(), { params })).rejects.toMatchObject({ code: 'paramInvalid' })
})

test('a pilot that is stopped is done anew, and the training ends as an uninterrupted one', async () => {
  const split = ratedTinySplit()
  const options = { params: { start: 'pilot', epochs: 3 } }
  const whole = await fitSmall(descriptor, split, options)
  if (whole.end !== 'completed') throw new Error(whole.end)
  let kept: Checkpoint | null = null
  const signal = { requested: null as 'pause' | null }
  const stopped = await fitSmall(descriptor, split, {
    ...options,
    signal,
    report: {
      progress: () => void (signal.requested = 'pause'),
      checkpoint: async (checkpoint) => void (kept = throughDisk(checkpoint)),
    },
  })
  expect(stopped).toEqual({ end: 'paused', epochs: 0 })
  const resumed = await fitSmall(descriptor, split, { ...options, seed: 99, resume: kept! })
  if (resumed.end !== 'completed') throw new Error(resumed.end)
  expect(bitsOf(await resumed.model.save())).toEqual(bitsOf(await whole.model.save()))
  whole.model.dispose()
  resumed.model.dispose()
})

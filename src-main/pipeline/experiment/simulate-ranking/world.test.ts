import { describe, expect, it } from 'vitest'
import { worldSchema, type SimulatedWorld } from '../../../../src-shared/domain/ranking-simulation'
import { nnzOf, rowOf } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { solveByCholesky } from '../../../methods/blocks/cholesky'
import { meanOf } from '../../compare/paired-tests'
import { globalCuts } from './global-cuts'
import { Latents } from './latents'
import { dataSource, drawWorld, poisson, simulatedSource, type FittedData } from './world'

const worldOf = (changes: Partial<SimulatedWorld> = {}): SimulatedWorld => ({
  ...(worldSchema.parse({ kind: 'simulated', users: 300, items: 60, factors: 12, seed: 3 }) as SimulatedWorld),
  ...changes,
})

const correlationOf = (a: readonly number[], b: readonly number[]): number => {
  const [meanA, meanB] = [meanOf(a), meanOf(b)]
  const product = (x: readonly number[], y: readonly number[]): number =>
    x.reduce((sum, value, at) => sum + (value - (x === a ? meanA : meanB)) * (y[at]! - (y === a ? meanA : meanB)), 0)
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b))
}

describe('the largest of all values', () => {
  const users = 30
  const items = 17
  const valueOf = (user: number, item: number): number => Math.fround(((user * 7 + item * 13) % 101) / 10 - 5)
  const all = Array.from({ length: users * items }, (_, at) => valueOf(Math.floor(at / items), at % items))
  const sorted = [...all].sort((a, b) => b - a)

  it('are found with the ties that belong to them', () => {
    const counts = [1, 5, 100, 300, 510]
    const cuts = globalCuts(
      users,
      items,
      (user, values) => values.forEach((_, item) => (values[item] = valueOf(user, item))),
      counts,
    )
    cuts.forEach(({ value, equal }, at) => {
      expect(value).toBe(sorted[counts[at]! - 1])
      expect(all.filter((one) => one > value).length + equal).toBe(counts[at])
    })
  })
})

describe('users', () => {
  const latents = (gamma: number): Latents => new Latents(2000, 6, gamma, Rng.seeded(1))

  it.each([0, 0.3, 0.8])('have preferences that the confounders are %f of', (gamma) => {
    const own = latents(gamma)
    const drawn = Array.from({ length: 2000 }, (_, user) => own.of(user))
    const c = drawn.flatMap(({ confounders }) => [...confounders])
    const theta = drawn.flatMap(({ preferences }) => [...preferences])
    const expected = gamma / Math.sqrt(gamma ** 2 + (1 - gamma) ** 2)
    // 12 000 pairs: four standard errors.
    expect(Math.abs(correlationOf(c, theta) - expected)).toBeLessThan(0.037)
    expect(Math.abs(meanOf(c.map((value) => value ** 2)) - 1)).toBeLessThan(0.06)
  })

  it('have features that tell the less of the preferences the noisier they are', () => {
    const own = latents(0.5)
    const explained = [0.1, 0.5, 0.9].map((variance) => {
      const { width, values } = own.features(variance)
      expect(width).toBe(6)
      const column = (at: number): number[] => Array.from({ length: 2000 }, (_, user) => values[user * width + at]!)
      for (let at = 0; at < width; at++) {
        expect(meanOf(column(at))).toBeCloseTo(0, 4)
        expect(meanOf(column(at).map((value) => value ** 2))).toBeCloseTo(1, 3)
      }
      expect(Math.abs(correlationOf(column(0), column(1)))).toBeLessThan(1e-3)
      return rSquared(
        values,
        width,
        Array.from({ length: 2000 }, (_, user) => own.of(user).preferences[2]!),
      )
    })
    // All six components together have all of θ + ε: the share of θ in it is 0.5 / (0.5 + variance).
    ;[0.1, 0.5, 0.9].forEach((variance, at) => expect(explained[at]).toBeCloseTo(0.5 / (0.5 + variance), 1))
    expect(explained[0]!).toBeGreaterThan(explained[1]!)
    expect(explained[1]!).toBeGreaterThan(explained[2]!)
  })
})

/** Share of the variance of a target that a linear regression on features of mean 0 explains. */
function rSquared(features: Float32Array, width: number, target: number[]): number {
  const matrix = new Float64Array(width ** 2)
  const vector = new Float64Array(width)
  target.forEach((value, row) => {
    const own = features.subarray(row * width, (row + 1) * width)
    own.forEach((a, i) => {
      vector[i]! += a * value
      own.forEach((b, j) => (matrix[i * width + j]! += a * b))
    })
  })
  solveByCholesky(matrix, vector)
  const mean = meanOf(target)
  const error = target.map(
    (value, row) => value - mean - vector.reduce((sum, weight, i) => sum + weight * features[row * width + i]!, 0),
  )
  const squares = (values: number[]): number => values.reduce((sum, value) => sum + value ** 2, 0)
  return 1 - squares(error) / squares(target.map((value) => value - mean))
}

describe('a Poisson variable', () => {
  it('is drawn from one number, up to a limit', () => {
    const draws = Array.from({ length: 10_000 }, (_, at) => poisson(1.5, (at + 0.5) / 10_000, 4))
    const share = (value: number): number => draws.filter((draw) => draw === value).length / draws.length
    expect(share(0)).toBeCloseTo(Math.exp(-1.5), 3)
    expect(share(2)).toBeCloseTo((Math.exp(-1.5) * 1.5 ** 2) / 2, 3)
    expect(Math.max(...draws)).toBe(4)
    expect(poisson(0, 0.999, 4)).toBe(0)
  })
})

describe('a simulated world', () => {
  const drawn = drawWorld(simulatedSource(worldOf(), 0.5), 4)

  it('exposes exactly the pairs with the largest scores', () => {
    const { exposed, source } = drawn
    expect(nnzOf(exposed)).toBe(1800)
    const scores = new Float32Array(60)
    let leastExposed = Infinity
    let mostHidden = -Infinity
    for (let user = 0; user < 300; user++) {
      source.exposure(user, scores)
      const shown = new Set(rowOf(exposed, user))
      scores.forEach((score, item) => {
        if (shown.has(item)) leastExposed = Math.min(leastExposed, score)
        else mostHidden = Math.max(mostHidden, score)
      })
    }
    expect(leastExposed).toBeGreaterThanOrEqual(mostHidden)
  })

  it('has the same bits from the same seed, of any user at any time, and others from another seed', () => {
    const again = drawWorld(simulatedSource(worldOf(), 0.5), 4)
    expect(again.exposed).toEqual(drawn.exposed)
    expect([again.liked, again.likedExposed]).toEqual([drawn.liked, drawn.likedExposed])
    const user = 299 - Array.from({ length: 300 }, (_, u) => rowOf(drawn.exposed, 299 - u).length > 5).indexOf(true)
    expect(user).toBeGreaterThan(0)
    const alone = new Float32Array(60)
    simulatedSource(worldOf(), 0.5).ratings(user, alone)
    const own = rowOf(drawn.exposed, user)
    own.forEach((item, at) => expect(alone[item]).toBe(drawn.exposed.ratings[drawn.exposed.indptr[user]! + at]))
    expect(drawWorld(simulatedSource(worldOf({ seed: 4 }), 0.5), 4).exposed.indices).not.toEqual(drawn.exposed.indices)
    // More users change none of those before them.
    const before = alone.slice()
    simulatedSource(worldOf({ users: 400 }), 0.5).ratings(user, alone)
    expect(alone).toEqual(before)
  })

  it('exposes the same at every gamma, and rates from 1 to 5', () => {
    const other = drawWorld(simulatedSource(worldOf(), 0.9), 4)
    expect(other.exposed.indices).toEqual(drawn.exposed.indices)
    expect(other.exposed.ratings).not.toEqual(drawn.exposed.ratings)
    expect([...new Set(drawn.exposed.ratings)].sort()).toEqual([1, 2, 3, 4, 5])
  })

  it('exposes what is liked the more, the more the weights are shared', () => {
    const lift = (shared: number): number => {
      const { liked, likedExposed, exposed } = drawWorld(simulatedSource(worldOf({ shared }), 0.5), 4)
      return likedExposed / nnzOf(exposed) / (liked / (300 * 60))
    }
    expect(lift(1)).toBeGreaterThan(3)
    expect(lift(0.5)).toBeGreaterThan(1.5)
    expect(Math.abs(lift(0) - 1)).toBeLessThan(0.5)
    expect(lift(1)).toBeGreaterThan(lift(0.5))
  })
})

/** Decoders that nobody fitted: what is drawn from them is to have the data's counts whatever they say. */
function anyDecoders(): FittedData {
  const [users, items, factors] = [200, 40, 5]
  const rng = Rng.seeded(9)
  const normals = (...shape: number[]) => ({
    shape,
    data: rng.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
  })
  const decoder = (of: string) => ({
    [`${of}.decoder.hidden.weight`]: normals(factors, factors),
    [`${of}.decoder.hidden.bias`]: normals(factors),
    [`${of}.decoder.items.weight`]: normals(factors, items),
    [`${of}.decoder.items.bias`]: normals(items),
  })
  return {
    users,
    items,
    levels: Float32Array.of(1, 2, 3.5, 4, 5),
    counts: Int32Array.of(60, 0, 300, 340, 100),
    arrays: { ...decoder('exposures'), ...decoder('ratings') },
  }
}

describe('a world from data', () => {
  const options = { factors: 5, gammaB: 2, seed: 1 }
  const fitted = anyDecoders()
  const drawn = drawWorld(dataSource(options, fitted, 0.3), 4)

  it('has the exposure rate and the rating distribution of the data', () => {
    expect(nnzOf(drawn.exposed)).toBe(800)
    const row = new Float32Array(40)
    const counts = new Map<number, number>()
    for (let user = 0; user < 200; user++) {
      drawn.source.ratings(user, row)
      for (const rating of row) counts.set(rating, (counts.get(rating) ?? 0) + 1)
    }
    // Of 8000 pairs, ten times the 800 ratings; values that are equal to a cut are a few at most.
    const shares = [600, 0, 3000, 3400, 1000]
    fitted.levels.forEach((level, at) =>
      expect(Math.abs((counts.get(level) ?? 0) - shares[at]!)).toBeLessThanOrEqual(3),
    )
    expect(drawn.liked).toBe((counts.get(4) ?? 0) + (counts.get(5) ?? 0))
  })

  it('is the same from the same seed', () => {
    expect(drawWorld(dataSource(options, fitted, 0.3), 4).exposed).toEqual(drawn.exposed)
    expect(drawWorld(dataSource({ ...options, seed: 2 }, fitted, 0.3), 4).exposed.indices).not.toEqual(
      drawn.exposed.indices,
    )
  })
})

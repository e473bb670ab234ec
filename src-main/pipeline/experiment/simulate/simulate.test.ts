import { describe, expect, it } from 'vitest'
import { nnzOf, rowOf } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { ratedPairs } from '../../evaluate/rated'
import { factorise, Preferences, type Rated } from './factorise'
import { simulatedSplit } from './simulated-split'
import { drawWorld, Noise, type WorldOptions } from './world'

/** Users of two kinds who like one half of the items each, with a few labels turned. */
function twoTastes(userCount = 60, itemCount = 40): Rated {
  const rng = Rng.seeded(3)
  const pairs: [number, number, number][] = []
  for (let user = 0; user < userCount; user++)
    for (let item = 0; item < itemCount; item++) {
      if (rng.uniform() < 0.5) continue
      const likes = user % 2 === item % 2
      pairs.push([user, item, Number(rng.uniform() < 0.1 ? !likes : likes)])
    }
  return {
    users: Int32Array.from(pairs, ([user]) => user),
    items: Int32Array.from(pairs, ([, item]) => item),
    targets: Float32Array.from(pairs, ([, , label]) => label),
    userCount,
    itemCount,
  }
}

const preferences = new Preferences(
  factorise(twoTastes(), { link: 'logistic', factors: 2, ridge: 1, seed: 1 }),
  'logistic',
)
const world = { scale: 5, slope: 5, beta: 1 }
const options = (change: Partial<WorldOptions> = {}): WorldOptions => ({ world, correlation: 0.6, seed: 7, ...change })

/** All values of x, [users × items]: small enough here. */
const allX = (): Float64Array[] =>
  Array.from({ length: preferences.userCount }, (_, user) => {
    const row = new Float64Array(preferences.itemCount)
    preferences.row(user, row)
    return row
  })

/** The share of standard normals below a value, by summing their density. */
function normalBelow(value: number): number {
  const steps = 4000
  let sum = 0
  for (let step = 0; step < steps; step++) {
    const at = -8 + ((value + 8) * (step + 0.5)) / steps
    sum += Math.exp((-at * at) / 2)
  }
  return (sum * (value + 8)) / steps / Math.sqrt(2 * Math.PI)
}

const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

function moments(pairs: readonly (readonly [number, number])[]) {
  const [a, b] = [meanOf(pairs.map(([e]) => e)), meanOf(pairs.map(([, d]) => d))]
  const of = (value: (pair: readonly [number, number]) => number): number => meanOf(pairs.map(value))
  const [va, vb] = [of(([e]) => (e - a) ** 2), of(([, d]) => (d - b) ** 2)]
  return { means: [a, b], variances: [va, vb], correlation: of(([e, d]) => (e - a) * (d - b)) / Math.sqrt(va * vb) }
}

describe('a factorisation', () => {
  it('gives what is liked a higher probability than what is not, each the same from the same seed', () => {
    const x = allX()
    const of = (likes: boolean): number =>
      meanOf(x.flatMap((row, user) => [...row].filter((_, item) => (user % 2 === item % 2) === likes)))
    expect(of(true)).toBeGreaterThan(0.75)
    expect(of(false)).toBeLessThan(0.25)
    expect(preferences.mean).toBeCloseTo(meanOf(x.flatMap((row) => [...row])), 12)
    const again = new Preferences(
      factorise(twoTastes(), { link: 'logistic', factors: 2, ridge: 1, seed: 1 }),
      'logistic',
    )
    expect(again).toEqual(preferences)
  })

  it.each(['linear', 'logistic'] as const)('that is %s comes to the least penalised loss', (link) => {
    const data = twoTastes(12, 8)
    const ridge = 1
    const arrays = factorise(data, { link, factors: 1, ridge, seed: 1 })
    const loss = (): number => {
      const found = new Preferences(arrays, link)
      const row = new Float64Array(8)
      let sum = 0
      let last = -1
      data.users.forEach((user, at) => {
        if (user !== last) found.row(user, row)
        last = user
        const x = row[data.items[at]!]!
        const target = data.targets[at]!
        sum += link === 'linear' ? (target - x) ** 2 / 2 : -Math.log(target === 1 ? x : 1 - x)
      })
      for (const side of ['users', 'items']) for (const weight of arrays[side]!.data) sum += (ridge / 2) * weight ** 2
      return sum
    }
    const least = loss()
    for (const side of ['users', 'items']) {
      const weights = arrays[side]!.data
      weights.forEach((weight, at) => {
        for (const change of [-0.2, 0.2]) {
          weights[at] = weight + change
          expect(loss()).toBeGreaterThan(least)
        }
        weights[at] = weight
      })
    }
  })
})

describe('noise', () => {
  const drawn = (correlation: number): [number, number][] => {
    const noise = new Noise(100, correlation, Rng.seeded(5))
    const e = new Float64Array(400)
    const d = new Float64Array(400)
    return Array.from({ length: 100 }, (_, user) => {
      noise.row(user, e, d)
      return Array.from(e, (value, item): [number, number] => [value, d[item]!])
    }).flat()
  }

  it.each([-0.8, 0, 0.6])('is standard normal on either side and correlated by %d', (correlation) => {
    const { means, variances, correlation: found } = moments(drawn(correlation))
    // 40 000 pairs: four standard errors.
    for (const mean of means) expect(Math.abs(mean)).toBeLessThan(0.02)
    for (const variance of variances) expect(Math.abs(variance - 1)).toBeLessThan(0.03)
    expect(Math.abs(found - correlation)).toBeLessThan(0.02)
    const below = drawn(correlation).filter(([, d]) => d < 1).length / 40_000
    expect(Math.abs(below - normalBelow(1))).toBeLessThan(0.008)
  })

  it('can be drawn again, row by row in any order', () => {
    const noise = new Noise(3, 0.5, Rng.seeded(1))
    const rows = [2, 0, 2].map((user) => {
      const row = [new Float64Array(5), new Float64Array(5)] as const
      noise.row(user, ...row)
      return row
    })
    expect(rows[0]).toEqual(rows[2])
    expect(rows[0]).not.toEqual(rows[1])
  })
})

describe('a drawn world', () => {
  it('observes as many pairs as its density says, and tests half as many, none twice', () => {
    const { observed, test } = drawWorld(preferences, options())
    const expected = allX()
      .flatMap((row) => [...row])
      .reduce((sum, x) => sum + normalBelow(world.slope * Math.tanh(x - preferences.mean) - world.beta), 0)
    expect(Math.abs(observed.users.length - expected)).toBeLessThan(4 * Math.sqrt(expected))
    expect(test.users).toHaveLength(Math.floor(observed.users.length / 2))
    expect(new Set(Array.from(test.users, (user, at) => user * 40 + test.items[at]!)).size).toBe(test.users.length)
  })

  it('is the same for the same seed and another for another; every correlation has the same pairs', () => {
    const first = drawWorld(preferences, options())
    expect(drawWorld(preferences, options())).toEqual(first)
    expect(drawWorld(preferences, options({ seed: 8 })).observed.items).not.toEqual(first.observed.items)
    const other = drawWorld(preferences, options({ correlation: -0.6 }))
    expect(other.observed.items).toEqual(first.observed.items)
    expect(other.observed.values).not.toEqual(first.observed.values)
  })

  it('has one preference of a pair, whether it is observed or tested', () => {
    const { observed, test } = drawWorld(preferences, options())
    const known = new Map(
      Array.from(observed.users, (user, at) => [user * 40 + observed.items[at]!, observed.values[at]!]),
    )
    const both = Array.from(test.users, (user, at) => [
      known.get(user * 40 + test.items[at]!),
      test.values[at]!,
    ]).filter(([value]) => value !== undefined)
    expect(both.length).toBeGreaterThan(50)
    for (const [a, b] of both) expect(a).toBe(b)
  })

  it.each([-0.8, 0.8])(
    'lifts or lowers what is observed by the correlation %d, and not what is tested',
    (correlation) => {
      const drawn = drawWorld(preferences, options({ correlation }))
      const x = allX()
      const noiseOf = ({ users, items, values }: (typeof drawn)['test']): number =>
        meanOf(Array.from(values, (value, at) => value - world.scale * x[users[at]!]![items[at]!]!))
      expect(Math.sign(correlation) * noiseOf(drawn.observed)).toBeGreaterThan(0.2)
      expect(Math.abs(noiseOf(drawn.test))).toBeLessThan(0.2)
    },
  )
})

describe('the split of a world', () => {
  const drawn = drawWorld(preferences, options())
  const split = simulatedSplit(drawn, 0.1, Rng.seeded(7))

  it('has every observed pair once, a tenth of them for validation, with their preferences', () => {
    const [train, validation, test] = (['train', 'validation', 'test'] as const).map((part) => ratedPairs(split, part))
    const size = drawn.observed.users.length
    expect(validation!.users).toHaveLength(Math.round(size * 0.1))
    expect(train!.users.length + validation!.users.length).toBe(size)
    const asText = ({ users, items, values }: { users: Int32Array; items: Int32Array; values: Float32Array | null }) =>
      Array.from(users, (user, at) => `${user} ${items[at]} ${values![at]}`)
    expect([...asText(train!), ...asText(validation!)].sort()).toEqual(asText(drawn.observed).sort())
    expect(asText(test!)).toEqual(asText(drawn.test))
  })

  it('parts at the median, in rows of ascending items', () => {
    const positives = nnzOf(split.train) + nnzOf(split.validation)
    expect(Math.abs(positives / drawn.observed.users.length - 0.5)).toBeLessThan(0.01)
    for (let user = 0; user < split.train.rows; user++)
      for (const side of [split.train, split.negatives!.train]) {
        const row = rowOf(side, user)
        expect([...row]).toEqual([...row].sort((a, b) => a - b))
      }
  })
})

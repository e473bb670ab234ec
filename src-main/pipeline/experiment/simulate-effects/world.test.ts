import { describe, expect, it } from 'vitest'
import { effectsWorldSchema } from '../../../../src-shared/domain/effects-simulation'
import { nnzOf, rowOf } from '../../../../src-shared/domain/split'
import { recovery, regressedEffects } from './recovery'
import { effectsSplit } from './train-effects'
import { drawUsers, effectsWorld } from './world'

const world = effectsWorld(effectsWorldSchema.parse({ items: 12 }))
const { items, effects } = world
const drawn = drawUsers(world, 20_000, 1)

describe('a world with known effects', () => {
  it('has an effect for one pair in five, and an own effect of every item', () => {
    const large = effectsWorld(effectsWorldSchema.parse({ items: 100 }))
    const own = large.effects.filter((_, at) => at % 101 === 0)
    const others = large.effects.filter((_, at) => at % 101 !== 0)
    const there = others.filter((effect) => effect !== 0)
    expect(there.length / others.length).toBeCloseTo(0.2, 1)
    expect(Math.sqrt(there.reduce((sum, effect) => sum + effect ** 2, 0) / there.length)).toBeCloseTo(0.5, 1)
    expect(own.every((effect) => effect !== 0)).toBe(true)
  })

  it('exposes each item to another share of the users, three in ten in the mean', () => {
    const counts = new Float64Array(items)
    for (const item of drawn.exposed.indices) counts[item]!++
    const shares = [...counts].map((count) => count / 20_000)
    expect(nnzOf(drawn.exposed) / (20_000 * items)).toBeCloseTo(0.3, 1)
    expect(Math.min(...shares)).toBeGreaterThan(0.1)
    expect(Math.max(...shares)).toBeLessThan(0.5)
    expect(Math.max(...shares) - Math.min(...shares)).toBeGreaterThan(0.1)
  })

  it('gives features the share of the variance at given exposures that is asked for', () => {
    const squares = (values: Float64Array, item: number): number =>
      values.filter((_, at) => Math.floor(at / (values.length / items)) === item).reduce((sum, x) => sum + x ** 2, 0)
    for (const featureShare of [0.25, 0.5]) {
      const other = effectsWorld(effectsWorldSchema.parse({ items: 12, featureShare }))
      for (let item = 0; item < items; item++) {
        const ofFeatures = squares(other.featureWeights, item)
        expect(ofFeatures / (ofFeatures + squares(other.confounding, item) + 1)).toBeCloseTo(featureShare)
      }
      // Nothing else depends on it.
      expect(other.effects).toEqual(effects)
    }
  })

  it('draws the same users from the same seed, of whom fewer are the first of more', () => {
    const fewer = drawUsers(world, 500, 1)
    expect(fewer.exposed.indptr).toEqual(drawn.exposed.indptr.slice(0, 501))
    expect(fewer.exposed.ratings).toEqual(drawn.exposed.ratings.slice(0, nnzOf(fewer.exposed)))
    expect(fewer.features.values).toEqual(drawn.features.values.slice(0, 5000))
    expect(drawUsers(world, 500, 2).exposed.indices).not.toEqual(fewer.exposed.indices)
  })
})

describe('least squares', () => {
  const naive = recovery(regressedEffects(drawn.exposed), effects, items)

  it('finds the effects where it is told the causes, and takes what they do for effects where it is not', () => {
    const knowing = recovery(regressedEffects(drawn.exposed, drawn.causes), effects, items)
    expect(knowing.correlation!).toBeGreaterThan(0.9)
    expect(naive.correlation!).toBeLessThan(knowing.correlation! - 0.2)
    expect(naive.rmse).toBeGreaterThan(2 * knowing.rmse)
    // It is bias: features take no more off than chance would.
    const described = recovery(regressedEffects(drawn.exposed, drawn.features), effects, items)
    expect(described.rmse).toBeGreaterThan(0.9 * naive.rmse)
  })

  it('has less error with more users only where it is told the causes', () => {
    const fewer = drawUsers(world, 5000, 1)
    const knowing = (users: typeof drawn): number =>
      recovery(regressedEffects(users.exposed, users.causes), effects, items).rmse
    expect(knowing(drawn) / knowing(fewer)).toBeLessThan(0.6)
    expect(naive.rmse / recovery(regressedEffects(fewer.exposed), effects, items).rmse).toBeGreaterThan(0.75)
  })

  it('says where there are too few users', () => {
    expect(() => regressedEffects(drawUsers(world, 15, 1).exposed)).toThrow(
      expect.objectContaining({ code: 'tooFewUsers' }),
    )
  })
})

it('measures effects without those of items on themselves', () => {
  // Off the diagonal 1, 2 against 1, 4.
  expect(recovery([100, 1, 2, -100], [0, 1, 4, 0], 2)).toEqual({ correlation: 1, rmse: Math.SQRT2 })
  expect(recovery([0, 1, 1, 0], [0, 1, 2, 0], 2).correlation).toBeNull()
})

describe('the split of the users', () => {
  const users = 2000
  const { exposed, features } = drawUsers(world, users, 1)
  const split = effectsSplit(exposed, features, 3)

  it('holds a fifth of the exposures of a tenth out, who are not learned from', () => {
    expect(split.trainUsers).toHaveLength(1800)
    const learned = new Set(split.trainUsers)
    const held = split.negatives!.validation
    let others = 0
    for (let user = 0; user < users; user++) {
      const [own, shown, hidden] = [exposed, split.train.beside!.exposed!, held].map((csr) => [
        ...rowOf(csr, user),
      ]) as [number[], number[], number[]]
      expect([...shown, ...hidden].sort((a, b) => a - b)).toEqual(own)
      if (!learned.has(user)) others++
      expect(hidden).toHaveLength(learned.has(user) ? 0 : Math.round(own.length * 0.2))
    }
    expect(others).toBe(200)
    expect(split.train.beside!.features).toBe(features)
    expect(effectsSplit(exposed, null, 3).train.beside!.features).toBeUndefined()
  })

  it('has nothing that is liked held out, by which a training would stop early', () => {
    expect(nnzOf(split.validation)).toBe(0)
    expect(nnzOf(split.negatives!.validation)).toBeGreaterThan(0)
  })
})

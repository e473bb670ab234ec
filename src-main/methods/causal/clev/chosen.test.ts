import { describe, expect, it } from 'vitest'
import { Rng } from '../../../tensor/rng'
import { Chosen } from './chosen'

const preference = Float32Array.of(0.4, -0.3, 1.2, 0)
const observation = Float32Array.of(-1, 0.5, -2, 1)
const indices = { preference, observation }

/** Pairs whose scores are g_o and g_r, drawn until so many are observed. */
function* observedPairs(at: number, rho: number, count: number): Generator<number> {
  const rng = Rng.seeded(at + 1)
  const two = new Float32Array(2)
  for (let found = 0; found < count;) {
    rng.fillNormal(two)
    if (observation[at]! + two[0]! <= 0) continue
    found++
    yield preference[at]! + rho * two[0]! + Math.sqrt(1 - rho * rho) * two[1]!
  }
}

describe('pairs that were chosen', () => {
  it.each([-0.7, 0.6])('are expected to be worth what simulated observed pairs are, at ρ = %f', (rho) => {
    const odds = new Chosen('binary', indices).expected(rho)
    const ratings = new Chosen('continuous', indices).expected(rho)
    for (let at = 0; at < 4; at++) {
      const drawn = [...observedPairs(at, rho, 40_000)]
      const liked = drawn.filter((value) => value > 0).length / drawn.length
      expect(1 / (1 + Math.exp(-odds[at]!))).toBeCloseTo(liked, 1.8)
      expect(ratings[at]!).toBeCloseTo(drawn.reduce((sum, value) => sum + value, 0) / drawn.length, 1.5)
    }
  })

  it('are at ρ = 0 in the order of the scores of all items, whatever choosing took', () => {
    const orderOf = (values: Float32Array): number[] => [...values.keys()].sort((a, b) => values[b]! - values[a]!)
    const order = orderOf(preference)
    expect(orderOf(new Chosen('binary', indices).expected(0))).toEqual(order)
    expect(new Chosen('continuous', indices).expected(0)).toEqual(preference)
    // An item that is hard to come to gains most by a positive correlation, and loses most by a negative one.
    const two = new Chosen('binary', { preference: Float32Array.of(0.2, 0.1), observation: Float32Array.of(2, -2) })
    expect(orderOf(two.expected(0.9))).toEqual([1, 0])
    expect(orderOf(two.expected(-0.9))).toEqual([0, 1])
  })

  it('have the log-likelihood of their expected odds', () => {
    const chosen = new Chosen('binary', indices)
    const targets = Float32Array.of(1, 0, 0, 1)
    const logs = Array.from(chosen.expected(0.5), (odds, at) => {
      const probability = 1 / (1 + Math.exp(-odds))
      return Math.log(targets[at] === 1 ? probability : 1 - probability)
    })
    expect(chosen.logLikelihood(targets, 0.5)).toBeCloseTo(logs.reduce((sum, log) => sum + log, 0) / 4, 5)
  })

  it('of ratings have a log-likelihood that is a density: it sums to one', () => {
    const chosen = new Chosen('continuous', indices)
    const step = 0.02
    // The constant that is left out.
    const constant = Math.sqrt(2 * Math.PI)
    for (const rho of [-0.8, 0, 0.5]) {
      let mass = 0
      for (let rating = -8; rating < 8; rating += step) {
        const density = new Chosen('continuous', {
          preference: preference.subarray(0, 1),
          observation: observation.subarray(0, 1),
        }).logLikelihood(Float32Array.of(rating), rho)
        mass += (Math.exp(density) / constant) * step
      }
      expect(mass).toBeCloseTo(1, 4)
    }
    expect(chosen.logLikelihood(preference, 0)).toBeCloseTo(0, 5)
  })
})

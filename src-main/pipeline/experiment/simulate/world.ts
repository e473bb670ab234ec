import type { SimulationFile } from '../../../../src-shared/domain/simulation'
import { Rng } from '../../../tensor/rng'
import type { Preferences } from './factorise'

/** Pairs with their true preference, in the order of users and items. */
export interface SimulatedPairs {
  users: Int32Array
  items: Int32Array
  values: Float32Array
}

/** What was observed, and what it is held against. */
export interface World {
  userCount: number
  itemCount: number
  observed: SimulatedPairs
  /** Half as many pairs, drawn from all pairs without repetition, observed or not. */
  test: SimulatedPairs
}

export interface WorldOptions extends Pick<SimulationFile, 'world'> {
  /** Of the noise of preferences and observations. */
  correlation: number
  seed: number
}

/**
 * The noise (e, d) of every pair: standard normal with a correlation. Each user's has a generator of its own, so that it can be drawn
 * again row by row, and never stands in memory for all. One seed has the same e for every correlation, and so the same observed pairs.
 */
export class Noise {
  private readonly seeds: Uint32Array
  private readonly rest: number

  constructor(
    users: number,
    private readonly correlation: number,
    rng: Rng,
  ) {
    this.seeds = Uint32Array.from({ length: users }, () => rng.uint32())
    this.rest = Math.sqrt(1 - correlation ** 2)
  }

  /** Fills both [items]: the noise of whether a user's pairs are observed, and that of its preferences. */
  row(user: number, observation: Float64Array, preference: Float64Array): void {
    const rng = Rng.seeded(this.seeds[user]!)
    for (let item = 0; item < observation.length; item++) {
      const e = rng.normal()
      observation[item] = e
      preference[item] = this.correlation * e + this.rest * rng.normal()
    }
  }
}

/** Draws what is observed and what is tested, of Zhang et al. 2025, section 5.1.1. The same seed draws the same world. */
export function drawWorld(preferences: Preferences, { world, correlation, seed }: WorldOptions): World {
  const { userCount, itemCount } = preferences
  const centre = world.centre ?? preferences.mean
  const rng = Rng.seeded(seed)
  const noise = new Noise(userCount, correlation, rng)
  const x = new Float64Array(itemCount)
  const e = new Float64Array(itemCount)
  const d = new Float64Array(itemCount)
  const observed: { users: number[]; items: number[]; values: number[] } = { users: [], items: [], values: [] }
  for (let user = 0; user < userCount; user++) {
    preferences.row(user, x)
    noise.row(user, e, d)
    for (let item = 0; item < itemCount; item++) {
      if (world.slope * Math.tanh(x[item]! - centre) + e[item]! - world.beta <= 0) continue
      observed.users.push(user)
      observed.items.push(item)
      observed.values.push(world.scale * x[item]! + d[item]!)
    }
  }
  const test = drawPairs(userCount * itemCount, Math.floor(observed.users.length / 2), rng)
  const values = new Float32Array(test.length)
  let last = -1
  test.forEach((pair, at) => {
    const user = Math.floor(pair / itemCount)
    if (user !== last) {
      preferences.row(user, x)
      noise.row(user, e, d)
      last = user
    }
    const item = pair % itemCount
    values[at] = world.scale * x[item]! + d[item]!
  })
  return {
    userCount,
    itemCount,
    observed: {
      users: Int32Array.from(observed.users),
      items: Int32Array.from(observed.items),
      values: Float32Array.from(observed.values),
    },
    test: {
      users: Int32Array.from(test, (pair) => Math.floor(pair / itemCount)),
      items: Int32Array.from(test, (pair) => pair % itemCount),
      values,
    },
  }
}

/** `size` of the numbers 0 … all - 1 without repetition, ascending. */
function drawPairs(all: number, size: number, rng: Rng): Float64Array {
  const drawn = new Set<number>()
  while (drawn.size < size) drawn.add(rng.integer(all))
  return Float64Array.from(drawn).sort()
}

import { beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { exposedTinySplit } from '../../../../tests/support/tiny-split'
import { hasPair, rowOf, type Split } from '../../../../src-shared/domain/split'
import { exposureVerdict } from '../../../../src-shared/exposure/words'
import { exposuresOf } from '../../../pipeline/split/beside'
import { useBackend } from '../../../tensor/backends'
import { countLeakedTensors } from '../../../tensor/leak'
import { createWeights, disposeWeights } from '../../../tensor/named-arrays'
import { Rng } from '../../../tensor/rng'
import { constantArray } from '../initial'
import { exposureLogOdds } from './exposure-vae'
import { checkExposures, heldOutLogLikelihood, holdOutExposures, shareLessLikely, type ExposureModel } from './held-out'

beforeAll(() => useBackend('wasm'))

describe('what is held out', () => {
  const split = exposedTinySplit()
  const held = holdOutExposures(split, Rng.seeded(1))
  const shown = exposuresOf(split.train)

  test('are all exposures of the validation part, liked or not, and nothing that is shown', () => {
    expect([...held.users]).toEqual(Array.from({ length: 60 }, (_, user) => user))
    held.users.forEach((user, r) => {
      const entries = rowOf(held.entries, r)
      const exposed = entries.filter((_, at) => held.exposed[held.entries.indptr[r]! + at] === 1)
      const expected = [...rowOf(split.validation, user), ...rowOf(split.negatives!.validation, user)]
      expect([...exposed]).toEqual(expected.sort((a, b) => a - b))
      for (const item of entries) expect(hasPair(shown, user, item)).toBe(false)
    })
  })

  test('are as large a share of what users are not exposed to', () => {
    let [others, chosen] = [0, 0]
    held.users.forEach((user, r) => {
      const exposures = held.exposed
        .subarray(held.entries.indptr[r], held.entries.indptr[r + 1])
        .reduce((sum, each) => sum + each, 0)
      const input = rowOf(shown, user).length
      expect(held.shown[r]).toBeCloseTo(input / (input + exposures), 6)
      others += (1 - held.shown[r]!) * (31 - input - exposures)
      chosen += rowOf(held.entries, r).length - exposures
    })
    expect(Math.abs(chosen - others)).toBeLessThan(3 * Math.sqrt(others))
  })

  test('are the positives alone where only positives are read', () => {
    const train = { ...split.train, beside: {} }
    const { entries, exposed } = holdOutExposures({ ...split, train }, Rng.seeded(1))
    // User 3 has no positive to be shown, user 4 none that is held out.
    const others = split.validation.indices.length - rowOf(split.validation, 3).length
    expect(exposed.reduce((sum, each) => sum + each, 0)).toBe(others)
    expect(entries.rows).toBe(58)
  })
})

test('of very many items fewer users are held out of', () => {
  const items = 2 ** 23
  const lists = (at: number, size: number): number[][] =>
    Array.from({ length: 12 }, (_, user) => Array.from({ length: size }, (_, i) => at + 1000 * user + i))
  const train = csrOf(lists(0, 99), items)
  const split = { hash: 'wide', train, validation: csrOf(lists(500, 1), items), test: csrOf(lists(0, 0), items) }
  const { users, entries, exposed } = holdOutExposures(split, Rng.seeded(1))
  expect(users).toHaveLength(8)
  users.forEach((user, r) => {
    const own = rowOf(entries, r)
    expect(own.length / items).toBeCloseTo(0.01, 3)
    expect([...own.filter((_, at) => exposed[entries.indptr[r]! + at] === 1)]).toEqual([500 + 1000 * user])
  })
})

describe('the predictive check', () => {
  /** Log-odds of the exposures to thirty items, for a few draws of z. */
  const rng = Rng.seeded(3)
  const byDraw = Array.from({ length: 5 }, () => Float64Array.from({ length: 30 }, () => 1.5 * rng.normal()))
  const drawn = (slant: number): Uint8Array => {
    const own = byDraw[rng.integer(5)]!
    return Uint8Array.from(own, (logOdds) => (rng.uniform() < 1 / (1 + Math.exp(-logOdds - slant)) ? 1 : 0))
  }
  const meanOf = (shares: number[]): number => shares.reduce((sum, share) => sum + share, 0) / shares.length
  const p = (make: () => Uint8Array): number =>
    meanOf(Array.from({ length: 300 }, () => shareLessLikely(byDraw, make(), rng)))

  test('finds half of the replications less likely than data of the model itself, and equal ones count half', () => {
    expect(Math.abs(p(() => drawn(0)) - 0.5)).toBeLessThan(0.06)
    expect(shareLessLikely([new Float64Array(4)], Uint8Array.of(1, 0, 0, 1), rng)).toBe(0.5)
  })

  test('finds few or many less likely where the model does not fit', () => {
    const against = Uint8Array.from(byDraw[0]!, (_, at) => (byDraw.reduce((sum, own) => sum + own[at]!, 0) < 0 ? 1 : 0))
    expect(p(() => against)).toBe(0)
    expect(p(() => against.map((exposed) => 1 - exposed))).toBeGreaterThan(0.95)
  })

  /** Users who are exposed to each item by chance, at rates from 0.05 to 0.9; a fifth of it is held out of every second one. */
  const items = 40
  const rateOf = (item: number): number => 0.05 + (0.85 * item) / (items - 1)
  const lists = { train: [] as number[][], validation: [] as number[][] }
  for (let user = 0; user < 400; user++) {
    const own = Array.from({ length: items }, (_, item) => item).filter((item) => rng.uniform() < rateOf(item))
    const heldOut = user % 2 === 0 ? new Set(own.filter(() => rng.uniform() < 0.2)) : new Set<number>()
    lists.train.push(own.filter((item) => !heldOut.has(item)))
    lists.validation.push([...heldOut])
  }
  const split: Split = {
    hash: 'by chance',
    train: csrOf(lists.train, items),
    validation: csrOf(lists.validation, items),
    test: csrOf(
      lists.train.map(() => []),
      items,
    ),
    trainUsers: Int32Array.from({ length: 200 }, (_, at) => 2 * at + 1),
  }

  /** An exposure model that knows the rates by item alone, and moves them. */
  const popular = (shift: number): ExposureModel => {
    const arrays = {
      'exposure.encoder.weight': constantArray([items, 4], 0),
      'exposure.encoder.bias': constantArray([4], 0),
      'exposure.decoder.weight': constantArray([2, items], 0),
      'exposure.decoder.bias': { shape: [items], data: exposureLogOdds(split).map((odds) => odds + shift) },
    }
    return { weights: createWeights(arrays), scale: 1 }
  }

  test('passes a model of independent exposures where they are, and says so', async () => {
    const leaked = await countLeakedTensors(async () => {
      const model = popular(0)
      const held = holdOutExposures(split, Rng.seeded(1))
      const check = (await checkExposures(split, model, held, Rng.seeded(2)))!
      expect(check.users).toBe(held.users.length)
      expect(check.heldOutItems).toBeCloseTo(held.entries.indices.length / held.users.length, 4)
      expect(Math.abs(check.pValue - 0.5)).toBeLessThan(0.06)
      expect(check.logLikelihood).toBeCloseTo(check.popularityLogLikelihood, 5)
      expect(check.logLikelihood).toBeCloseTo((await heldOutLogLikelihood(split, model, held))!, 6)
      expect(exposureVerdict({ ...check, usersAreNew: true }).passed).toBe(true)
      disposeWeights(model.weights)
    })
    expect(leaked).toBe(0)
  })

  test('stands against one whose rates are wrong, and warns of its effects', async () => {
    const model = popular(-3)
    const held = holdOutExposures(split, Rng.seeded(1))
    const check = (await checkExposures(split, model, held, Rng.seeded(2)))!
    expect(check.pValue).toBeLessThan(0.05)
    expect(check.logLikelihood).toBeLessThan(check.popularityLogLikelihood)
    expect(exposureVerdict({ ...check, usersAreNew: true }).passed).toBe(false)
    disposeWeights(model.weights)
  })

  test('is none where nobody has held-out exposures', async () => {
    const model = popular(0)
    const bare = { ...split, validation: split.test }
    const held = holdOutExposures(bare, Rng.seeded(1))
    expect(await checkExposures(bare, model, held, Rng.seeded(2))).toBeNull()
    disposeWeights(model.weights)
  })
})

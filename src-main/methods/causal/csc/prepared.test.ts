import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fitSmall } from '../../../../tests/support/fit'
import { tinySplit } from '../../../../tests/support/tiny-split'
import { takeRows, type Csr } from '../../../../src-shared/domain/split'
import { resolveParams } from '../../../../src-shared/params/params'
import { useBackend } from '../../../tensor/backends'
import { countLeakedTensors } from '../../../tensor/leak'
import { createWeights, disposeWeights } from '../../../tensor/named-arrays'
import { Rng } from '../../../tensor/rng'
import { tf } from '../../../tensor/tf'
import { decodeHidden, encode, itemLogits } from '../../blocks/mult-vae'
import type { FittedModel, NamedArray, PreparedUsers } from '../../method'
import { descriptor } from '.'
import { csc } from './model'
import { PreparedCsc, tileRowsFor } from './prepared'
import type { CscSize, CscVariant, CscWeights } from './weights'

const variants: CscVariant[] = ['none', 'g', 'l', 'g+l']
const withGraph = ['g', 'l', 'g+l'] as const
const { train } = tinySplit()
const items = train.cols
const k = 3
const d = 6
const sizeOf = (variant: CscVariant): CscSize => ({ items, hidden: 10, latent: d, confounders: k, variant })

const models = {} as Record<CscVariant, FittedModel>
const prepared = {} as Record<CscVariant, PreparedUsers>
const weights = {} as Record<CscVariant, CscWeights>

const everyone = Array.from({ length: train.rows }, (_, u) => u)
const ones = (): Float32Array => new Float32Array(k * k).fill(1)
const masked = (...edges: [from: number, to: number, factor?: number][]): Float32Array => {
  const mask = ones()
  for (const [from, to, factor] of edges) mask[from * k + to] = factor ?? 0
  return mask
}
const zeroRow = (i: number): Float32Array => masked(...[0, 1, 2].map((j): [number, number] => [i, j]))
const rowAt = (scores: Float32Array, r: number): Float32Array => scores.slice(r * items, (r + 1) * items)
const largest = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))

beforeAll(async () => {
  await useBackend('wasm')
  for (const variant of variants) {
    const outcome = await fitSmall(descriptor, tinySplit(), { params: { variant } })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    models[variant] = outcome.model
    prepared[variant] = await outcome.model.prepare!(train)
    weights[variant] = createWeights((await outcome.model.save()) as Record<string, NamedArray>) as CscWeights
  }
})
afterAll(() => {
  for (const variant of variants) {
    prepared[variant].dispose()
    models[variant].dispose()
    disposeWeights(weights[variant])
  }
})

describe.each(variants)('prepared users of variant %s', (variant) => {
  test('score as the model does, to the bit, whatever the block', async () => {
    const whole = await models[variant].score(train)
    expect(await prepared[variant].score(everyone)).toEqual(whole)
    for (const block of [[7], [3, 3, 0], [59, 11, 12, 13, 2], everyone.slice(20, 57)]) {
      const scores = await prepared[variant].score(block)
      block.forEach((user, r) => expect(rowAt(scores, r)).toEqual(rowAt(whole, user)))
      expect(scores).toEqual(await models[variant].score(takeRows(train, block)))
    }
  })

  test('an all-ones mask changes no bit, shared or by position', async () => {
    const plain = await prepared[variant].score(everyone)
    expect(await prepared[variant].score(everyone, { mask: ones() })).toEqual(plain)
    const each = new Float32Array(everyone.length * k * k).fill(1)
    expect(await prepared[variant].score(everyone, { mask: each })).toEqual(plain)
  })

  test('a mask gives what the model gives under it, to the bit', async () => {
    for (const mask of [zeroRow(0), zeroRow(2), masked([1, 0]), masked([0, 1, 0.3], [2, 1, 0.9])])
      expect(await prepared[variant].score(everyone, { mask })).toEqual(await models[variant].score(train, { mask }))
  })

  test('the diagonal of a mask means nothing', async () => {
    const plain = await prepared[variant].score([4])
    expect(await prepared[variant].score([4], { mask: masked([0, 0], [1, 1], [2, 2]) })).toEqual(plain)
  })

  test('a confounder held at the user’s own value changes nothing', async () => {
    for (const user of [0, 3, 41]) {
      const own = await prepared[variant].confounders([user])
      const plain = await prepared[variant].score([user])
      for (let j = 0; j < k; j++) {
        const holds = new Map([[j, own.slice(j * d, (j + 1) * d)]])
        expect(largest(await prepared[variant].score([user], { holds }), plain)).toBeLessThan(1e-6)
      }
    }
  })

  test('a held value is the same for everyone and overrides the edges into the confounder', async () => {
    const value = (await prepared[variant].confounders([8])).slice(d, 2 * d)
    const holds = new Map([[1, value.map((entry) => entry + 1)]])
    const changed = await prepared[variant].score(everyone, { holds })
    expect(largest(changed, await prepared[variant].score(everyone))).toBeGreaterThan(1e-4)
    expect(await prepared[variant].score(everyone, { holds, mask: masked([0, 1], [2, 1]) })).toEqual(changed)
  })

  test('with every confounder silenced, taste alone speaks', async () => {
    const scores = await prepared[variant].score(everyone, { silenced: new Uint8Array(k).fill(1) })
    const taste = tf.tidy(() => {
      const z = encode(weights[variant], train).mean
      return tf.logSoftmax(itemLogits(weights[variant], decodeHidden(weights[variant], z))).dataSync() as Float32Array
    })
    expect(largest(scores, taste)).toBeLessThan(1e-5)
    // And it does not depend on what is done to the confounders.
    const silenced = new Uint8Array(k).fill(1)
    expect(await prepared[variant].score(everyone, { silenced, mask: zeroRow(0) })).toEqual(scores)
  })

  test('interventions by position are those of one position at a time', async () => {
    const positions = [5, 5, 17, 0, 5, 30]
    const masks = [ones(), zeroRow(0), masked([1, 2]), masked([2, 0, 0.5]), zeroRow(1), ones()]
    const silenced = [[0, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 1], [1, 0, 0], [0, 0, 0]] // prettier-ignore
    const mask = Float32Array.from(masks.flatMap((one) => [...one]))
    const holds = new Map([[2, new Float32Array(d).fill(0.7)]])
    const together = await prepared[variant].score(positions, {
      mask,
      holds,
      silenced: Uint8Array.from(silenced.flat()),
    })
    const values = await prepared[variant].confounders(positions, mask)
    for (const [r, position] of positions.entries()) {
      const alone = await prepared[variant].score([position], {
        mask: masks[r]!,
        holds,
        silenced: Uint8Array.from(silenced[r]!),
      })
      expect(rowAt(together, r)).toEqual(alone)
      const width = k * d
      expect(values.slice(r * width, (r + 1) * width)).toEqual(
        await prepared[variant].confounders([position], masks[r]!),
      )
    }
  })

  test('what is remembered and what is computed anew is the same, to the bit', async () => {
    const forgetful = new PreparedCsc(train, weights[variant], sizeOf(variant), null, 0)
    const interventions = [
      {},
      { mask: zeroRow(1) },
      { holds: new Map([[0, new Float32Array(d).fill(-1)]]) },
      { silenced: Uint8Array.of(0, 1, 0) },
    ]
    for (const intervention of interventions)
      expect(await forgetful.score(everyone, intervention)).toEqual(
        await prepared[variant].score(everyone, intervention),
      )
    forgetful.dispose()
  })

  test('holds no tensor after it was disposed of, also when it is refused', async () => {
    const leaked = await countLeakedTensors(async () => {
      const fresh = await models[variant].prepare!(train)
      await fresh.score([1, 2], { mask: zeroRow(0), silenced: Uint8Array.of(1, 0, 1, 0, 0, 0) })
      await fresh.confounders([1, 2], zeroRow(0))
      await expect(fresh.score([60])).rejects.toMatchObject({ code: 'badRequest' })
      fresh.dispose()
      fresh.dispose()
      await expect(fresh.score([0])).rejects.toMatchObject({ code: 'cancelled' })
    })
    expect(leaked).toBe(0)
  })
})

test('users who are asked for at once, or while the model is closed, cost no tensor', async () => {
  const leaked = await countLeakedTensors(async () => {
    const fresh = await models['g+l'].prepare!(train)
    const [one, two] = await Promise.all([fresh.score([0]), fresh.score([0])])
    expect(one).toEqual(two)
    fresh.dispose()
    const closed = await models['g+l'].prepare!(train)
    const asked = closed.score([0])
    closed.dispose()
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
  })
  expect(leaked).toBe(0)
})

describe.each(withGraph)('with the graphs of variant %s', (variant) => {
  test('an edge moves its child alone, a zero row every other node', async () => {
    const plain = await prepared[variant].confounders([9])
    const moved = (after: Float32Array): boolean[] =>
      [0, 1, 2].map((j) => largest(after.slice(j * d, (j + 1) * d), plain.slice(j * d, (j + 1) * d)) > 0)
    expect(moved(await prepared[variant].confounders([9], masked([0, 2])))).toEqual([false, false, true])
    expect(moved(await prepared[variant].confounders([9], zeroRow(1)))).toEqual([true, false, true])
  })

  test('a mask between 0 and 1 lies between', async () => {
    const [plain, half, none] = await Promise.all(
      [1, 0.5, 0].map((factor) => prepared[variant].confounders([9], masked([0, 2, factor]))),
    )
    const distance = (values: Float32Array): number => largest(values, plain!)
    expect(distance(half!)).toBeGreaterThan(0)
    expect(distance(half!)).toBeLessThan(distance(none!))
  })

  test('questions asked at the same time do not disturb each other', async () => {
    const asked = [ones(), zeroRow(0), zeroRow(1), zeroRow(2)]
    const together = await Promise.all(asked.map((mask) => prepared[variant].score(everyone, { mask })))
    for (const [at, mask] of asked.entries())
      expect(together[at]).toEqual(await prepared[variant].score(everyone, { mask }))
  })
})

test('confounders without graphs are the same for all users, whatever the mask', async () => {
  const values = await prepared.none.confounders(everyone, zeroRow(0))
  const embeddings = await weights.none['confounders'].data()
  for (const user of [0, 59]) expect(values.slice(user * k * d, (user + 1) * k * d)).toEqual(embeddings)
})

test('refuses what does not fit the model', async () => {
  const users = prepared['g+l']
  const refused = { code: 'badRequest' }
  await expect(users.score([-1])).rejects.toMatchObject(refused)
  await expect(users.score([0, 1], { mask: new Float32Array(4) })).rejects.toMatchObject(refused)
  await expect(users.score([0], { silenced: new Uint8Array(4) })).rejects.toMatchObject(refused)
  await expect(users.score([0], { holds: new Map([[3, new Float32Array(d)]]) })).rejects.toMatchObject(refused)
  await expect(users.score([0], { holds: new Map([[0, new Float32Array(1)]]) })).rejects.toMatchObject(refused)
})

test('nobody can be prepared', async () => {
  const nobody: Csr = takeRows(train, [])
  const empty = await models['g+l'].prepare!(nobody)
  expect(empty.users).toBe(0)
  expect(await empty.score([])).toHaveLength(0)
  empty.dispose()
})

test('more users than fit into one tile score as one by one', async () => {
  const many = Array.from({ length: 600 }, (_, u) => (u * 7) % train.rows)
  const rows = takeRows(train, many)
  const fresh = await models['g+l'].prepare!(rows)
  expect(tileRowsFor(sizeOf('g+l'))).toBeLessThan(many.length)
  const intervention = { mask: zeroRow(1) }
  const scores = await fresh.score(
    many.map((_, position) => position),
    intervention,
  )
  expect(scores).toEqual(await models['g+l'].score(rows, intervention))
  // Masks and silence by position follow their position into a later tile.
  const mask = new Float32Array(600 * k * k).fill(1)
  mask.set(zeroRow(1), 599 * k * k)
  const silenced = new Uint8Array(600 * k)
  silenced[598 * k] = 1
  const last = await fresh.score(
    many.map((_, position) => position),
    { mask, silenced },
  )
  expect(rowAt(last, 599)).toEqual(rowAt(scores, 599))
  expect(rowAt(last, 598)).toEqual(await fresh.score([598], { silenced: Uint8Array.of(1, 0, 0) }))
  expect(rowAt(last, 597)).toEqual(await fresh.score([597]))
  fresh.dispose()
})

test('at the default sizes, too, one user, a tile and a block of the model’s score alike, to the bit', async () => {
  const params = resolveParams(descriptor.info.params, { confounders: 8 })
  const wide: Csr = { ...train, cols: 1574 }
  const { load } = await descriptor.load()
  const model = load(csc.initialWeights(wide.cols, params, Rng.seeded(1)), params, wide.cols, null)
  const users = await model.prepare!(wide)
  const mask = new Float32Array(64).fill(1).fill(0, 8, 16)
  for (const intervention of [{}, { mask }]) {
    const whole = await model.score(wide, intervention)
    expect(await users.score(everyone, intervention)).toEqual(whole)
    for (const user of [0, 3, 59])
      expect(await users.score([user], intervention)).toEqual(whole.slice(user * wide.cols, (user + 1) * wide.cols))
  }
  users.dispose()
  model.dispose()
})

test('tiles shrink as a user’s work grows, and never to nothing', () => {
  const small = tileRowsFor({ items: 1574, hidden: 600, latent: 200, confounders: 8, variant: 'g+l' })
  expect(small).toBeGreaterThan(16)
  expect(tileRowsFor({ items: 160_000, hidden: 600, latent: 200, confounders: 8, variant: 'g+l' })).toBeLessThan(small)
  expect(tileRowsFor({ items: 1e9, hidden: 600, latent: 200, confounders: 32, variant: 'g+l' })).toBe(1)
})

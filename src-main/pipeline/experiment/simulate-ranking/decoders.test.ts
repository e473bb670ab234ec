import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nnzOf, rowOf } from '../../../../src-shared/domain/split'
import { meanOf } from '../../compare/paired-tests'
import { csrOf } from '../../../../tests/support/csr'
import { encodeRatings, readDecoders, writeDecoders } from './decoders'
import { dataSource, drawWorld, type RankingWorld } from './world'

const users = 160
const items = 20
/** Even users see and like the first half of the items, odd ones the second; all of them rate one item of the other half 1. */
const rated = csrOf(
  Array.from({ length: users }, (_, user) => {
    const own = Array.from({ length: items / 2 }, (_, at) => at + (user % 2 === 0 ? 0 : items / 2))
    return [...own.filter((item) => (item * 7 + user) % 5 !== 0), user % 2 === 0 ? items - 1 : 0]
  }),
  items,
)
const ratings = Float32Array.from(rated.indices, (item, at) => {
  const user = rated.indptr.findIndex((from, u) => u < users && at >= from && at < rated.indptr[u + 1]!)
  const isOwn = item < items / 2 === (user % 2 === 0)
  return isOwn ? 4 + (item % 2) : 1
})

let directory: string
const fileOf = (name: string): string => join(directory, name)
const stages = new Set<string>()

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-decoders-'))
  writeFileSync(fileOf('ratings'), encodeRatings({ ...rated, ratings }))
  await writeDecoders(
    { ratings: fileOf('ratings'), file: fileOf('fitted'), factors: 4, seed: 1 },
    { requested: null },
    ({ stage }) => void stages.add(stage),
  )
})
afterAll(() => rmSync(directory, { recursive: true }))

describe('decoders', () => {
  it('are written with the counts of the data', () => {
    const fitted = readDecoders(fileOf('fitted'))
    expect(fitted).toMatchObject({ users, items })
    expect([...fitted.levels]).toEqual([1, 4, 5])
    expect([...fitted.counts]).toEqual([1, 4, 5].map((level) => ratings.filter((own) => own === level).length))
    expect(Object.keys(fitted.arrays).sort()).toEqual(
      ['exposures', 'ratings'].flatMap((of) =>
        ['hidden.bias', 'hidden.weight', 'items.bias', 'items.weight'].map((name) => `${of}.decoder.${name}`),
      ),
    )
    expect(stages).toEqual(new Set(['Fitting a decoder to exposures', 'Fitting a decoder to ratings']))
  })

  it('use the latent: drawn users are exposed to one half of the items or the other', () => {
    const world: RankingWorld = drawWorld(
      dataSource({ factors: 4, gammaB: 2, seed: 1 }, readDecoders(fileOf('fitted')), 0.5),
      4,
    )
    expect(nnzOf(world.exposed)).toBe(nnzOf(rated))
    const firsts = Array.from({ length: users }, (_, user) => [...rowOf(world.exposed, user)])
      .filter((own) => own.length >= 4)
      .map((own) => own.filter((item) => item < items / 2).length / own.length)
    expect(firsts.length).toBeGreaterThan(users / 2)
    expect(meanOf(firsts.map((first) => Math.abs(first - 0.5)))).toBeGreaterThan(0.25)
    expect(Math.max(...firsts)).toBeGreaterThan(0.8)
    expect(Math.min(...firsts)).toBeLessThan(0.2)
  })

  it('are not written where the fitting is stopped', async () => {
    await expect(
      writeDecoders(
        { ratings: fileOf('ratings'), file: fileOf('stopped'), factors: 4, seed: 1 },
        { requested: 'cancel' },
        () => undefined,
      ),
    ).rejects.toMatchObject({ code: 'cancelled' })
    expect(() => readDecoders(fileOf('stopped'))).toThrow()
  })
})

import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeDataFolder, type DataFolder } from '../../../tests/support/data-files'
import type { DatasetCard } from '../../../src-shared/domain/dataset'
import { importTables } from '../ingest/import-tables'
import { makeCard } from './card'

let folder: DataFolder
beforeEach(async () => {
  folder = await makeDataFolder()
})
afterEach(() => folder.remove())

const cardOf = async (text: string, recipe: Record<string, unknown> = {}): Promise<DatasetCard> => {
  await importTables({ workspace: folder.workspace, name: 'it', files: [await folder.file('a.csv', text)] })
  return makeCard(folder.workspace, 'it', recipe)
}

it('counts by hand: raw table, recipe, parts, ratings, long tail, histogram, times', async () => {
  const day = 86_400
  const rows = [
    // i0 is liked by all three users, i1 by two, the others by one.
    ...['u0', 'u1', 'u2'].map((user) => `${user},i0,5,${0 * day}`),
    ...['u0', 'u1'].map((user) => `${user},i1,4,${1 * day}`),
    ...['i2', 'i3', 'i4'].map((item) => `u0,${item},4.5,${2 * day}`),
    // Rated low at first: the later rating counts, so u1 likes i5.
    `u1,i5,1,${3 * day}`,
    `u1,i5,4,${4 * day}`,
    // Never liked.
    `u3,i0,2,${5 * day}`,
    `u0,i6,,${6 * day}`,
  ]
  const card = await cardOf(`user,item,rating,time\n${rows.join('\n')}\n`)
  expect(card.raw).toEqual({ users: 4, items: 7, interactions: 12, duplicates: 1, density: 11 / 28 })
  expect(card.prepared).toMatchObject({ users: 3, items: 6, positives: 9, density: 9 / 18, coldUsers: 1 })
  // Positives 5, 3 and 1: [3,1,1], [1,1,1] and [1,0,0].
  expect([card.prepared.train, card.prepared.validation, card.prepared.test]).toEqual([5, 2, 2])
  expect(card.ratings).toEqual([
    { value: 1, count: 1 },
    { value: 2, count: 1 },
    { value: 4, count: 3 },
    { value: 4.5, count: 3 },
    { value: 5, count: 3 },
  ])
  expect(card.longTail).toEqual([
    [1, 3],
    [2, 2],
    [3, 1],
    [4, 1],
    [5, 1],
    [6, 1],
  ])
  // The top 20 % of six items are two (rounded up): 5 of 9 positives.
  expect(card.shareOfTop20Percent).toBeCloseTo(5 / 9, 12)
  expect(card.positivesPerUser).toEqual({ edges: [1, 2, 5, 10], counts: [1, 1, 1] })
  expect(card.timeRange).toEqual({ from: '1970-01-01T00:00:00.000Z', to: '1970-01-07T00:00:00.000Z' })
  const alerts = card.alerts.map((alert) => `${alert.level}: ${alert.text}`)
  expect(alerts).toContain('info: 1 row repeats a user and item met before (8 %); the recipe keeps the last.')
  expect(alerts).toContain('warning: 1 interaction has no rating and cannot be positive.')
  expect(alerts).toContain('info: 1 user is left out by the recipe (no positive).')
  expect(alerts).toContain('warning: 1 user has only one positive: kept for training, never tested.')
  expect(alerts).toContain('warning: The times run from 1970-01-01 to 1970-01-07: check the mapped time column.')
  expect(alerts).toContain('info: Items have no attributes: lists show their ids.')
})

it('thins a long tail to at most 200 points from the first rank to the last', async () => {
  const rows = Array.from({ length: 3000 }, (_, at) => `u${at % 100},i${Math.floor(at / 2)}`)
  const { longTail } = await cardOf(`user,item\n${rows.join('\n')}\n`)
  expect(longTail.length).toBeLessThanOrEqual(200)
  expect(longTail[0]).toEqual([1, 2])
  expect(longTail.at(-1)).toEqual([1500, 2])
  expect(longTail.map(([rank]) => rank)).toEqual([...longTail.map(([rank]) => rank)].sort((a, b) => a - b))
})

it('bins ratings that take many values', async () => {
  const rows = Array.from({ length: 200 }, (_, at) => `u${at % 5},i${at},${at / 2}`)
  const { ratings } = await cardOf(`user,item,rating\n${rows.join('\n')}\n`)
  expect(ratings).toHaveLength(20)
  expect(ratings.every(({ count }) => count === 10)).toBe(true)
})

it('says what was shown at random, and what a split by it tests on', async () => {
  const rows = ['u0', 'u1', 'u2'].flatMap((user) => [
    ...[0, 1, 2, 3].map((item) => `${user},i${item},5,0,0.5`),
    `${user},i4,${user === 'u0' ? 5 : 1},1,`,
  ])
  // Chosen by nobody and liked by nobody.
  const text = `user,item,rating,randomised,propensity\n${rows.join('\n')}\nu3,i5,1,1,1\n`
  const mixed = await cardOf(text)
  expect(mixed.manifest).toMatchObject({ randomised: 4, hasPropensities: true })
  const texts = (card: DatasetCard): string[] => card.alerts.map((alert) => `${alert.level}: ${alert.text}`)
  expect(texts(mixed)).toContainEqual(expect.stringMatching(/^info: 4 interactions were shown at random\. Split by/))
  expect(texts(mixed)).toContain('warning: 3 interactions have no propensity.')
  const card = await makeCard(folder.workspace, 'it', { splitBy: 'randomised' })
  expect(card.prepared).toMatchObject({ users: 4, items: 6, positives: 13, test: 1, train: 9, validation: 3 })
  expect(card.prepared.coldUsers).toBe(3)
  // u3 has no positive.
  expect(card.positivesPerUser).toEqual({ edges: [0, 1, 2, 5, 10], counts: [1, 0, 2, 1] })
  expect(texts(card)).toContainEqual(expect.stringMatching(/^info: The test part was shown at random/))
  expect(texts(card).filter((alert) => /left out|only one positive/.test(alert))).toEqual([])
})

it('writes nothing', async () => {
  await cardOf('user,item\nu1,i1\nu1,i2\nu2,i1\nu2,i2\n')
  const before = await folder.contents()
  await makeCard(folder.workspace, 'it', { splitSeed: 7 })
  expect(await folder.contents()).toEqual(before)
})

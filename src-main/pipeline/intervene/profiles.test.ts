import { expect, test } from 'vitest'
import type { CausalGraph } from '../../../src-shared/domain/graph'
import type { AttributeTie } from '../../../src-shared/domain/intervention'
import type { Split } from '../../../src-shared/domain/split'
import { csrOf } from '../../../tests/support/csr'
import { linearModel } from '../../../tests/support/linear-model'
import { describeWith } from './attributes'
import { Interventions } from './interventions'
import { distinctive } from './moves'
import { suggestNames } from './profiles'

const users = 12
const items = 20
const graph: CausalGraph = {
  type: 'causal-graph',
  version: 1,
  nodes: ['c1', 'c2'],
  probabilities: [
    [0, 0],
    [0, 0],
  ],
  meanStrengths: null,
}

test('a profile says what a confounder raises and lowers, and what that goes along with', async () => {
  // c1 moves an item by its place, and a user by its age; c2 does nothing.
  const ages = Array.from({ length: users }, (_, user) => 20 + user)
  const place = Array.from({ length: items }, (_, item) => item - 9.5)
  const split: Split = {
    hash: 'profiles',
    train: csrOf(
      ages.map(() => [0]),
      items,
    ),
    validation: csrOf(
      ages.map(() => []),
      items,
    ),
    test: csrOf(
      ages.map(() => []),
      items,
    ),
  }
  const model = linearModel({
    base: ages.map(() => new Array<number>(items).fill(0)),
    own: ages.map((age) => [age, 1]),
    loads: [place, new Array<number>(items).fill(0)],
    strength: 0,
  })
  const asked = new Interventions(model, split, graph)
  asked.describe(
    {
      numbers: [{ name: 'price', values: Float64Array.from(place, (at) => 100 - at) }],
      texts: [{ name: 'kind', labels: ['tool', 'toy'], codes: Int32Array.from(place, (at) => (at > 0 ? 1 : 0)) }],
    },
    {
      numbers: [{ name: 'age', values: Float64Array.from(ages) }],
      texts: [{ name: 'sex', labels: ['F', 'M'], codes: Int32Array.from(ages, (age) => age % 2) }],
    },
  )
  const [first, second] = await asked.profiles(() => Promise.resolve())
  const meanAge = 25.5
  expect(first!.raises).toHaveLength(10)
  expect(first!.raises[0]).toMatchObject({ item: 19 })
  expect(first!.raises[0]!.change).toBeCloseTo(9.5 * meanAge, 4)
  expect(first!.lowers[0]).toMatchObject({ item: 0 })
  expect(first!.lowers[0]!.change).toBeCloseTo(-9.5 * meanAge, 4)
  expect(first!.itemTies[0]).toMatchObject({ attribute: 'price', value: null, count: 20 })
  expect(first!.itemTies[0]!.correlation).toBeCloseTo(-1, 9)
  const toy = first!.itemTies.find(({ value }) => value === 'toy')!
  // Point-biserial correlation of 0..19 with its upper half: 5 / sd.
  expect(toy.correlation).toBeCloseTo(5 / Math.sqrt((items ** 2 - 1) / 12), 9)
  expect(toy.count).toBe(10)
  expect(first!.userTies[0]).toMatchObject({ attribute: 'age', count: 12 })
  expect(first!.userTies[0]!.correlation).toBeCloseTo(1, 9)
  expect(first!.userTies.some(({ attribute }) => attribute === 'activity')).toBe(false)
  expect(first!.suggestedName).toBe('low price')
  expect(first!.strength).toBeCloseTo(Math.sqrt((33.25 * ages.reduce((sum, age) => sum + age * age, 0)) / users), 2)
  expect(second).toEqual({
    node: 1,
    raises: [],
    lowers: [],
    itemTies: [],
    userTies: [],
    suggestedName: null,
    strength: 0,
  })
})

test('what all confounders do alike is no part of any profile', () => {
  const common = Float64Array.of(5, 5, 9)
  const values = [1, -1].map((sign) => common.map((value, at) => value + sign * at))
  const idle = new Float64Array(3)
  expect(distinctive([...values, idle], Float64Array.of(1, 1, 0))).toEqual([
    Float64Array.of(0, 1, 2),
    Float64Array.of(0, -1, -2),
    idle,
  ])
  // Nothing to compare it with.
  expect(distinctive([common, idle], Float64Array.of(1, 0))).toEqual([common, idle])
})

const tie = (attribute: string, value: string | null, correlation: number) => ({
  attribute,
  value,
  correlation,
  count: 50,
})

test('items that few chose are not shown, though they may move far', async () => {
  const half = items / 2
  const known = Array.from({ length: half }, (_, item) => item)
  const none = known.slice(0, 4).map((): number[] => [])
  const split: Split = {
    hash: 'known',
    train: csrOf([known, known, known, known], items),
    validation: csrOf(none, items),
    test: csrOf(none, items),
  }
  const model = linearModel({
    base: none.map(() => new Array<number>(items).fill(0)),
    own: none.map(() => [1, 1]),
    loads: [Array.from({ length: items }, (_, item) => item), new Array<number>(items).fill(0)],
    strength: 0,
  })
  const [first] = await new Interventions(model, split, graph).profiles(() => Promise.resolve())
  expect(first!.raises.map(({ item }) => item)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
})

const nameOf = (itemTies: AttributeTie[], userTies: AttributeTie[] = []): string | null =>
  suggestNames([{ itemTies, userTies }])[0]!

test('a name is suggested where a tie is strong enough, of the items first', () => {
  expect(nameOf([tie('genre', 'Horror', 0.3)], [tie('age', null, 0.9)])).toBe('genre: Horror')
  expect(nameOf([tie('genre', 'Horror', -0.3)])).toBe('not genre: Horror')
  expect(nameOf([tie('release_year', null, 0.2)])).toBe('high release year')
  expect(nameOf([tie('price', null, 0.19)], [tie('age', null, -0.5)])).toBe('users: low age')
  expect(nameOf([tie('price', null, 0.19)])).toBeNull()
})

test('no two confounders are suggested one name: the stronger tie has it', () => {
  const popular = (correlation: number) => tie('popularity', null, correlation)
  expect(
    suggestNames([
      { itemTies: [popular(0.4), tie('year', null, -0.3)], userTies: [] },
      { itemTies: [popular(0.7), tie('year', null, -0.6)], userTies: [] },
      { itemTies: [popular(-0.5)], userTies: [] },
      { itemTies: [popular(0.3)], userTies: [tie('age', null, 0.4)] },
      { itemTies: [popular(0.3)], userTies: [] },
    ]),
  ).toEqual(['low year', 'high popularity', 'low popularity', 'users: high age', null])
})

const counted = { name: 'popularity', values: new Float64Array(3) }
const textOf = (labels: string[]) => ({ name: 'genre', labels, codes: Int32Array.of(0, -1, 1) })

test('texts of few values are categories, lists of few words are several, others are none', () => {
  const categories = (labels: string[]) => describeWith({ numbers: [], texts: [textOf(labels)] }, counted).categories
  expect(categories(['b', 'a'])).toEqual([
    { name: 'genre', labels: ['a', 'b'], indptr: Int32Array.of(0, 1, 1, 2), codes: Int32Array.of(1, 0) },
  ])
  const many = Array.from({ length: 40 }, (_, at) => `w${at % 5}|v${Math.floor(at / 5)}`)
  const [lists] = categories(many)
  expect(lists!.labels).toHaveLength(13)
  expect([...lists!.codes].map((code) => lists!.labels[code])).toEqual(['w0', 'v0', 'w1', 'v0'])
  expect(categories(Array.from({ length: 40 }, (_, at) => `title ${at}`))).toEqual([])
  expect(categories(['only'])).toEqual([])
})

test('a column with the name of a counted one is told apart', () => {
  const table = { numbers: [{ name: 'popularity', values: new Float64Array(3) }], texts: [] }
  expect(describeWith(table, counted).numbers.map(({ name }) => name)).toEqual(['popularity', 'popularity (column)'])
})

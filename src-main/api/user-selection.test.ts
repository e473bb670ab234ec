import { describe, expect, it } from 'vitest'
import type { UserSelection } from '../../src-shared/domain/intervention'
import { csrOf } from '../../tests/support/csr'
import { attributeTable } from './catalogs'
import { segmentChoices, selectRows } from './user-selection'

const users = ['a', 'b', 'c', 'd', 'e']
const known = new Map(
  Object.entries({
    a: { city: 'Graz', age: 20 },
    b: { city: 'Porto', age: 30 },
    c: { city: 'Graz', age: 40 },
    d: { age: 50 },
    // In the data, not in the split.
    z: { city: 'Atlantis', age: 99 },
  }).map(([id, attributes]) => [id, { attributes: attributes as Record<string, string | number> }]),
)
const attributes = attributeTable(
  [
    { name: 'city', type: 'text' },
    { name: 'age', type: 'integer' },
  ],
  users,
  known,
)
const train = csrOf([[0], [0, 1], [0, 1, 2], [], [0, 1, 2, 3]], 5)
const view = {
  users,
  split: { hash: '', train, validation: csrOf([], 5), test: csrOf([], 5) },
  rowOfUser: new Map(users.map((id, row) => [id, row])),
}
const rows = (selection: UserSelection): number[] | null => {
  const selected = selectRows(selection, view, attributes)
  return selected && [...selected]
}

describe('an attribute table', () => {
  it('stands in the order of the split, with what is missing marked', () => {
    expect(attributes.texts).toEqual([
      { name: 'city', labels: ['Graz', 'Porto'], codes: Int32Array.of(0, 1, 0, -1, -1) },
    ])
    expect(attributes.numbers).toEqual([{ name: 'age', values: Float64Array.of(20, 30, 40, 50, NaN) }])
  })

  it('takes an attribute that is called as every object has a member for one that may be missing', () => {
    const made = new Map([['a', { attributes: { constructor: 'Lotus' } as Record<string, string> }]])
    for (const id of ['b', 'c']) made.set(id, { attributes: {} })
    expect(attributeTable([{ name: 'constructor', type: 'text' }], ['a', 'b', 'c'], made).texts).toEqual([
      { name: 'constructor', labels: ['Lotus'], codes: Int32Array.of(0, -1, -1) },
    ])
  })
})

describe('chosen users', () => {
  it.each<[string, UserSelection, number[] | null]>([
    ['everyone', { kind: 'all' }, null],
    ['named ones, each once, in the order of the split', { kind: 'users', users: ['e', 'a', 'e'] }, [0, 4]],
    ['those of a text value', { kind: 'attribute', attribute: 'city', value: 'Graz' }, [0, 2]],
    ['those of a number', { kind: 'attribute', attribute: 'age', value: 30 }, [1]],
    ['those of a number as the command line has it', { kind: 'attribute', attribute: 'age', value: '30' }, [1]],
    ['a range, bounds included', { kind: 'range', attribute: 'age', min: 30, max: 50 }, [1, 2, 3]],
    [
      'an open range, without those whose value is missing',
      { kind: 'range', attribute: 'age', min: null, max: null },
      [0, 1, 2, 3],
    ],
    ['the active ones', { kind: 'activity', min: 2, max: null }, [1, 2, 4]],
    ['the inactive ones', { kind: 'activity', min: null, max: 0 }, [3]],
  ])('are %s', (_, selection, expected) => expect(rows(selection)).toEqual(expected))

  it.each<[string, UserSelection, string, string]>([
    ['a value nobody has', { kind: 'attribute', attribute: 'city', value: 'Rome' }, 'badRequest', 'city = Rome'],
    [
      'a value only users outside the split have',
      { kind: 'attribute', attribute: 'city', value: 'Atlantis' },
      'badRequest',
      'Atlantis',
    ],
    ['no value', { kind: 'attribute', attribute: 'age', value: '' }, 'badRequest', 'age'],
    ['an empty range', { kind: 'range', attribute: 'age', min: 60, max: 70 }, 'badRequest', 'from 60 to 70'],
    ['an unknown attribute', { kind: 'range', attribute: 'height', min: 1, max: 2 }, 'badRequest', 'age, city'],
    ['a range of text', { kind: 'range', attribute: 'city', min: 1, max: 2 }, 'badRequest', 'is text'],
    ['an unknown user', { kind: 'users', users: ['a', 'nobody'] }, 'notFound', '"nobody"'],
    ['an activity nobody has', { kind: 'activity', min: 9, max: null }, 'badRequest', 'at least 9'],
  ])('by %s are refused, naming it', (_, selection, code, words) => {
    expect(() => rows(selection)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }))
  })
})

describe('the choices', () => {
  it('count the users of the split', () => {
    expect(segmentChoices(view, attributes)).toEqual({
      users: 5,
      texts: [
        {
          attribute: 'city',
          values: [
            { value: 'Graz', users: 2 },
            { value: 'Porto', users: 1 },
          ],
        },
      ],
      numbers: [{ attribute: 'age', min: 20, max: 50, median: 30 }],
      activity: { min: 0, lowerThird: 1, upperThird: 2, max: 4 },
    })
  })

  it('are none where nothing is known of the users', () => {
    expect(segmentChoices(view, { numbers: [], texts: [] })).toMatchObject({ users: 5, texts: [], numbers: [] })
  })
})

import { expect, test } from 'vitest'
import type { Split } from '../../src-shared/domain/split'
import { csrOf } from '../../tests/support/csr'
import { exposuresOf, withBeside } from '../pipeline/split/beside'
import { findItems } from './exposure-items'

const empty = new Float32Array(0)
const none = csrOf([[], [], []], 4)
const rated: Split = {
  hash: 'x',
  train: csrOf([[1, 3], [1], [0]], 4),
  validation: none,
  test: none,
  negatives: { train: csrOf([[2], [3], [2, 3]], 4), validation: none, test: none },
  ratings: {
    positives: { train: Float32Array.of(4, 5, 4, 3), validation: empty, test: empty },
    negatives: { train: Float32Array.of(1, 2, 1, 1), validation: empty, test: empty },
  },
}
const unrated: Split = { hash: 'y', train: rated.train, validation: none, test: none }
const view = (split: Split) => ({ split, items: ['i0', 'i1', 'i2', 'i3'] })
const titles = ['Up', 'Upstream', 'Look up', 'Down']
const cardOf = (column: number) => ({ id: `i${column}`, title: titles[column]!, attributes: {} })

test('items count the users who were shown them in the train part, whatever they rated them, as the model takes it', () => {
  for (const split of [rated, unrated]) {
    const exposed = exposuresOf(withBeside(split, { capabilities: ['exposures'] }, null).train)
    const counts = [0, 0, 0, 0]
    for (const column of exposed.indices) counts[column]!++
    expect(findItems(view(split), cardOf, '', 10).map(({ shownTo }) => shownTo)).toEqual(counts)
  }
  expect(findItems(view(rated), cardOf, '', 10).map(({ shownTo }) => shownTo)).toEqual([1, 2, 2, 3])
})

test('items that begin with what is searched stand first, whatever their case, no more than wanted', () => {
  const found = (query: string, limit: number) => findItems(view(rated), cardOf, query, limit).map(({ id }) => id)
  expect(found(' UP ', 10)).toEqual(['i0', 'i1', 'i2'])
  expect(found('up', 2)).toEqual(['i0', 'i1'])
  expect(found('i3', 10)).toEqual(['i3'])
  expect(found('none', 10)).toEqual([])
})

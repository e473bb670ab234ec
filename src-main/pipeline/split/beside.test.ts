import { expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { rowOf, takeRows, type Split } from '../../../src-shared/domain/split'
import { noAttributes } from '../intervene/attributes'
import { exposuresOf, withBeside } from './beside'

const none = csrOf([[], [], []], 5)
const split: Split = {
  hash: 'x',
  train: csrOf([[1, 3], [], [0]], 5),
  validation: none,
  test: none,
  negatives: { train: csrOf([[2], [4], []], 5), validation: none, test: none },
  ratings: {
    positives: { train: Float32Array.of(4, 5, 3), validation: new Float32Array(0), test: new Float32Array(0) },
    negatives: { train: Float32Array.of(1, 2), validation: new Float32Array(0), test: new Float32Array(0) },
  },
}
const attributes = {
  items: noAttributes,
  users: { numbers: [{ name: 'age', values: Float64Array.of(20, 30, 40) }], texts: [] },
}

test('rows that are taken bring all that the method reads of their users along', () => {
  const { train } = withBeside(split, { capabilities: ['score', 'exposures', 'user-features'] }, attributes)
  const rows = takeRows(train, [2, 0])
  expect([...rowOf(rows, 1)]).toEqual([1, 3])
  const exposed = exposuresOf(rows)
  expect([...rowOf(exposed, 0)]).toEqual([0])
  expect([...rowOf(exposed, 1)]).toEqual([1, 2, 3])
  expect([...exposed.ratings]).toEqual([3, 4, 1, 5])
  const { width, values } = rows.beside!.features!
  expect(width).toBe(1)
  expect(values[0]).toBeCloseTo(Math.sqrt(1.5), 5)
  expect(values[1]).toBeCloseTo(-Math.sqrt(1.5), 5)
  // And so do rows of rows.
  expect([...exposuresOf(takeRows(rows, [1])).ratings]).toEqual([4, 1, 5])
})

test('a method that reads positives alone is given nothing beside them', () => {
  expect(withBeside(split, { capabilities: ['score'] }, attributes).train.beside).toEqual({})
})

test('without ratings users were exposed to their positives, each of rating 1', () => {
  const exposed = exposuresOf(split.train)
  expect([...rowOf(exposed, 0)]).toEqual([1, 3])
  expect([...exposed.ratings]).toEqual([1, 1, 1])
})

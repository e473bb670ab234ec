import { beforeAll, expect, test } from 'vitest'
import { useBackend } from './backends'
import { assignWeights, checkedArrays, createWeights, disposeWeights, readTensors } from './named-arrays'

beforeAll(() => useBackend('cpu'))

test('weights are read as they were written, and assigning replaces them', async () => {
  const weights = createWeights({ a: { shape: [2], data: Float32Array.of(1, 2) } })
  expect(await readTensors(weights)).toEqual({ a: { shape: [2], data: Float32Array.of(1, 2) } })
  assignWeights(weights, {
    a: { shape: [2], data: Float32Array.of(3, 4) },
    more: { shape: [], data: new Int32Array(1) },
  })
  expect((await readTensors(weights))['a']!.data).toEqual(Float32Array.of(3, 4))
  disposeWeights(weights)
})

test.each([
  ['missing', {}],
  ['misshapen', { a: { shape: [1, 2], data: Float32Array.of(1, 2) } }],
  ['of another type', { a: { shape: [2], data: Int32Array.of(1, 2) } }],
])('an array that is %s is refused by name', (_, saved) => {
  expect(() => checkedArrays(saved, { a: { shape: [2] } })).toThrow('"a" is missing or misshapen')
})

import { beforeAll, expect, test } from 'vitest'
import { bitsOf, fitSmall } from '../../../../tests/support/fit'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { findMethod } from '../../registry'

beforeAll(() => useBackend('wasm'))

async function trained(id: string, params: Record<string, number> = {}): Promise<Record<string, string>> {
  const outcome = await fitSmall(findMethod(id), ratedTinySplit(), { params })
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  const bits = bitsOf(await outcome.model.save())
  outcome.model.dispose()
  return bits
}

test('is DR-JL at a sensitivity of 1, to the bit, and not at another', async () => {
  const plain = await trained('dr-jl')
  expect(await trained('rd-dr', { sensitivity: 1 })).toEqual(plain)
  expect(await trained('rd-dr', { sensitivity: 1.5 })).not.toEqual(plain)
})

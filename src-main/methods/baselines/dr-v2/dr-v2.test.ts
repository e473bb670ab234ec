import { beforeAll, expect, test } from 'vitest'
import { bitsOf, fitSmall } from '../../../../tests/support/fit'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

test('learns propensities along, and by the balance weight other scores from them', async () => {
  const trained = async (balanceWeight: number): Promise<{ propensity: number[]; bits: Record<string, string> }> => {
    const propensity: number[] = []
    const outcome = await fitSmall(descriptor, ratedTinySplit(), {
      params: { epochs: 20, balanceWeight },
      report: { epoch: ({ values }) => void propensity.push(values['propensity']!) },
    })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    const bits = bitsOf(await outcome.model.save())
    outcome.model.dispose()
    return { propensity, bits }
  }
  const plain = await trained(0)
  // It starts at what the density alone tells.
  expect(plain.propensity.at(-1)).toBeLessThan(plain.propensity[0]! - 0.02)
  const prediction = 'prediction.user.embedding'
  expect((await trained(1)).bits[prediction]).not.toBe(plain.bits[prediction])
})

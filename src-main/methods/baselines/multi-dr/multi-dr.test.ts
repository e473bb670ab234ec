import { beforeAll, expect, test } from 'vitest'
import { likedRate } from '../../../../tests/support/selected-split'
import { fitTasks } from '../../../../tests/support/tasks'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

test('the imputation learns the ratings along with the prediction', async () => {
  const { imputed, rating } = await fitTasks(descriptor, 3, { epochs: 30, imputationLossWeight: 1 })
  expect(Math.abs(imputed.often - likedRate(0))).toBeLessThan(0.1)
  expect(Math.abs(rating.often - likedRate(0))).toBeLessThan(0.1)
})

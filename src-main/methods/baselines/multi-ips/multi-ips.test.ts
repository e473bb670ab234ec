import { beforeAll, expect, test } from 'vitest'
import { likedRate, observedRate } from '../../../../tests/support/selected-split'
import { fitTasks } from '../../../../tests/support/tasks'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

test('one network learns which pairs are observed, and what is liked', async () => {
  const { propensity, rating } = await fitTasks(descriptor, 2, { epochs: 30 })
  expect(Math.abs(propensity.often - observedRate(0))).toBeLessThan(0.1)
  expect(Math.abs(propensity.seldom - observedRate(29))).toBeLessThan(0.1)
  expect(Math.abs(rating.often - likedRate(0))).toBeLessThan(0.1)
  expect(Math.abs(rating.seldom - likedRate(29))).toBeLessThan(0.15)
})

import { beforeAll, expect, test } from 'vitest'
import { likedRate, observedRate } from '../../../../tests/support/selected-split'
import { fitTasks } from '../../../../tests/support/tasks'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

test('being observed and liked is learned over all pairs, by both outputs', async () => {
  // Nothing but the joint task tells the second output which pairs are observed.
  const { joint, propensity } = await fitTasks(descriptor, 3, {
    epochs: 30,
    propensityLossWeight: 0,
    jointLossWeight: 10,
  })
  expect(Math.abs(joint.often - observedRate(0) * likedRate(0))).toBeLessThan(0.05)
  expect(Math.abs(joint.seldom - observedRate(29) * likedRate(29))).toBeLessThan(0.05)
  expect(propensity.often).toBeGreaterThan(2 * propensity.seldom)
})

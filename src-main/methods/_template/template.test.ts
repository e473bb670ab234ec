import { beforeAll, expect, test } from 'vitest'
import { csrOf } from '../../../tests/support/csr'
import { fitSmall } from '../../../tests/support/fit'
import { useBackend } from '../../tensor/backends'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

test('learns how popular the items are', async () => {
  const train = csrOf([[0, 1, 2], [0, 1], [0], [0, 1, 3]], 5)
  const nothing = csrOf([[], [], [], []], 5)
  const outcome = await fitSmall(
    descriptor,
    { hash: 'popular', train, validation: nothing, test: nothing },
    { params: { epochs: 200, learningRate: 0.1 } },
  )
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  const scores = await outcome.model.score(csrOf([[]], 5))
  // Shares of the nine interactions: 4, 3, 1, 1, 0.
  expect(Math.exp(scores[0]!)).toBeCloseTo(4 / 9, 1)
  expect(Math.exp(scores[1]!)).toBeCloseTo(3 / 9, 1)
  expect(scores[4]!).toBeLessThan(scores[3]!)
  outcome.model.dispose()
})

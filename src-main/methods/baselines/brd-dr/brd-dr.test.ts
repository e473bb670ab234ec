import { beforeAll, expect, test } from 'vitest'
import { fitSmall } from '../../../../tests/support/fit'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { descriptor } from '.'

beforeAll(() => useBackend('wasm'))

test('learns the benchmark along, apart from the prediction', async () => {
  const values: Record<string, number>[] = []
  const outcome = await fitSmall(descriptor, ratedTinySplit(), {
    params: { epochs: 40, sensitivity: 2 },
    report: { epoch: (point) => void values.push(point.values) },
  })
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  const saved = await outcome.model.save()
  outcome.model.dispose()
  expect(values.at(-1)!['benchmark']).toBeLessThan(values[0]!['benchmark']! / 2)
  expect(saved['benchmark.user.embedding']!.data).not.toEqual(saved['prediction.user.embedding']!.data)
})

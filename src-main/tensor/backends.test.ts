import { describe, expect, test } from 'vitest'
import type { BackendReport } from '../../src-shared/domain/backend'
import { backendIds } from '../../src-shared/domain/backend'
import { chooseBackend, probe, useBackend } from './backends'
import { tf } from './tf'

const report = (id: BackendReport['id'], usable: boolean, accelerated = false): BackendReport => ({
  id,
  usable,
  accelerated,
  detail: '',
  advice: null,
  probeMilliseconds: 0,
})

describe('the choice', () => {
  test.each([
    [
      'tensorflow first',
      [report('tensorflow', true), report('webgpu', true, true), report('wasm', true)],
      'tensorflow',
    ],
    ['a graphics card before wasm', [report('webgpu', true, true), report('wasm', true)], 'webgpu'],
    ['never a software device', [report('webgpu', true, false), report('wasm', true)], 'wasm'],
    ['cpu when nothing else works', [report('wasm', false), report('cpu', true)], 'cpu'],
  ])('%s', (_, reports, chosen) => expect(chooseBackend(reports)).toBe(chosen))

  test('nothing usable is an error', () =>
    expect(() => chooseBackend([report('cpu', false)])).toThrow('No backend works on this machine'))
})

test('the probe reports on every backend, in order, and ends with the chosen one current', async () => {
  const { reports, chosen } = await probe()
  expect(reports.map(({ id }) => id)).toEqual([...backendIds])
  for (const found of reports) {
    expect(found.detail).not.toBe('')
    expect(found.advice === null).toBe(found.usable)
    expect(found.probeMilliseconds).toBeGreaterThanOrEqual(0)
  }
  expect(reports.filter(({ id }) => id === 'wasm' || id === 'cpu').every(({ usable }) => usable)).toBe(true)
  expect(tf.getBackend()).toBe(chosen)
}, 60_000)

test('a backend that cannot be used is refused with the reason, never replaced by cpu', async () => {
  const { reports } = await probe()
  await useBackend('wasm')
  for (const { id } of reports.filter(({ usable }) => !usable)) {
    await expect(useBackend(id)).rejects.toMatchObject({ code: 'backendUnavailable', details: { backend: id } })
  }
  await useBackend('wasm')
  expect(tf.getBackend()).toBe('wasm')
}, 60_000)

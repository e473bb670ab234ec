import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { encodeSafetensors } from '../tensor/safetensors'
import { readCheckpoint, removeHalfWritten, writeCheckpoint } from './checkpoint-store'

let run: string
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'causeway-checkpoint-'))
})
afterEach(() => rmSync(run, { recursive: true, force: true }))

const checkpoint = (epoch: number): Parameters<typeof writeCheckpoint>[1] => ({
  arrays: { w: { shape: [2], data: Float32Array.of(epoch, 0.5) }, order: { shape: [1], data: Int32Array.of(7) } },
  state: { epoch, rng: [1, 2, 3, 4], best: null },
})

test('the last checkpoint is read as it was written', () => {
  expect(readCheckpoint(run)).toBeNull()
  writeCheckpoint(run, checkpoint(1))
  writeCheckpoint(run, checkpoint(2))
  expect(readCheckpoint(run)).toEqual(checkpoint(2))
  expect(readdirSync(join(run, 'checkpoint'))).toEqual(['last.safetensors'])
})

test('what a killed process left half-written is removed, the checkpoint stays', () => {
  writeCheckpoint(run, checkpoint(1))
  writeFileSync(join(run, 'checkpoint', 'last.safetensors.123.tmp'), 'half')
  removeHalfWritten(run)
  expect(readdirSync(join(run, 'checkpoint'))).toEqual(['last.safetensors'])
})

test.each([
  ['cut short', Buffer.from('abc')],
  ['without a state', Buffer.from(encodeSafetensors({}))],
  ['with a state that is no object', Buffer.from(encodeSafetensors({}, { state: '3' }))],
])('a checkpoint %s is refused', (_, content) => {
  writeCheckpoint(run, checkpoint(1))
  writeFileSync(join(run, 'checkpoint', 'last.safetensors'), content)
  expect(() => readCheckpoint(run)).toThrow(expect.objectContaining({ code: 'runInvalid' }))
})

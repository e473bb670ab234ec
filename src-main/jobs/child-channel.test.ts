import { fork, type ChildProcess } from 'node:child_process'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { echoContract, EchoEvents } from '../../tests/fixtures/echo-child'
import { buildEntry, type BuiltEntry } from '../../tests/support/build-entry'
import { connectChild, type ChildClient } from './child-channel'

let built: BuiltEntry
const children: ChildProcess[] = []

beforeAll(async () => {
  built = await buildEntry('tests/fixtures/echo-child.ts')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => built.remove())

const start = (): { child: ChildProcess; client: ChildClient<typeof echoContract, EchoEvents> } => {
  const child = fork(built.file, ['serve'], { serialization: 'advanced' })
  children.push(child)
  return { child, client: connectChild<typeof echoContract, EchoEvents>(child) }
}

test('typed arrays, NaN and infinity cross unharmed', async () => {
  const { client } = start()
  const values = await client.call('double', { values: Float32Array.of(1.5, NaN, Infinity) })
  expect(values).toBeInstanceOf(Float32Array)
  expect([...values]).toEqual([3, NaN, Infinity])
})

test('an error keeps its code and details', async () => {
  const { client } = start()
  await expect(client.call('fail', {})).rejects.toMatchObject({ code: 'noPositives', details: { threshold: 9 } })
})

test('an unknown call and an invalid input are refused', async () => {
  const { client } = start()
  await expect(client.call('nothing' as 'fail', {})).rejects.toMatchObject({ code: 'badRequest' })
  await expect(client.call('count', { to: 1.5 })).rejects.toMatchObject({ code: 'badRequest' })
})

test('all events arrive before the answer, in order', async () => {
  const { client } = start()
  const seen: number[] = []
  client.on('step', ({ at }) => void seen.push(at))
  await client.call('count', { to: 500 })
  expect(seen).toEqual(Array.from({ length: 500 }, (_, at) => at))
})

test('a killed child rejects its pending and all later calls', async () => {
  const { child, client } = start()
  await client.call('count', { to: 1 })
  const pending = client.call('never', {})
  child.kill('SIGKILL')
  await expect(pending).rejects.toMatchObject({ code: 'processDied', details: { signal: 'SIGKILL' } })
  await expect(client.call('never', {})).rejects.toMatchObject({ code: 'processDied' })
  expect(await client.ended).toEqual({ code: null, signal: 'SIGKILL' })
})

test('a child whose parent goes away ends by itself', async () => {
  const { child, client } = start()
  await client.call('count', { to: 1 })
  child.disconnect()
  expect(await client.ended).toEqual({ code: 0, signal: null })
})

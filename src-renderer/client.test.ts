// @vitest-environment happy-dom
import { reactive } from 'vue'
import { describe, expect, it } from 'vitest'
import { CausewayError } from '../src-shared/contract/errors'
import { plain } from './client'
import { connectServices, eventually, jobOf } from './testing/pipe'

describe('the connection', () => {
  it('answers a request with the value of the services', async () => {
    const { connection } = connectServices({ 'data:list': () => [] })
    await expect(connection.request('data:list', {})).resolves.toEqual([])
    expect(connection.state.value).toBe('open')
  })

  it('throws the error of the services with its code and details', async () => {
    const { connection } = connectServices({
      'runs:get': () => {
        throw new CausewayError('notFound', 'There is no run x.', { run: 'x' })
      },
    })
    const failure = connection.request('runs:get', { run: 'x' })
    await expect(failure).rejects.toMatchObject({ code: 'notFound', details: { run: 'x' } })
  })

  it('posts reactive values as plain ones, which a message port can clone', async () => {
    const params = reactive({ epochs: 3, nested: { list: [1, 2] } })
    expect(() => structuredClone(params)).toThrow()
    expect(structuredClone(plain(params))).toEqual({ epochs: 3, nested: { list: [1, 2] } })
    let seen: unknown
    const { connection } = connectServices({
      'train:start': (input) => {
        seen = input
        return jobOf()
      },
    })
    await connection.request('train:start', { method: 'csc', dataset: 'demo', params: reactive({ epochs: 3 }) })
    expect(seen).toMatchObject({ params: { epochs: 3 }, seed: 0 })
  })

  it('rejects what was pending when the pipe dies, then connects anew and tells the stores', async () => {
    const services = connectServices({ 'jobs:list': () => new Promise(() => undefined), 'data:list': () => [] })
    const { connection } = services
    let connected = 0
    connection.onConnected(() => void connected++)
    const pending = connection.request('jobs:list', {})
    await eventually(() => expect(services.asked).toContain('jobs:list'))
    services.hangUp()
    await expect(pending).rejects.toMatchObject({ code: 'disconnected' })
    expect(connection.state.value).toBe('lost')
    await eventually(() => expect(connection.state.value).toBe('open'))
    expect(connected).toBe(2)
    await expect(connection.request('data:list', {})).resolves.toEqual([])
  })

  it('keeps its listeners over a reconnection', async () => {
    const services = connectServices()
    const seen: string[] = []
    services.connection.on('data:changed', ({ dataset }) => seen.push(dataset))
    await eventually(() => expect(services.connection.state.value).toBe('open'))
    services.send('data:changed', { dataset: 'one' })
    await eventually(() => expect(seen).toEqual(['one']))
    services.hangUp()
    await eventually(() => expect(services.connection.state.value).toBe('open'))
    services.send('data:changed', { dataset: 'two' })
    await eventually(() => expect(seen).toEqual(['one', 'two']))
  })
})

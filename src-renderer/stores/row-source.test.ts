// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import type { RequestInput, RequestOutput } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { connectServices, eventually } from '../testing/pipe'
import { createRowSource } from './row-source'

type Asked = RequestInput<'runs:rows'>
const query = { filter: {}, sort: [{ column: 'createdAt', descending: true }] }

/** Services with runs `run-0`, `run-1`…; a cell says its run and column. */
function servicesOf(ids: () => string[]) {
  const asked: Asked[] = []
  const answer = (input: Asked): RequestOutput<'runs:rows'> => ({
    all: ids().length,
    total: ids().length,
    offset: input.offset,
    rows: ids()
      .slice(input.offset, input.offset + input.limit)
      .map((id) => ({
        id,
        method: 'csc',
        state: 'completed',
        cells: input.columns.map((column) => `${id} ${column}`),
      })),
  })
  const services = connectServices({
    'runs:rows': (input) => {
      asked.push(input)
      return answer(input)
    },
  })
  return { asked, answer, services }
}
const numbered = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => `run-${from + i}`)

describe('rows of runs', () => {
  it('are fetched a page and the columns in view at a time, and nothing twice', async () => {
    const { asked } = servicesOf(() => numbered(1000))
    const source = createRowSource()
    source.want({ first: 0, last: 30, columns: ['state'] })
    await source.ask(query)
    expect(source.counts.value).toEqual({ all: 1000, total: 1000 })
    expect(asked.map(({ offset, columns }) => [offset, columns])).toEqual([[0, ['state']]])
    expect(source.cell(5, 'state')).toBe('run-5 state')
    expect(source.head(150)).toBeUndefined()

    source.want({ first: 90, last: 120, columns: ['state', 'seed'] })
    await eventually(() => expect(source.cell(110, 'seed')).toBe('run-110 seed'))
    expect(asked.slice(1).map(({ offset, columns }) => [offset, columns])).toEqual([
      [0, ['seed']],
      [100, ['state', 'seed']],
    ])
    expect(source.cell(95, 'state')).toBe('run-95 state')
    source.want({ first: 0, last: 120, columns: ['seed'] })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(asked).toHaveLength(3)
  })

  it('of a question that was overtaken are dropped', async () => {
    const { answer, services } = servicesOf(() => numbered(3))
    const held: (() => void)[] = []
    services.answers['runs:rows'] = (input) => new Promise((resolve) => held.push(() => resolve(answer(input))))
    const source = createRowSource()
    source.want({ first: 0, last: 10, columns: [] })
    const first = source.ask({ ...query, filter: { text: 'old' } })
    const second = source.ask({ ...query, filter: { text: 'new' } })
    await eventually(() => expect(held).toHaveLength(2))
    held[0]!()
    await first
    expect(source.counts.value).toBeNull()
    held[1]!()
    await second
    expect(source.counts.value?.total).toBe(3)
    expect(source.swaps.value.count).toBe(1)
  })

  it('stay in view while they are fetched anew, and many changes become one more question', async () => {
    let ids = numbered(3)
    const { asked } = servicesOf(() => ids)
    const source = createRowSource()
    source.want({ first: 0, last: 10, columns: ['seed'] })
    await source.ask(query)
    ids = ['new', ...ids]
    const reloads = [source.reload(), source.reload(), source.reload(), source.reload()]
    expect(source.head(0)?.id).toBe('run-0')
    await Promise.all(reloads)
    await eventually(() => expect(asked).toHaveLength(3))
    expect(source.head(0)?.id).toBe('new')
    expect(source.swaps.value.same).toBe(true)
    expect(source.indexOf('run-0')).toBe(1)
  })

  it('are put together only from answers of one order', async () => {
    let ids = numbered(5)
    servicesOf(() => ids)
    const source = createRowSource()
    source.want({ first: 0, last: 4, columns: ['a'] })
    await source.ask(query)
    ids = ['new', ...ids]
    source.want({ first: 0, last: 4, columns: ['a', 'b'] })
    await eventually(() => expect(source.cell(0, 'b')).toBe('new b'))
    await eventually(() => expect(source.cell(0, 'a')).toBe('new a'))
    expect(source.head(1)?.id).toBe('run-0')
  })

  it('say why they did not come, and come when they are asked for again', async () => {
    const { answer, services } = servicesOf(() => numbered(2))
    services.answers['runs:rows'] = () => {
      throw new CausewayError('badRequest', 'No such column.')
    }
    const source = createRowSource()
    await source.ask(query)
    expect(source.error.value?.message).toBe('No such column.')
    expect(source.loading.value).toBe(false)
    services.answers['runs:rows'] = answer
    await source.ask(query)
    expect(source.error.value).toBeNull()
    expect(source.head(1)?.id).toBe('run-1')
  })

  it('name runs that were never shown', async () => {
    const { asked } = servicesOf(() => numbered(1200))
    const source = createRowSource()
    await source.ask(query)
    const before = asked.length
    expect(await source.ids(10, 1009)).toEqual(numbered(1000, 10))
    expect(asked.slice(before).map(({ columns }) => columns)).toEqual([[], []])
  })
})

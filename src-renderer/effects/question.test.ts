import { describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import { createQuestion } from './question'

interface Asked {
  of: string
  task: string
  answer(value: string): void
  fail(error: CausewayError): void
}

/** A question whose answers the test gives, when it likes; its scope is the first letter. */
function question(change: { delayMs?: number; stoppable?: boolean; inFlight?: number; kept?: number } = {}) {
  const asked: Asked[] = []
  const stopped: string[] = []
  const made = createQuestion<string, string>({
    ask: (of, task) => new Promise((resolve, reject) => asked.push({ of, task, answer: resolve, fail: reject })),
    scope: (of) => of[0]!,
    delayMs: change.delayMs ?? 0,
    ...(change.stoppable
      ? {
          stop: (task: string) => {
            stopped.push(asked.find((one) => one.task === task)!.of)
            return Promise.resolve()
          },
        }
      : {}),
    inFlight: change.inFlight ?? 2,
    kept: change.kept ?? 10,
  })
  return { ...made, asked, stopped }
}
const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await nextTick()
}

describe('a question', () => {
  it('drops an answer that comes after a newer one', async () => {
    const q = question()
    q.want('a1')
    await settle()
    q.want('a2')
    await settle()
    q.asked[1]!.answer('second')
    await settle()
    expect(q.answer.value).toMatchObject({ question: 'a2', value: 'second' })
    q.asked[0]!.answer('first')
    await settle()
    expect(q.answer.value).toMatchObject({ question: 'a2', value: 'second' })
    expect(q.stale.value).toBe(false)
  })

  it('shows an older answer of the scope meanwhile, marked as out of date', async () => {
    const q = question()
    q.want('a1')
    await settle()
    q.asked[0]!.answer('first')
    await settle()
    q.want('a2')
    await settle()
    expect(q.answer.value?.value).toBe('first')
    expect(q.stale.value).toBe(true)
    expect(q.loading.value).toBe(true)
    q.want('b1')
    expect(q.answer.value).toBeNull()
    q.asked[1]!.answer('of another scope')
    await settle()
    expect(q.answer.value).toBeNull()
  })

  it('gives what it was asked before at once and without asking, the oldest forgotten first', async () => {
    const q = question({ kept: 2 })
    for (const of of ['a1', 'a2']) {
      q.want(of)
      await settle()
      q.asked.at(-1)!.answer(`answer ${of}`)
      await settle()
    }
    q.want('a1')
    expect(q.answer.value?.value).toBe('answer a1')
    expect(q.stale.value).toBe(false)
    expect(q.asked).toHaveLength(2)
    q.want('a3')
    await settle()
    q.asked.at(-1)!.answer('answer a3')
    await settle()
    q.want('a1')
    await settle()
    expect(q.asked.map(({ of }) => of)).toEqual(['a1', 'a2', 'a3', 'a1'])
  })

  it('lets the newest wait for a place where many are on their way, and passes over those between', async () => {
    const q = question()
    for (const of of ['a1', 'a2', 'a3', 'a4', 'a5']) {
      q.want(of)
      await settle()
    }
    expect(q.asked.map(({ of }) => of)).toEqual(['a1', 'a2'])
    q.asked[0]!.answer('first')
    await settle()
    expect(q.asked.map(({ of }) => of)).toEqual(['a1', 'a2', 'a5'])
  })

  it('stops an older task before the next is asked, and takes its end for no error', async () => {
    const q = question({ stoppable: true, inFlight: 1 })
    q.want('a1')
    await settle()
    q.want('a2')
    await settle()
    expect(q.stopped).toEqual(['a1'])
    expect(q.asked.map(({ of }) => of)).toEqual(['a1', 'a2'])
    q.asked[0]!.fail(new CausewayError('cancelled', 'Stopped.'))
    await settle()
    expect(q.error.value).toBeNull()
    expect(q.loading.value).toBe(true)
  })

  it('waits for changes that follow each other fast', async () => {
    vi.useFakeTimers()
    try {
      const q = question({ delayMs: 150 })
      q.want('a1')
      await vi.advanceTimersByTimeAsync(100)
      q.want('a2')
      await vi.advanceTimersByTimeAsync(100)
      expect(q.asked).toEqual([])
      await vi.advanceTimersByTimeAsync(50)
      expect(q.asked.map(({ of }) => of)).toEqual(['a2'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('can be stopped and asked again', async () => {
    const q = question({ stoppable: true })
    q.want('a1')
    await settle()
    await q.cancel()
    q.asked[0]!.fail(new CausewayError('cancelled', 'Stopped.'))
    await settle()
    expect(q.stopped).toEqual(['a1'])
    expect([q.cancelled.value, q.loading.value, q.error.value]).toEqual([true, false, null])
    q.retry()
    await settle()
    q.asked[1]!.answer('now')
    await settle()
    expect([q.cancelled.value, q.answer.value?.value]).toEqual([false, 'now'])
  })

  it('keeps the last answer beside an error', async () => {
    const q = question()
    q.want('a1')
    await settle()
    q.asked[0]!.answer('first')
    await settle()
    q.want('a2')
    await settle()
    q.asked[1]!.fail(new CausewayError('processDied', 'Gone.'))
    await settle()
    expect([q.error.value?.code, q.answer.value?.value, q.stale.value]).toEqual(['processDied', 'first', true])
    q.retry()
    await settle()
    q.asked[2]!.answer('second')
    await settle()
    expect([q.error.value, q.answer.value?.value]).toEqual([null, 'second'])
  })

  it('follows the progress of its own newest task only, and says the time to go after a second', async () => {
    vi.useFakeTimers()
    try {
      const q = question({ stoppable: true })
      q.want('a1')
      await vi.advanceTimersByTimeAsync(0)
      const { task } = q.asked[0]!
      q.progressed({ task: 'of someone else', stage: 'Users', fraction: 0.5 })
      expect(q.progress.value).toBeNull()
      q.progressed({ task, stage: 'Users', fraction: 0.1 })
      expect(q.progress.value?.etaSeconds).toBeNull()
      await vi.advanceTimersByTimeAsync(2000)
      q.progressed({ task, stage: 'Users', fraction: 0.25 })
      expect(q.progress.value?.etaSeconds).toBeCloseTo(6)
      q.asked[0]!.answer('done')
      await vi.advanceTimersByTimeAsync(0)
      expect(q.progress.value).toBeNull()
    } finally {
      vi.useRealTimers()
    }
  })
})

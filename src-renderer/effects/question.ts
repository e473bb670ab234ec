import { computed, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { EventMap } from '../../src-shared/contract/contract'

export interface QuestionProgress {
  stage: string
  /** 0..1 */
  fraction: number
  /** Null in the first second, when it cannot be told. */
  etaSeconds: number | null
}

export interface Answer<Q, A> {
  question: Q
  value: A
}

interface Numbered<Q> {
  question: Q
  key: string
  number: number
}

/** An answer says how long it took only after this. */
const etaAfterMs = 1000

/**
 * A question that is asked again whenever what it depends on changes. Questions are numbered: an answer shows only where it is newer
 * than the one shown, so that a late one never overwrites. An older answer of the same scope stays until then, marked by `stale`.
 * Answers are remembered, so that undo brings back the same numbers without asking.
 */
export function createQuestion<Q, A>(options: {
  ask(question: Q, task: string): Promise<A>
  /** Answers are shown beside a newer question only where it is of the same scope: the same run, the same user. */
  scope(question: Q): string
  /** Wait for the next change before asking. */
  delayMs: number
  /** Ends the task of a question nobody waits for any more; left out where questions are too short to be stopped. */
  stop?: (task: string) => Promise<unknown>
  /** How many unstoppable questions may be on their way: the newest waits for a place. */
  inFlight: number
  /** Answers remembered. */
  kept: number
}) {
  const wanted = shallowRef<Numbered<Q> | null>(null)
  const shown = shallowRef<(Numbered<Q> & { value: A }) | null>(null)
  const error = shallowRef<CausewayError | null>(null)
  const progress = shallowRef<QuestionProgress | null>(null)
  const stopped = shallowRef(false)
  const remembered = new Map<string, A>()
  /** Tasks on their way by the question's number. */
  const running = new Map<number, { task: string; startedAt: number }>()
  let count = 0
  let due = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const answered = computed(() => wanted.value !== null && shown.value?.key === wanted.value.key)

  /** Makes `question` the newest one; null asks nothing and shows nothing. */
  function want(question: Q | null): void {
    const key = question === null ? null : JSON.stringify(question)
    if (key === (wanted.value?.key ?? null)) return
    clearTimeout(timer)
    due = false
    stopped.value = false
    error.value = null
    progress.value = null
    if (question === null || key === null) {
      wanted.value = null
      shown.value = null
      void stopRunning()
      return
    }
    const mine = { question, key, number: ++count }
    wanted.value = mine
    if (shown.value && options.scope(shown.value.question) !== options.scope(question)) shown.value = null
    const known = remembered.get(key)
    if (known !== undefined) {
      show(mine, known)
      void stopRunning()
      return
    }
    if (options.delayMs === 0) askWhenDue()
    else timer = setTimeout(askWhenDue, options.delayMs)
  }

  function askWhenDue(): void {
    due = true
    void next()
  }

  /** Asks the newest question where it is due and there is a place for it. */
  async function next(): Promise<void> {
    const mine = wanted.value
    if (!due || !mine || answered.value) return
    if (!options.stop && running.size >= options.inFlight) return
    due = false
    await stopRunning()
    if (wanted.value !== mine || stopped.value) return
    const task = crypto.randomUUID()
    running.set(mine.number, { task, startedAt: performance.now() })
    try {
      const value = await options.ask(mine.question, task)
      remember(mine.key, value)
      show(mine, value)
    } catch (thrown) {
      if (wanted.value === mine && !stopped.value) error.value = CausewayError.from(thrown)
    } finally {
      running.delete(mine.number)
      void next()
    }
  }

  /** A stop that fails leaves a task that ends by itself; the line's failure shows with the question that follows. */
  async function stopRunning(): Promise<void> {
    if (!options.stop) return
    await Promise.allSettled([...running.values()].map(({ task }) => options.stop!(task)))
  }

  function remember(key: string, value: A): void {
    remembered.delete(key)
    remembered.set(key, value)
    if (remembered.size > options.kept) remembered.delete(remembered.keys().next().value!)
  }

  function show(mine: Numbered<Q>, value: A): void {
    const newest = wanted.value
    if (!newest || options.scope(mine.question) !== options.scope(newest.question)) return
    const isNewest = mine.key === newest.key
    if (!isNewest && mine.number < (shown.value?.number ?? 0)) return
    shown.value = { ...mine, number: isNewest ? newest.number : mine.number, value }
    if (isNewest) {
      error.value = null
      progress.value = null
    }
  }

  return {
    want,
    /** The question waited for; null where there is none. */
    question: computed(() => wanted.value?.question ?? null),
    answer: computed<Answer<Q, A> | null>(() => shown.value),
    /** The answer shown is of an earlier question. */
    stale: computed(() => shown.value !== null && !answered.value),
    loading: computed(() => wanted.value !== null && !answered.value && error.value === null && !stopped.value),
    /** The analyst stopped the newest question. */
    cancelled: computed(() => stopped.value && wanted.value !== null && !answered.value),
    error,
    progress,
    /** Takes an event for what it is: ours or not. */
    progressed({ task, stage, fraction }: EventMap['intervene:progress']): void {
      const mine = wanted.value && running.get(wanted.value.number)
      if (mine?.task !== task || stopped.value) return
      const elapsedMs = performance.now() - mine.startedAt
      const known = elapsedMs >= etaAfterMs && fraction > 0
      progress.value = {
        stage,
        fraction,
        etaSeconds: known ? ((elapsedMs / 1000) * (1 - fraction)) / fraction : null,
      }
    },
    /** Stops the newest question; what was shown before stays, marked. */
    async cancel(): Promise<void> {
      if (wanted.value === null || answered.value) return
      clearTimeout(timer)
      due = false
      stopped.value = true
      progress.value = null
      await stopRunning()
    },
    /** Asks once more after an error or a cancel. */
    retry(): void {
      stopped.value = false
      error.value = null
      askWhenDue()
    },
  }
}

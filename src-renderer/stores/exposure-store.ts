import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef, watch } from 'vue'
import { z } from 'zod'
import { request, useConnection } from '../client'
import { createQuestion } from '../effects/question'
import { useContextStore } from './context-store'
import { useEffectsStore } from './effects-store'
import { persistedRef } from './persisted'
import { createSnapshot } from './snapshot'

export interface NamedItem {
  id: string
  title: string
}

/** How many of the strongest effects the graph may have. */
export const strongestCounts = [10, 20, 40] as const

/**
 * What exposing items does to the ratings of the run in view: of the item chosen, of any, in segments, and to one user's list where exposures
 * are set. The item is remembered for each run while the window is open; exposures that are set, for each user of a run.
 */
export const useExposureStore = defineStore('exposure', () => {
  const context = useContextStore()
  const effects = useEffectsStore()
  const connection = useConnection()
  const stop = (task: string): Promise<null> => request('intervene:stop', { task })

  /** The run whose exposures are in view. */
  const run = computed(() => (effects.tellsExposures ? (effects.opened?.id ?? null) : null))

  const items = shallowReactive(new Map<string, NamedItem>())
  /** The item whose exposure is looked at. */
  const item = computed(() => (run.value === null ? null : (items.get(run.value) ?? null)))
  function choose(one: NamedItem): void {
    if (run.value !== null) items.set(run.value, one)
  }
  /** Whom effects are for: everyone (ATE), or the user in view (CATE). */
  const whom = persistedRef('causeway:exposure:whom', z.enum(['everyone', 'user']), 'everyone')
  /** The user effects are for; null for everyone. */
  const user = computed(() => (whom.value === 'user' ? context.user : null))
  /** A user is to be chosen first. */
  const needsUser = computed(() => whom.value === 'user' && context.user === null)
  const count = persistedRef('causeway:exposure:strongest', z.literal(strongestCounts), 20)
  const attribute = shallowRef<string | null>(null)

  const ofItem = createQuestion({
    ask: (question: { run: string; item: string; user: string | null; count: number }) =>
      request('exposure:effects', question),
    scope: (question) => question.run,
    delayMs: 0,
    inFlight: 2,
    kept: 200,
  })
  const strongest = createQuestion({
    ask: (question: { run: string; user: string | null; count: number }, task: string) =>
      request('exposure:strongest', { ...question, task }),
    scope: (question) => question.run,
    delayMs: 0,
    stop,
    inFlight: 1,
    kept: 20,
  })
  const exposed = createQuestion({
    ask: (question: { run: string; user: string; expose: string[]; withdraw: string[]; k: number }) =>
      request('exposure:expose', question),
    scope: (question) => `${question.run} ${question.user}`,
    delayMs: 0,
    inFlight: 2,
    kept: 200,
  })
  const segments = createQuestion({
    ask: (question: { run: string; item: string; attribute: string; count: number }, task: string) =>
      request('exposure:segments', { ...question, task }),
    scope: (question) => JSON.stringify([question.run, question.item, question.attribute]),
    delayMs: 0,
    stop,
    inFlight: 1,
    kept: 20,
  })
  const check = createSnapshot((id: string) => request('exposure:check', { run: id }))
  const choices = createSnapshot((id: string) => request('intervene:segments', { run: id }))
  /** Attributes that segments can be made by. */
  const attributes = computed(() => [
    ...(choices.value.value?.texts ?? []).map((one) => one.attribute),
    ...(choices.value.value?.numbers ?? []).map((one) => one.attribute),
  ])

  watch(
    run,
    (id) => {
      check.clear()
      choices.clear()
      attribute.value = null
      if (id === null) return
      void check.refresh(id)
      void choices.refresh(id)
    },
    { immediate: true },
  )
  watch(attributes, (names) => {
    if (attribute.value === null || !names.includes(attribute.value)) attribute.value = names[0] ?? null
  })

  /** What is set for a user of a run. */
  const sets = shallowReactive(new Map<string, { expose: readonly NamedItem[]; withdraw: readonly NamedItem[] }>())
  const nothingSet = { expose: [], withdraw: [] }
  const setKey = computed(() =>
    run.value === null || context.user === null ? null : JSON.stringify([run.value, context.user]),
  )
  const set = computed(() => (setKey.value === null ? nothingSet : (sets.get(setKey.value) ?? nothingSet)))
  const isSet = computed(() => set.value.expose.length + set.value.withdraw.length > 0)
  function change(kind: 'expose' | 'withdraw', to: readonly NamedItem[]): void {
    if (setKey.value !== null) sets.set(setKey.value, { ...set.value, [kind]: to })
  }
  /** Shows the user in view an item, or withdraws one; a second time changes nothing. */
  function add(kind: 'expose' | 'withdraw', one: NamedItem): void {
    if (set.value[kind].every(({ id }) => id !== one.id)) change(kind, [...set.value[kind], one])
  }
  /** Leaves the exposure to an item as it is in the data. */
  function leave(kind: 'expose' | 'withdraw', id: string): void {
    change(
      kind,
      set.value[kind].filter((one) => one.id !== id),
    )
  }
  function reset(): void {
    if (setKey.value !== null) sets.delete(setKey.value)
  }

  /** Asked for while they can be seen. */
  const graphInView = shallowRef(false)
  const tabInView = shallowRef<'item' | 'expose' | 'segments' | null>(null)
  watch(
    () =>
      run.value === null || item.value === null || needsUser.value || tabInView.value !== 'item'
        ? null
        : { run: run.value, item: item.value.id, user: user.value, count: effects.k },
    ofItem.want,
    { immediate: true },
  )
  watch(
    () =>
      run.value === null || needsUser.value || !graphInView.value
        ? null
        : { run: run.value, user: user.value, count: count.value },
    strongest.want,
    { immediate: true },
  )
  watch(
    () =>
      run.value === null || context.user === null || tabInView.value !== 'expose'
        ? null
        : {
            run: run.value,
            user: context.user,
            expose: set.value.expose.map(({ id }) => id),
            withdraw: set.value.withdraw.map(({ id }) => id),
            k: effects.k,
          },
    exposed.want,
    { immediate: true },
  )
  watch(
    () =>
      run.value === null || item.value === null || attribute.value === null || tabInView.value !== 'segments'
        ? null
        : { run: run.value, item: item.value.id, attribute: attribute.value, count: effects.k },
    segments.want,
    { immediate: true },
  )

  connection.on('intervene:progress', (event) => {
    strongest.progressed(event)
    segments.progressed(event)
  })
  connection.onConnected(() => {
    for (const question of [ofItem, strongest, exposed, segments])
      if (question.error.value?.code === 'disconnected') question.retry()
    if (run.value === null) return
    if (check.error.value) void check.refresh(run.value)
    if (choices.error.value) void choices.refresh(run.value)
  })

  return {
    run,
    item,
    choose,
    whom,
    user,
    needsUser,
    count,
    attribute,
    attributes,
    choices,
    check,
    ofItem,
    strongest,
    exposed,
    segments,
    set,
    isSet,
    add,
    leave,
    reset,
    graphInView,
    tabInView,
  }
})

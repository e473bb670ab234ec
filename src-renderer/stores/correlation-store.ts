import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef, watch } from 'vue'
import { correlationGrid, mostSetCorrelation, type CorrelationMeasures } from '../../src-shared/domain/correlation'
import { request, useConnection } from '../client'
import { createQuestion } from '../effects/question'
import { useContextStore } from './context-store'
import { useEffectsStore } from './effects-store'
import { createSnapshot } from './snapshot'

/** Values that follow each other faster, such as a slider being dragged, are one question about the measures. */
const measuresDelayMs = 150

/**
 * What becomes of lists and measures where the correlation of exogenous variables of the run in view is set: the list of the user in view at
 * once, the measures shortly after. What is set is remembered for each run while the window is open.
 */
export const useCorrelationStore = defineStore('correlation', () => {
  const context = useContextStore()
  const effects = useEffectsStore()
  const connection = useConnection()
  const stop = (task: string): Promise<null> => request('intervene:stop', { task })

  /** The run whose correlation is in view. */
  const run = computed(() => (effects.isCorrelated ? (effects.opened?.id ?? null) : null))
  const estimate = createSnapshot((id: string) => request('correlation:get', { run: id }))
  /** Learned, as far as it can be set. */
  const learned = computed(() =>
    estimate.value.value === null
      ? null
      : Math.max(-mostSetCorrelation, Math.min(mostSetCorrelation, estimate.value.value.correlation)),
  )
  const chosen = shallowReactive(new Map<string, number>())
  /** The correlation as set; the learned one where nobody set it, null until that is here. */
  const rho = computed(() => (run.value === null ? null : (chosen.get(run.value) ?? learned.value)))
  function set(value: number): void {
    if (run.value === null || !Number.isFinite(value)) return
    chosen.set(run.value, Math.max(-mostSetCorrelation, Math.min(mostSetCorrelation, value)))
  }
  /** Goes back to what was learned. */
  function reset(): void {
    if (run.value !== null) chosen.delete(run.value)
  }
  const isSet = computed(() => run.value !== null && chosen.has(run.value) && chosen.get(run.value) !== learned.value)

  const lists = createQuestion({
    ask: (question: { run: string; user: string; k: number; rho: number }) => request('correlation:effect', question),
    scope: (question) => `${question.run} ${question.user}`,
    delayMs: 0,
    inFlight: 2,
    kept: 400,
  })
  const curve = createQuestion({
    ask: (question: { run: string }, task: string) =>
      request('correlation:curve', { ...question, rhos: [...correlationGrid], task }),
    scope: (question) => question.run,
    delayMs: 0,
    stop,
    inFlight: 1,
    kept: 10,
  })
  const measures = createQuestion({
    ask: async (question: { run: string; rho: number }, task: string): Promise<CorrelationMeasures> =>
      (await request('correlation:curve', { run: question.run, rhos: [question.rho], task })).points[0]!,
    scope: (question) => question.run,
    delayMs: measuresDelayMs,
    stop,
    inFlight: 1,
    kept: 400,
  })

  /** Asked for while it can be seen. */
  const inView = shallowRef(false)
  watch(
    run,
    (id) => {
      estimate.clear()
      if (id !== null) void estimate.refresh(id)
    },
    { immediate: true },
  )
  watch(
    () =>
      run.value === null || context.user === null || rho.value === null || !inView.value
        ? null
        : { run: run.value, user: context.user, k: effects.k, rho: rho.value },
    lists.want,
    { immediate: true },
  )
  watch(() => (run.value === null || !inView.value ? null : { run: run.value }), curve.want, { immediate: true })
  watch(
    () => (run.value === null || rho.value === null || !inView.value ? null : { run: run.value, rho: rho.value }),
    measures.want,
    { immediate: true },
  )

  connection.on('intervene:progress', (event) => {
    curve.progressed(event)
    measures.progressed(event)
  })
  connection.on('run:annotated', (event) => {
    if (event.run === run.value) void estimate.refresh(event.run)
  })
  connection.onConnected(() => {
    for (const question of [lists, curve, measures]) if (question.error.value?.code === 'disconnected') question.retry()
    if (run.value !== null && estimate.error.value) void estimate.refresh(run.value)
  })

  return { run, estimate, learned, rho, isSet, set, reset, lists, curve, measures, inView }
})

import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { z } from 'zod'
import type { Intervention, PathExplanation, SavedEffect, UserSelection } from '../../src-shared/domain/intervention'
import type { RunManifest } from '../../src-shared/domain/run'
import { hold, loadMask, release } from '../../src-shared/graph/edit/operations'
import { request, useConnection } from '../client'
import { createQuestion, type QuestionProgress } from '../effects/question'
import { useContextStore } from './context-store'
import { useGraphEditorStore } from './graph-editor-store'
import { useMethodsStore } from './methods-store'
import { persistedRef } from './persisted'
import { createSnapshot } from './snapshot'

export const interventionTabs = ['user', 'segment', 'confounders', 'why', 'saved', 'correlation'] as const
export const exposureTabs = ['item', 'expose', 'segments'] as const
const effectTabs = [...interventionTabs, ...exposureTabs] as const
export type EffectTab = (typeof effectTabs)[number]
export const listLengths = [10, 20, 30] as const

/** Changes that follow each other faster, such as a slider being dragged, are one question about the segment. */
const segmentDelayMs = 150
const everyone: UserSelection = { kind: 'all' }
const stop = (task: string): Promise<null> => request('intervene:stop', { task })

/**
 * What the intervention in the editor does to real lists: for the user in view at once, for a segment shortly after. Only what the
 * pane shows is asked; what it showed before stays, marked as out of date, until the answer is here.
 */
export const useEffectsStore = defineStore('effects', () => {
  const context = useContextStore()
  const editor = useGraphEditorStore()
  const methods = useMethodsStore()
  const connection = useConnection()

  /** The run the pane is open for. */
  const opened = shallowRef<RunManifest | null>(null)
  const k = persistedRef('causeway:effects:k', z.literal(listLengths), 10)
  const tab = persistedRef('causeway:effects:tab', z.enum(effectTabs), 'user')
  /** The attribute that sentences and Table 4 are about; null for the first there is. */
  const attribute = persistedRef('causeway:effects:attribute', z.string().nullable(), null)
  const selection = shallowRef<UserSelection>(everyone)
  /** The item whose score is explained. */
  const explained = shallowRef<{ run: string; user: string; item: string } | null>(null)

  const user = createQuestion({
    ask: (question: { run: string; user: string; k: number; intervention: Intervention }) =>
      request('intervene:user', question),
    scope: (question) => `${question.run} ${question.user}`,
    delayMs: 0,
    inFlight: 2,
    kept: 200,
  })
  const segment = createQuestion({
    ask: (question: { run: string; users: UserSelection; k: number; intervention: Intervention }, task: string) =>
      request('intervene:segment', { ...question, task }),
    scope: (question) => JSON.stringify([question.run, question.users]),
    delayMs: segmentDelayMs,
    stop,
    inFlight: 1,
    kept: 50,
  })
  const confounders = createQuestion({
    ask: (question: { run: string; users: UserSelection; k: number }, task: string) =>
      request('intervene:perConfounder', { ...question, task }),
    scope: (question) => question.run,
    delayMs: 0,
    stop,
    inFlight: 1,
    kept: 10,
  })
  const paths = createQuestion({
    ask: (question: { run: string; user: string; item: string; intervention: Intervention }) =>
      request('intervene:paths', question),
    scope: (question) => JSON.stringify([question.run, question.user, question.item]),
    delayMs: 0,
    inFlight: 2,
    kept: 200,
  })

  const method = computed(() => (opened.value ? (methods.byId.get(opened.value.method) ?? null) : null))
  /** Whether anything can be asked of the open run. */
  const available = computed(
    () => opened.value?.state === 'completed' && (method.value?.capabilities.includes('intervene') ?? false),
  )
  /** Whether the open run learned a correlation of exogenous variables, which can be set. */
  const isCorrelated = computed(
    () => opened.value?.state === 'completed' && (method.value?.capabilities.includes('correlation') ?? false),
  )
  /** Whether the open run tells what exposing items does. */
  const tellsExposures = computed(
    () => opened.value?.state === 'completed' && (method.value?.capabilities.includes('exposure-effects') ?? false),
  )
  /** The run whose intervention the editor holds, where it can be asked about. */
  const run = computed(() =>
    available.value && editor.run === opened.value?.id && editor.nodes.length > 0 ? opened.value.id : null,
  )

  watch(
    () =>
      run.value === null || context.user === null
        ? null
        : { run: run.value, user: context.user, k: k.value, intervention: editor.intervention },
    user.want,
    { immediate: true },
  )
  /** Asked while it can be seen: for many users it is real work. */
  const segmentInView = computed(() => tab.value === 'segment')
  watch(
    [run, selection, k, () => editor.intervention, segmentInView] as const,
    ([id, users, length, intervention, inView]) => {
      if (id === null) segment.want(null)
      else if (inView) segment.want({ run: id, users, k: length, intervention })
    },
    { immediate: true },
  )
  watch(
    () =>
      run.value === null || explained.value?.run !== run.value || explained.value.user !== context.user
        ? null
        : { ...explained.value, intervention: editor.intervention },
    paths.want,
    { immediate: true },
  )
  watch(run, (id) => {
    if (id === null) confounders.want(null)
  })

  /** Table 4 is of other users or another length than are chosen now. */
  const confoundersOutOfDate = computed(() => {
    const of = confounders.question.value
    return of !== null && JSON.stringify(of) !== JSON.stringify({ run: run.value, users: selection.value, k: k.value })
  })

  /** The result being saved. */
  const saving = shallowRef<{ task: string; fraction: QuestionProgress['fraction'] | null } | null>(null)
  const saved = createSnapshot((id: string): Promise<SavedEffect[]> => request('intervene:saved', { run: id }))
  const segments = createSnapshot((id: string) => request('intervene:segments', { run: id }))
  watch(run, (id, before) => {
    if (id === before) return
    saved.clear()
    segments.clear()
    if (id === null) return
    void saved.refresh(id)
    void segments.refresh(id)
  })

  connection.on('intervene:progress', (event) => {
    segment.progressed(event)
    confounders.progressed(event)
    if (saving.value?.task === event.task) saving.value = { task: event.task, fraction: event.fraction }
  })
  connection.on('run:annotated', (event) => {
    if (event.run === run.value) void saved.refresh(event.run)
  })
  connection.onConnected(() => {
    for (const question of [user, segment, confounders, paths])
      if (question.error.value?.code === 'disconnected') question.retry()
    if (run.value === null) return
    if (saved.error.value) void saved.refresh(run.value)
    if (segments.error.value) void segments.refresh(run.value)
  })

  /** Opens the pane for a run. Its first user comes into view where none is, so that there is a list to watch. */
  async function open(manifest: RunManifest): Promise<void> {
    if (opened.value?.id !== manifest.id) selection.value = everyone
    opened.value = manifest
    if (context.user !== null || manifest.state !== 'completed') return
    const [first] = await request('recommend:users', { run: manifest.id, query: '', limit: 1 })
    if (first && context.user === null && opened.value?.id === manifest.id) context.user = first.id
  }

  /** Nothing is shown any more, nothing is asked any more. */
  function close(): void {
    opened.value = null
  }

  /** Explains an item's score for the user in view; the pane shows it as soon as it is open for the run. */
  function explain(of: { run: string; user: string; item: string }): void {
    explained.value = of
    tab.value = 'why'
  }

  /** The paper's Table 4 for the users chosen. */
  function askConfounders(): void {
    if (run.value === null) return
    tab.value = 'confounders'
    confounders.want({ run: run.value, users: selection.value, k: k.value })
  }

  /**
   * Keeps the intervention with its effect on the users chosen with the run. It is computed anew, so that what is kept is what the
   * services say, not what a window showed.
   * @throws CausewayError nameTaken where a result has the name already and it is not to be replaced
   */
  async function save(as: { name: string; notes: string; replace: boolean }): Promise<void> {
    if (run.value === null || saving.value) return
    const task = crypto.randomUUID()
    saving.value = { task, fraction: null }
    try {
      await request('intervene:save', {
        ...as,
        run: run.value,
        users: selection.value,
        k: k.value,
        intervention: editor.intervention,
        task,
      })
      await saved.refresh(run.value)
    } finally {
      saving.value = null
    }
  }

  /** Takes a saved result out of the run. */
  async function removeSaved(name: string): Promise<void> {
    if (run.value === null) return
    await request('intervene:removeSaved', { run: run.value, name })
    await saved.refresh(run.value)
  }

  /** Puts an intervention into the editor in place of the one there; each step can be undone. */
  function load({ factors, holds }: Intervention, label: string): void {
    const nodes = editor.nodes.map((_, node) => node)
    editor.perform(loadMask(factors ?? nodes.map(() => nodes.map(() => 1)), label))
    const released = editor.state.holds.map(({ node }) => node).filter((node) => holds.every((h) => h.node !== node))
    if (released.length > 0) editor.perform(release(released))
    for (const { node, at } of holds) editor.perform(hold(node, at))
  }

  /** do(c): the node's outgoing row alone is zeroed. */
  function loadZeroRow(node: number): void {
    const factors = editor.nodes.map((_, from) => editor.nodes.map((_, to) => (from === node && to !== from ? 0 : 1)))
    load({ factors, holds: [] }, `do(${editor.nodes[node]})`)
  }

  return {
    opened,
    method,
    available,
    isCorrelated,
    tellsExposures,
    run,
    k,
    tab,
    attribute,
    selection,
    explained,
    user,
    segment,
    confounders,
    paths,
    confoundersOutOfDate,
    saved,
    saving,
    segments,
    save,
    removeSaved,
    load,
    loadZeroRow,
    stopSaving: async (): Promise<void> => void (saving.value && (await stop(saving.value.task))),
    open,
    close,
    explain,
    askConfounders,
    /** What the graph draws as widths of its edges: there while the explanation is in view. */
    pathExplanation: computed<PathExplanation | null>(() =>
      tab.value === 'why' ? (paths.answer.value?.value ?? null) : null,
    ),
  }
})

import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import type { DomainGraph, SavedDomainGraph } from '../../src-shared/domain/domain-graph'
import { formatDagitty, parseDagitty } from '../../src-shared/graph/dag/dagitty'
import { request, useConnection } from '../client'
import {
  canRedo as historyCanRedo,
  canUndo as historyCanUndo,
  record,
  redo as redoStep,
  startHistory,
  undo as undoStep,
} from '../views/graph/domain/history'
import { persistedRef } from './persisted'
import { createSnapshot } from './snapshot'

/** What keeps a text from being a graph, and where. */
export interface TextProblem {
  /** Counted from 1; null where it concerns the text as a whole. */
  line: number | null
  message: string
}

interface Document {
  text: string
  /** What the text says; where it says nothing that can be read, the last graph that could be. */
  graph: DomainGraph
  problems: readonly TextProblem[]
}

const emptyGraph: DomainGraph = { variables: [], edges: [] }

function documentOf(text: string, lastGraph: DomainGraph): Document {
  if (text.trim() === '') return { text, graph: emptyGraph, problems: [] }
  try {
    return { text, graph: parseDagitty(text), problems: [] }
  } catch (thrown) {
    const error = CausewayError.from(thrown)
    if (error.code !== 'graphTextInvalid') throw thrown
    const { line = null, what = error.message } = (error.details ?? {}) as { line?: number; what?: string }
    return { text, graph: lastGraph, problems: [{ line, message: what }] }
  }
}

/**
 * The graph the analyst draws, as text and as a graph at once, with undo; and the named graphs of the workspace. What is being drawn
 * outlives the window; it reaches the workspace when it is saved.
 */
export const useDomainGraphsStore = defineStore('domain-graphs', () => {
  const { value: list, error, loading, refresh } = createSnapshot(() => request('domain:list', {}))
  useConnection().onConnected(() => void refresh())

  const draft = persistedRef(
    'causeway:domain-graph',
    z.object({ name: z.string().nullable(), text: z.string(), savedText: z.string() }),
    { name: null, text: '', savedText: '' },
  )
  const history = shallowRef(startHistory(documentOf(draft.value.text, emptyGraph)))
  const present = computed(() => history.value.present.state)
  watch(
    () => present.value.text,
    (text) => (draft.value = { ...draft.value, text }),
    { flush: 'sync' },
  )

  const text = computed(() => present.value.text)
  const graph = computed(() => present.value.graph)
  const problems = computed(() => present.value.problems)
  /** The saved graph that is being drawn on; null for one without a name. */
  const name = computed(() => draft.value.name)
  const isChanged = computed(() => draft.value.text !== draft.value.savedText)
  const isEmpty = computed(() => text.value.trim() === '')
  /** Grows whenever another graph is put in place of the one drawn. */
  const opened = shallowRef(0)

  const canUndo = computed(() => historyCanUndo(history.value))
  const canRedo = computed(() => historyCanRedo(history.value))
  const undoLabel = computed(() => (canUndo.value ? history.value.present.label : null))
  const redoLabel = computed(() => history.value.future[0]?.label ?? null)

  /** What is typed, as it is typed: it is read, never rewritten. Typing on one line is one step of undo. */
  function type(typed: string, line: number): void {
    if (typed === text.value) return
    history.value = record(history.value, documentOf(typed, graph.value), 'typing', `typing ${line}`)
  }

  /**
   * Puts the graph that `change` makes of the present one in its place, and writes the text anew. `label`: as said in "Undo …".
   * Consecutive edits of one `mergeKey` are undone together. @throws CausewayError why it cannot be done; nothing has changed then
   */
  function edit(label: string, change: (graph: DomainGraph) => DomainGraph, mergeKey: string | null = null): void {
    const changed = change(graph.value)
    if (changed === graph.value) return
    history.value = record(
      history.value,
      { text: formatDagitty(changed), graph: changed, problems: [] },
      label,
      mergeKey,
    )
  }

  /** Writes the text as the graph would be written: one statement a line, in one order. */
  function tidy(): void {
    if (problems.value.length > 0 || isEmpty.value) return
    const tidied = formatDagitty(graph.value)
    if (tidied === text.value) return
    history.value = record(history.value, documentOf(tidied, graph.value), 'writing the text anew')
  }

  function undo(): void {
    history.value = undoStep(history.value)
  }
  function redo(): void {
    history.value = redoStep(history.value)
  }

  /** Puts another graph in place of the one drawn, such as an example or a file; it can be undone, the name cannot be. */
  function replace(newText: string, label: string): void {
    history.value = record(history.value, documentOf(newText, emptyGraph), label)
    draft.value = { name: null, text: newText, savedText: '' }
    opened.value++
  }

  /** Opens a saved graph; undo starts anew. */
  function open(saved: SavedDomainGraph): void {
    history.value = startHistory(documentOf(saved.text, emptyGraph))
    draft.value = { name: saved.name, text: saved.text, savedText: saved.text }
    opened.value++
  }

  /** Starts with nothing. */
  function clear(): void {
    history.value = startHistory(documentOf('', emptyGraph))
    draft.value = { name: null, text: '', savedText: '' }
    opened.value++
  }

  /** Saves what is drawn under `newName`. @throws CausewayError `nameTaken` where another graph has it and `over` is false */
  async function save(newName: string, over: boolean): Promise<void> {
    const savedText = text.value
    const saved = await request('domain:save', { name: newName, text: savedText, replace: over })
    draft.value = { ...draft.value, name: saved.name, savedText }
    await refresh()
  }

  /** Removes a saved graph; what is drawn stays, without a name where it had that one. */
  async function remove(removed: string): Promise<void> {
    await request('domain:remove', { name: removed })
    if (draft.value.name === removed) draft.value = { ...draft.value, name: null, savedText: '' }
    await refresh()
  }

  return {
    list,
    error,
    loading,
    refresh,
    text,
    graph,
    problems,
    name,
    isChanged,
    isEmpty,
    opened,
    canUndo,
    canRedo,
    undoLabel,
    redoLabel,
    type,
    edit,
    tidy,
    undo,
    redo,
    replace,
    open,
    clear,
    save,
    remove,
  }
})

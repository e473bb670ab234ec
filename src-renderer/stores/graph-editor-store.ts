import { defineStore } from 'pinia'
import { computed, shallowReactive, shallowRef, watch } from 'vue'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import { annotationsSchema, noAnnotations, type Annotations } from '../../src-shared/domain/graph'
import { holdSchema, type Intervention } from '../../src-shared/domain/intervention'
import { factorsSchema } from '../../src-shared/domain/mask'
import {
  canRedo as historyCanRedo,
  canUndo as historyCanUndo,
  emptyHistory,
  endMerge as endMergeOf,
  performOperation,
  redo as redoHistory,
  redoLabel as redoLabelOf,
  undo as undoHistory,
  undoLabel as undoLabelOf,
  type History,
} from '../../src-shared/graph/edit/history'
import { changesNoEdge, interventionOf } from '../../src-shared/graph/edit/intervention'
import type { Operation } from '../../src-shared/graph/edit/operations'
import { initialEditorState, shownName, type EditorState } from '../../src-shared/graph/edit/state'
import { request } from '../client'
import { useNoticesStore } from './notices-store'
import { persistedRef } from './persisted'
import { useRunsStore } from './runs-store'

/** `look`: nothing changes; `mask`: edges and values of this run; `knowledge`: what the next training is to know. */
export type EditorMode = 'look' | 'mask' | 'knowledge'

const saveDelayMs = 400
/** Layouts kept, the least recently changed forgotten first. */
const keptLayouts = 200

const placesSchema = z.record(z.string(), z.object({ x: z.number(), y: z.number() }))
type Places = z.infer<typeof placesSchema>

/** Drafts kept, the least recently changed forgotten first. */
const keptDrafts = 20
const namedEdge = z.tuple([z.string(), z.string()])
/** What was edited and not saved under a name: it outlives a reload of the window. */
const draftSchema = z.object({
  factors: factorsSchema,
  holds: z.array(holdSchema),
  knowledge: z.object({
    required: z.array(namedEdge),
    forbidden: z.array(namedEdge),
    tiers: z.array(z.array(z.string())),
  }),
})
type Draft = z.infer<typeof draftSchema>

const isEmptyDraft = ({ factors, holds, knowledge }: Draft): boolean =>
  changesNoEdge(factors) &&
  holds.length === 0 &&
  knowledge.required.length + knowledge.forbidden.length + knowledge.tiers.length === 0

/** What of a state is kept with the run on every change. */
const annotationsOf = (state: EditorState): Annotations => ({
  ...noAnnotations,
  names: { ...state.names },
  notes: { ...state.notes },
})
const sameAnnotations = (a: Annotations, b: Annotations): boolean => {
  const sorted = (texts: Record<string, string>): string =>
    JSON.stringify(Object.entries(texts).sort(([x], [y]) => (x < y ? -1 : 1)))
  return sorted(a.names) === sorted(b.names) && sorted(a.notes) === sorted(b.notes)
}

/**
 * What the analyst does to the learned graph of the run in view: mask, held values, names, notes, knowledge and places, with undo.
 * Names and notes are kept with the run, places and what is not saved yet in this browser, masks where they are saved; the steps
 * that can be undone live as long as the window.
 */
export const useGraphEditorStore = defineStore('graph-editor', () => {
  const runs = useRunsStore()
  const notices = useNoticesStore()

  const run = shallowRef<string | null>(null)
  const nodes = shallowRef<string[]>([])
  const histories = shallowReactive(new Map<string, History>())
  const mode = shallowRef<EditorMode>('look')
  /** The annotations as they lie with each run; a run's own are written only once they have been read. */
  const stored = new Map<string, Annotations>()
  const annotationsError = shallowRef<CausewayError | null>(null)
  const saving = shallowRef(false)
  let timer: ReturnType<typeof setTimeout> | null = null
  let writing: Promise<void> = Promise.resolve()

  const drafts = persistedRef('causeway:graph-drafts', z.record(z.string(), draftSchema), {})
  let draftTimer: ReturnType<typeof setTimeout> | null = null
  const layouts = persistedRef('causeway:graph-layouts', z.record(z.string(), placesSchema), {})

  const nothing = emptyHistory(initialEditorState([]))
  const history = computed(() => (run.value === null ? nothing : (histories.get(run.value) ?? nothing)))
  const state = computed<EditorState>(() => history.value.present)
  const intervention = computed<Intervention>(() => interventionOf(state.value))

  /** A re-run of the same method on the same data with as many nodes takes over where they stand. */
  function familyOf(id: string, names: readonly string[]): string | null {
    const manifest = runs.manifestOf(id)
    return manifest ? `${manifest.dataset} ${manifest.method} ${names.join(' ')}` : null
  }
  function storedPlaces(id: string, names: readonly string[]): Places {
    const family = familyOf(id, names)
    const places = layouts.value[`run ${id}`] ?? (family === null ? undefined : layouts.value[`family ${family}`])
    return places && names.every((name) => name in places) ? places : {}
  }
  function keepPlaces(): void {
    if (run.value === null || Object.keys(state.value.positions).length === 0) return
    const places = Object.fromEntries(Object.entries(state.value.positions).map(([name, at]) => [name, { ...at }]))
    const family = familyOf(run.value, nodes.value)
    const keys = [`run ${run.value}`, ...(family === null ? [] : [`family ${family}`])]
    const others = Object.entries(layouts.value).filter(([key]) => !keys.includes(key))
    layouts.value = Object.fromEntries([...others, ...keys.map((key) => [key, places] as const)].slice(-keptLayouts))
  }

  const draftOf = (id: string, names: readonly string[]): Draft | null => {
    const draft = drafts.value[id]
    // A copy of its own: the stored one is watched.
    return draft?.factors.length === names.length ? draftSchema.parse(draft) : null
  }
  /** A little later: a slider that is dragged is written once. */
  function keepDraft(): void {
    const id = run.value
    if (draftTimer !== null) clearTimeout(draftTimer)
    draftTimer = setTimeout(() => {
      const edited = id === null ? undefined : histories.get(id)?.present
      if (id === null || !edited) return
      const { factors, holds, knowledge } = edited
      const others = Object.entries(drafts.value).filter(([other]) => other !== id)
      const draft = draftSchema.parse({ factors, holds, knowledge })
      drafts.value = Object.fromEntries(
        [...others, ...(isEmptyDraft(draft) ? [] : [[id, draft] as const])].slice(-keptDrafts),
      )
    }, saveDelayMs)
  }

  /** Brings a run into the editor, with its names, notes and places. What was edited before in this window is still there. */
  async function open(id: string, names: string[]): Promise<void> {
    // Takes what is to be written of the run before; from here on the editor is the new one's.
    const written = flush()
    annotationsError.value = null
    // Another run is looked at first: its method may have no mask.
    if (run.value !== id) mode.value = 'look'
    run.value = id
    nodes.value = names
    const known = histories.get(id)
    if (!known || known.present.nodes.join(' ') !== names.join(' '))
      histories.set(
        id,
        emptyHistory({ ...initialEditorState(names), ...draftOf(id, names), positions: storedPlaces(id, names) }),
      )
    if (!stored.has(id)) await readAnnotations()
    await written
  }

  /** Reads the names and notes that lie with the run. */
  async function readAnnotations(): Promise<void> {
    const id = run.value
    if (id === null) return
    try {
      const annotations = annotationsSchema.parse(await request('graph:annotations', { run: id }))
      stored.set(id, annotations)
      // What was named meanwhile stands above what was read.
      rebase(id, (one) => ({
        ...one,
        names: { ...annotations.names, ...one.names },
        notes: { ...annotations.notes, ...one.notes },
      }))
      if (run.value === id) annotationsError.value = null
      scheduleSave()
    } catch (thrown) {
      if (run.value === id) annotationsError.value = CausewayError.from(thrown)
    }
  }

  /** Changes every state of a run's history alike: for what is not an edit and so cannot be undone. */
  function rebase(id: string, change: (state: EditorState) => EditorState): void {
    const known = histories.get(id)
    if (!known) return
    // One state stands in two steps: it stays one object.
    const changed = new Map<EditorState, EditorState>()
    const of = (one: EditorState): EditorState => {
      const next = changed.get(one) ?? change(one)
      changed.set(one, next)
      return next
    }
    const steps = (list: History['past']): History['past'] =>
      list.map((step) => ({ ...step, before: of(step.before), after: of(step.after) }))
    histories.set(id, { past: steps(known.past), present: of(known.present), future: steps(known.future) })
  }

  /** Gives nodes a place where none has one yet: the first layout is not an edit. */
  function place(positions: Places): void {
    if (run.value !== null) rebase(run.value, (one) => ({ ...one, positions: { ...positions, ...one.positions } }))
  }

  function put(next: History): void {
    if (run.value !== null && next !== history.value) histories.set(run.value, next)
  }
  const perform = (operation: Operation): void => put(performOperation(history.value, operation))
  const undo = (): void => put(undoHistory(history.value))
  const redo = (): void => put(redoHistory(history.value))

  watch(() => state.value.positions, keepPlaces)
  watch([() => state.value.factors, () => state.value.holds, () => state.value.knowledge], keepDraft)
  watch([() => state.value.names, () => state.value.notes], scheduleSave)

  function scheduleSave(): void {
    if (timer !== null) clearTimeout(timer)
    timer = setTimeout(() => void flush(), saveDelayMs)
  }

  /** Writes what waits to be written. Its failure is shown, and is tried again with the next change or by `retry`. */
  async function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    const id = run.value
    if (id === null) return
    const wanted = annotationsOf(state.value)
    writing = writing.then(() => write(id, wanted))
    await writing
  }

  async function write(id: string, wanted: Annotations): Promise<void> {
    const known = stored.get(id)
    if (!known || sameAnnotations(known, wanted)) return
    saving.value = true
    try {
      stored.set(id, annotationsSchema.parse(await request('graph:annotate', { run: id, annotations: wanted })))
      if (run.value === id) annotationsError.value = null
    } catch (thrown) {
      if (run.value === id) annotationsError.value = CausewayError.from(thrown)
      else notices.fail(thrown)
    } finally {
      saving.value = false
    }
  }

  return {
    run,
    nodes,
    open,
    /** Reads, or writes, the names and notes once more after a failure. */
    retry: (): Promise<void> => (run.value !== null && stored.has(run.value) ? flush() : readAnnotations()),
    annotationsError,
    saving,
    /** The analyst's name of a node; where it has none, the one it was learned under. */
    nameOf: (index: number): string => shownName(state.value, index),
    state,
    intervention,
    mode,
    maskMode: computed<boolean>({
      get: () => mode.value === 'mask',
      set: (on) => (mode.value = on ? 'mask' : 'look'),
    }),
    perform,
    /** Ends what is merged into one step, such as when a slider is let go. */
    endMerge: (): void => put(endMergeOf(history.value)),
    place,
    undo,
    redo,
    canUndo: computed(() => historyCanUndo(history.value)),
    canRedo: computed(() => historyCanRedo(history.value)),
    undoLabel: computed(() => undoLabelOf(history.value)),
    redoLabel: computed(() => redoLabelOf(history.value)),
  }
})

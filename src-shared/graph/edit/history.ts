import type { EditorState } from './state'
import type { Operation } from './operation'

interface Step {
  readonly label: string
  readonly before: EditorState
  readonly after: EditorState
  /** Null once the step takes in no further operation. */
  readonly mergeKey: string | null
}

/** What was done, where we are, what was undone. Never changed in place; going back and forth gives the very same states. */
export interface History {
  /** Oldest first. */
  readonly past: readonly Step[]
  readonly present: EditorState
  /** Next to be redone first. */
  readonly future: readonly Step[]
}

export const emptyHistory = (present: EditorState): History => ({ past: [], present, future: [] })

/**
 * The history with the operation done. One that changes nothing leaves the history as it is; one that merges continues the step
 * before it where both have one merge key, and takes that step away where it leads back to its beginning.
 * @throws CausewayError what the operation refuses; the history is then unchanged
 */
export function performOperation(history: History, operation: Operation): History {
  const present = operation.perform(history.present)
  if (present === history.present) return history
  const mergeKey = operation.undo === 'merges' ? (operation.mergeKey ?? null) : null
  const last = history.past.at(-1)
  const merges = last !== undefined && mergeKey !== null && last.mergeKey === mergeKey && history.future.length === 0
  const kept = merges ? history.past.slice(0, -1) : history.past
  const before = merges ? last.before : history.present
  if (merges && sameState(before, present)) return { past: kept, present: before, future: [] }
  return { past: [...kept, { label: operation.label, before, after: present, mergeKey }], present, future: [] }
}

/** Ends what is merged into the last step, such as when a slider is let go: the next operation is a step of its own. */
export function endMerge(history: History): History {
  const last = history.past.at(-1)
  if (!last || last.mergeKey === null) return history
  return { ...history, past: [...history.past.slice(0, -1), { ...last, mergeKey: null }] }
}

/** The history one step back; itself where there is none. */
export function undo(history: History): History {
  const last = history.past.at(-1)
  if (!last) return history
  return { past: history.past.slice(0, -1), present: last.before, future: [closed(last), ...history.future] }
}

/** The history one step forth; itself where there is none. */
export function redo(history: History): History {
  const next = history.future[0]
  if (!next) return history
  return { past: [...history.past, next], present: next.after, future: history.future.slice(1) }
}

const closed = (step: Step): Step => ({ ...step, mergeKey: null })

export const canUndo = (history: History): boolean => history.past.length > 0
export const canRedo = (history: History): boolean => history.future.length > 0

/** What would be undone, for a menu or a tooltip; null where nothing. */
export const undoLabel = (history: History): string | null => history.past.at(-1)?.label ?? null
/** What would be redone; null where nothing. */
export const redoLabel = (history: History): string | null => history.future[0]?.label ?? null

/** Whether two states hold the same values. States are plain trees, and parts that an operation left alone are one object. */
export function sameState(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameState(a[key as keyof typeof a], b[key as keyof typeof b]))
  )
}

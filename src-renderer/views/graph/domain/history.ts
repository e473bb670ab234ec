/** Undo and redo over immutable states: each step keeps the whole state, so that undoing restores it exactly. Pure functions. */

interface Step<T> {
  readonly state: T
  /** What led to this state, as said in "Undo …". */
  readonly label: string
  /** Consecutive steps of one key are one step: a word being typed, a variable being moved. Null: a step of its own. */
  readonly mergeKey: string | null
}

export interface History<T> {
  readonly past: readonly Step<T>[]
  readonly present: Step<T>
  readonly future: readonly Step<T>[]
}

const kept = 300

export const startHistory = <T>(state: T): History<T> => ({
  past: [],
  present: { state, label: '', mergeKey: null },
  future: [],
})

/** The history with `state` as its present. What had been undone is given up. */
export function record<T>(history: History<T>, state: T, label: string, mergeKey: string | null = null): History<T> {
  const present = { state, label, mergeKey }
  if (mergeKey !== null && history.present.mergeKey === mergeKey && history.past.length > 0)
    return { past: history.past, present: { ...present, label: history.present.label }, future: [] }
  return { past: [...history.past, history.present].slice(-kept), present, future: [] }
}

export const canUndo = <T>(history: History<T>): boolean => history.past.length > 0
export const canRedo = <T>(history: History<T>): boolean => history.future.length > 0

/** The step before; the history itself where there is none. A step undone takes no more merging. */
export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1)
  if (!before) return history
  return {
    past: history.past.slice(0, -1),
    present: { ...before, mergeKey: null },
    future: [history.present, ...history.future],
  }
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...rest] = history.future
  if (!next) return history
  return { past: [...history.past, history.present], present: { ...next, mergeKey: null }, future: rest }
}

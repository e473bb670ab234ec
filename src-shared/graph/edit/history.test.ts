import { describe, expect, test } from 'vitest'
import { CausewayError } from '../../contract/errors'
import {
  canRedo,
  canUndo,
  emptyHistory,
  endMerge,
  performOperation,
  redo,
  redoLabel,
  undo,
  undoLabel,
  type History,
} from './history'
import * as operations from './operations'
import { initialEditorState, type EditorState } from './state'

const nodes = ['c1', 'c2', 'c3', 'c4']
const fresh = (): History => emptyHistory(frozen(initialEditorState(nodes)))

/** So that an operation that changes a state in place throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(frozen)
  }
  return value
}

/** Numbers in 0 … below - 1 (linear congruential, Numerical Recipes). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function someOperation(draw: (below: number) => number, present: EditorState): operations.Operation {
  const node = (): number => draw(nodes.length)
  const some = (): number[] => Array.from({ length: 1 + draw(2) }, node)
  const edges = (): { from: number; to: number }[] =>
    Array.from({ length: 1 + draw(3) }, () => ({ from: node(), to: node() }))
  const all: (() => operations.Operation)[] = [
    () => operations.toggleEdges(edges()),
    () => operations.setFactor(edges(), draw(5) / 4),
    () => operations.zeroRows(some()),
    () => operations.zeroColumns(some()),
    () => operations.isolate(some()),
    () => operations.invert(),
    () => operations.resetMask(),
    () =>
      operations.loadMask(
        nodes.map((_, i) => nodes.map((_, j) => (i === j ? 1 : draw(3) / 2))),
        'load',
      ),
    () => operations.pasteMask(operations.copyMask(present)),
    () => operations.hold(node(), { kind: 'sd', sd: draw(7) - 3 }),
    () => operations.hold(node(), { kind: 'mean', users: { kind: 'all' } }),
    () => operations.release(some()),
    () => operations.rename(node(), ['', 'price', 'age', `name ${draw(9)}`][draw(4)]!),
    () => operations.note(node(), ['', 'seen', 'doubtful'][draw(3)]!),
    () => operations.move({ [nodes[node()]!]: { x: draw(5), y: draw(5) } }),
    () => operations.requireEdges(edges()),
    () => operations.forbidEdges(edges()),
    () => operations.freeEdges(edges()),
    () => operations.setTier(some(), [null, 0, 1, 2][draw(4)]!),
    () => operations.loadKnowledge({ required: [['c1', 'c2']], forbidden: [], tiers: [['c1'], ['c3']] }),
  ]
  return all[draw(all.length)]!()
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'after any operations (seed %i), undoing all and redoing all pass the very same states',
  (seed) => {
    const draw = numbersFrom(seed)
    let history = fresh()
    const start = history.present
    let refused = 0
    for (let step = 0; step < 400; step++) {
      const operation = someOperation(draw, history.present)
      try {
        history = performOperation(history, operation)
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(CausewayError)
        refused++
      }
      frozen(history.present)
      // The past is never empty of meaning: each step leads from one state to another.
      const last = history.past.at(-1)
      if (last) {
        expect(last.after).toBe(history.present)
        expect(last.before).not.toEqual(last.after)
      }
      if (draw(10) === 0) history = undo(history)
    }
    expect(refused).toBeGreaterThan(0)
    expect(history.past.length).toBeGreaterThan(100)

    while (canRedo(history)) history = redo(history)
    const end = history.present
    const passed: EditorState[] = [end]
    const values = [structuredClone(end)]
    while (canUndo(history)) {
      history = undo(history)
      passed.push(history.present)
      values.push(structuredClone(history.present))
    }
    expect(history.present).toBe(start)
    expect(history.present).toEqual(initialEditorState(nodes))
    for (let at = passed.length - 2; canRedo(history); at--) {
      history = redo(history)
      expect(history.present).toBe(passed[at])
      expect(history.present).toEqual(values[at])
    }
    expect(history.present).toBe(end)
  },
)

describe('steps', () => {
  const slide = (value: number): operations.Operation => operations.setFactor([{ from: 0, to: 1 }], value)

  test('what merges is one step, back to where it began', () => {
    const start = fresh()
    const dragged = [0.9, 0.6, 0.3].reduce((history, value) => performOperation(history, slide(value)), start)
    expect(dragged.past).toHaveLength(1)
    expect(dragged.present.factors[0]).toEqual([1, 0.3, 1, 1])
    expect(undo(dragged).present).toBe(start.present)
    expect(redo(undo(dragged)).present).toBe(dragged.present)
  })

  test('another edge, another operation between, or the end of a drag begin a new step', () => {
    const one = performOperation(fresh(), slide(0.5))
    expect(performOperation(one, operations.setFactor([{ from: 1, to: 0 }], 0.5)).past).toHaveLength(2)
    const between = performOperation(performOperation(one, operations.zeroRows([2])), slide(0.4))
    expect(between.past).toHaveLength(3)
    expect(performOperation(endMerge(one), slide(0.4)).past).toHaveLength(2)
  })

  test('what was undone and redone takes nothing in any more', () => {
    const back = redo(undo(performOperation(fresh(), slide(0.5))))
    expect(performOperation(back, slide(0.4)).past).toHaveLength(2)
  })

  test('a slider brought back to its start leaves no step', () => {
    const start = fresh()
    const back = performOperation(performOperation(start, slide(0.5)), slide(1))
    expect(back.past).toHaveLength(0)
    expect(back.present).toBe(start.present)
  })

  test('an operation that changes nothing adds no step and keeps what can be redone', () => {
    const undone = undo(performOperation(fresh(), operations.zeroRows([0])))
    const idle = [
      operations.resetMask(),
      operations.release([1]),
      operations.rename(0, 'c1'),
      operations.note(0, ''),
      operations.freeEdges([{ from: 0, to: 1 }]),
      operations.setTier([0], null),
      operations.toggleEdges([{ from: 2, to: 2 }]),
      operations.move({}),
    ]
    for (const operation of idle) expect(performOperation(undone, operation)).toBe(undone)
  })

  test('a refused operation leaves the history alone', () => {
    const history = performOperation(fresh(), operations.zeroRows([0]))
    const before = structuredClone(history)
    expect(() => performOperation(history, operations.zeroRows([9]))).toThrow('no node c10')
    expect(history).toEqual(before)
  })

  test('a new operation forgets what was undone; labels say what is next', () => {
    let history = performOperation(fresh(), operations.zeroRows([0]))
    expect([undoLabel(history), redoLabel(history)]).toEqual(['zero row of c1', null])
    history = undo(history)
    expect([undoLabel(history), redoLabel(history)]).toEqual([null, 'zero row of c1'])
    history = performOperation(history, operations.invert())
    expect([undoLabel(history), redoLabel(history)]).toEqual(['invert mask', null])
    expect(undo(fresh())).toEqual(fresh())
    expect(redo(history)).toBe(history)
  })
})

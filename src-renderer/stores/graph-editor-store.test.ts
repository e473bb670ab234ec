// @vitest-environment happy-dom
import { nextTick } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { CausewayError } from '../../src-shared/contract/errors'
import { noAnnotations, type Annotations } from '../../src-shared/domain/graph'
import { hold, move, release, rename, resetMask, setFactor, zeroRows } from '../../src-shared/graph/edit/operations'
import { setActivePinia, createPinia } from 'pinia'
import { connectServices, eventually, runOf, type ServicesEnd } from '../testing/pipe'
import { useGraphEditorStore } from './graph-editor-store'
import { useRunsStore } from './runs-store'

const nodes = ['c1', 'c2', 'c3']
const places = { c1: { x: 0, y: 0 }, c2: { x: 100, y: 0 }, c3: { x: 50, y: 80 } }

let services: ServicesEnd
let kept: Map<string, Annotations>

beforeEach(() => {
  kept = new Map()
  services = connectServices({
    'runs:list': () => [runOf(), runOf({ id: 'run-2' }), runOf({ id: 'other', dataset: 'else' })],
    'graph:annotations': ({ run }) => kept.get(run) ?? noAnnotations,
    'graph:annotate': ({ run, annotations }) => {
      kept.set(run, annotations)
      return annotations
    },
  })
})

/** The editor once the runs are known. */
async function editorOf(run: string) {
  const runs = useRunsStore()
  await runs.open(run)
  const editor = useGraphEditorStore()
  await editor.open(run, nodes)
  return editor
}

describe('the graph editor', () => {
  it('says what is done to the model, and nothing where nothing is', async () => {
    const editor = await editorOf('run-1')
    expect(editor.intervention).toEqual({ factors: null, holds: [] })
    editor.perform(zeroRows([1]))
    editor.perform(hold(0, { kind: 'sd', sd: 1 }))
    expect(editor.intervention.factors![1]).toEqual([0, 1, 0])
    expect(editor.intervention.holds).toEqual([{ node: 0, at: { kind: 'sd', sd: 1 } }])
  })

  it('keeps what is not saved yet over a reload of the window, and forgets what was taken back', async () => {
    const editor = await editorOf('run-1')
    editor.perform(zeroRows([1]))
    editor.perform(hold(0, { kind: 'sd', sd: 1 }))
    await eventually(() => expect(localStorage.getItem('causeway:graph-drafts')).toContain('"sd":1'))
    setActivePinia(createPinia())
    const reloaded = await editorOf('run-1')
    expect(reloaded.intervention).toEqual(editor.intervention)
    expect(reloaded.canUndo).toBe(false)
    reloaded.perform(resetMask())
    reloaded.perform(release([0]))
    await eventually(() => expect(localStorage.getItem('causeway:graph-drafts')).toBe('{}'))
  })

  it('goes back to the very same state, and forth again', async () => {
    const editor = await editorOf('run-1')
    const before = editor.state
    editor.perform(zeroRows([1]))
    const after = editor.state
    expect(editor.undoLabel).toBe('zero row of c2')
    editor.undo()
    expect(editor.state).toBe(before)
    expect(editor.canUndo).toBe(false)
    editor.redo()
    expect(editor.state).toBe(after)
  })

  it('takes a slider for one step until it is let go', async () => {
    const editor = await editorOf('run-1')
    const edge = [{ from: 0, to: 1 }]
    for (const value of [0.9, 0.5, 0.2]) editor.perform(setFactor(edge, value))
    editor.endMerge()
    editor.perform(setFactor(edge, 0.1))
    editor.undo()
    expect(editor.state.factors[0]![1]).toBe(0.2)
    editor.undo()
    expect(editor.state.factors[0]![1]).toBe(1)
  })

  it('keeps names with the run, a moment after they change, and reads them again', async () => {
    const editor = await editorOf('run-1')
    editor.perform(rename(1, 'price'))
    expect(editor.nameOf(1)).toBe('price')
    await eventually(() => expect(kept.get('run-1')?.names).toEqual({ c2: 'price' }))
    editor.undo()
    await eventually(() => expect(kept.get('run-1')?.names).toEqual({}))

    kept.set('run-2', { ...noAnnotations, names: { c1: 'hype' } })
    await editor.open('run-2', nodes)
    expect(editor.nameOf(0)).toBe('hype')
    expect(editor.canUndo).toBe(false)
  })

  it('saves what was named of a run that is left at once, and with that run', async () => {
    const editor = await editorOf('run-1')
    editor.perform(rename(0, 'brand'))
    await editor.open('run-2', nodes)
    expect(kept.get('run-1')?.names).toEqual({ c1: 'brand' })
    expect(kept.has('run-2')).toBe(false)
    await editor.open('run-1', nodes)
    expect(editor.nameOf(0)).toBe('brand')
  })

  it('says so where names cannot be written, and writes them when asked again', async () => {
    const editor = await editorOf('run-1')
    const write = services.answers['graph:annotate']!
    services.answers['graph:annotate'] = () => {
      throw new CausewayError('diskFull', 'The disk is full.')
    }
    editor.perform(rename(0, 'brand'))
    await eventually(() => expect(editor.annotationsError?.code).toBe('diskFull'))
    expect(editor.nameOf(0)).toBe('brand')
    services.answers['graph:annotate'] = write
    await editor.retry()
    expect(editor.annotationsError).toBeNull()
    expect(kept.get('run-1')?.names).toEqual({ c1: 'brand' })
  })

  it('writes nothing over names it could not read', async () => {
    services.answers['graph:annotations'] = () => {
      throw new CausewayError('runInvalid', 'annotations.json is damaged.')
    }
    const editor = await editorOf('run-1')
    expect(editor.annotationsError?.code).toBe('runInvalid')
    editor.perform(rename(0, 'brand'))
    await editor.open('run-2', nodes)
    expect(services.asked).not.toContain('graph:annotate')
  })

  it('places nodes once without making that an edit', async () => {
    const editor = await editorOf('run-1')
    editor.place(places)
    expect(editor.canUndo).toBe(false)
    editor.perform(move({ c1: { x: 7, y: 7 } }))
    editor.place(places)
    expect(editor.state.positions.c1).toEqual({ x: 7, y: 7 })
    editor.undo()
    expect(editor.state.positions).toEqual(places)
  })

  it('gives a re-run the places of the run before, and another data set its own', async () => {
    const editor = await editorOf('run-1')
    editor.place(places)
    editor.perform(move({ c2: { x: 300, y: 5 } }))
    await nextTick()
    await useRunsStore().open('run-2')
    await editor.open('run-2', nodes)
    expect(editor.state.positions.c2).toEqual({ x: 300, y: 5 })
    await useRunsStore().open('other')
    await editor.open('other', nodes)
    expect(editor.state.positions).toEqual({})
    await editor.open('run-1', ['c1', 'c2'])
    expect(editor.state.nodes).toEqual(['c1', 'c2'])
  })

  it('finds the places again in a new window', async () => {
    const editor = await editorOf('run-1')
    editor.place(places)
    await nextTick()
    setActivePinia(createPinia())
    const again = await editorOf('run-1')
    expect(again).not.toBe(editor)
    expect(again.state.positions).toEqual(places)
  })

  it('keeps what was edited of each run apart', async () => {
    const editor = await editorOf('run-1')
    editor.maskMode = true
    editor.perform(zeroRows([0]))
    await editor.open('run-1', nodes)
    expect(editor.maskMode).toBe(true)
    await editor.open('run-2', nodes)
    expect(editor.maskMode).toBe(false)
    expect(editor.intervention.factors).toBeNull()
    await editor.open('run-1', nodes)
    expect(editor.intervention.factors![0]).toEqual([1, 0, 0])
    expect(editor.canUndo).toBe(true)
  })
})

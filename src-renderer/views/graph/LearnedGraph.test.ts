// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { noAnnotations, type BootstrapConfidence } from '../../../src-shared/domain/graph'
import type { ConfounderProfile } from '../../../src-shared/domain/intervention'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import type { Mask, SavedMask } from '../../../src-shared/domain/mask'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { actionOfKey, availableActions, perform } from '../../actions/registry'
import { useGraphEditorStore } from '../../stores/graph-editor-store'
import { connectServices, eventually, jobOf, runOf, type ServicesEnd } from '../../testing/pipe'
import LearnedGraph from './LearnedGraph.vue'

const method: MethodInfo = {
  id: 'csc',
  label: 'CSC',
  family: 'causal',
  purpose: '',
  assumptions: [],
  identification: null,
  needs: [],
  paper: { title: '', authors: '', year: 2024 },
  capabilities: ['score', 'graph', 'local-graph', 'mask', 'intervene', 'knowledge'],
  params: [],
  series: [],
}
const profile = (node: number, change: Partial<ConfounderProfile> = {}): ConfounderProfile => ({
  node,
  raises: [{ id: 'i1', title: 'Red Lamp', attributes: {}, change: 0.25 }],
  lowers: [],
  itemTies: [{ attribute: 'price', value: null, correlation: -0.61, count: 400 }],
  userTies: [],
  suggestedName: 'cheap things',
  strength: 0.4,
  ...change,
})

let services: ServicesEnd
let wrapper: VueWrapper
let masks: SavedMask[]
let knowledge: Knowledge[]
let confidence: BootstrapConfidence | null

beforeEach(() => {
  masks = []
  knowledge = []
  confidence = null
  services = connectServices({
    'runs:list': () => [runOf()],
    'data:list': () => [],
    'jobs:list': () => [],
    'train:methods': () => [method],
    'graph:truth': () => null,
    'graph:annotations': () => noAnnotations,
    'graph:annotate': ({ annotations }) => annotations,
    'graph:confidence': () => confidence,
    'runs:bootstrap': ({ run, resamples }) => jobOf({ kind: 'bootstrap', run, title: `${resamples} resamples` }),
    'intervene:profiles': () => [profile(0), profile(1, { strength: 0 }), profile(2)],
    'intervene:saved': () => [],
    'recommend:users': () => [],
    'masks:list': () => masks,
    'masks:save': ({ mask, replace }) => {
      const saved = { mask: mask as Mask, savedAt: '2026-01-01T10:00:00.000Z' }
      masks = [...masks.filter(({ mask: one }) => !replace || one.name !== mask.name), saved]
      return saved
    },
    'knowledge:list': () => knowledge,
    'knowledge:save': ({ knowledge: one }) => {
      knowledge = [...knowledge, one as Knowledge]
      return one as Knowledge
    },
    'graph:global': () => ({
      type: 'causal-graph',
      version: 1,
      nodes: ['c1', 'c2', 'c3'],
      probabilities: [
        [0, 0.93, 0.3],
        [0.1, 0, 0.8],
        [0, 2e-8, 0],
      ],
      meanStrengths: null,
    }),
  })
})
afterEach(() => wrapper.unmount())

async function view(): Promise<void> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:any(.*)*', component: LearnedGraph }],
  })
  wrapper = mount(LearnedGraph, {
    props: { run: runOf() },
    attachTo: document.body,
    global: { plugins: [getActivePinia()!, router], stubs: { EffectPane: true } },
  })
  await eventually(() => expect(wrapper.findAll('[role=gridcell]')).toHaveLength(9))
  await eventually(() => expect(wrapper.find('.mode-switch .mask').exists()).toBe(true))
}

/** Presses a key as the frame of the workbench takes it. */
async function press(key: string, held: Partial<KeyboardEventInit> = {}): Promise<void> {
  const event = new KeyboardEvent('keydown', { key, ...held })
  Object.defineProperty(event, 'target', { value: document.body })
  const action = actionOfKey(event, availableActions.value)
  if (!action) throw new Error(`Nothing is done on ${key} now.`)
  await perform(action)
  await flushPromises()
}
const isFree = (key: string): boolean =>
  actionOfKey(
    {
      ...new KeyboardEvent('keydown', { key }),
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      shiftKey: false,
      target: document.body,
    } as unknown as KeyboardEvent,
    availableActions.value,
  ) === null
const changes = (): string[] => wrapper.findAll('.mask-panel .text').map((text) => text.text())
const cell = (index: number) => wrapper.findAll('[role=gridcell]')[index]!
const node = (index: number) => wrapper.findAll('button.node')[index]!

describe('the mask', () => {
  it('is edited in a mode of its own: before, its keys do nothing', async () => {
    await view()
    await node(0).trigger('click')
    expect(isFree('z')).toBe(true)
    expect(wrapper.find('.mask-panel').exists()).toBe(false)
    await press('m')
    expect(wrapper.get('.drawing').classes()).toContain('mask')
    expect(isFree('z')).toBe(false)
  })

  it('has a row zeroed, undone and redone by keyboard', async () => {
    await view()
    await node(0).trigger('click')
    await press('m')
    await press('z')
    expect(changes()).toEqual(['c1 acts on nothing (do(c1))'])
    expect(cell(1).classes()).toContain('masked')
    expect(cell(1).attributes('aria-label')).toContain('masked')
    await press('z', { ctrlKey: true })
    expect(changes()).toEqual([])
    expect(useGraphEditorStore().intervention.factors).toBeNull()
    await press('y', { ctrlKey: true })
    expect(changes()).toHaveLength(1)
  })

  it('lists its changes, says which make no difference, and takes each back by itself', async () => {
    await view()
    await press('m')
    await node(2).trigger('click')
    await press('z')
    expect(wrapper.get('.mask-panel li').text()).toContain('already absent for everyone')
    expect(wrapper.get('.mask-panel .same').text()).toContain('makes no difference')
    await cell(1).trigger('click')
    await press('x')
    expect(changes()).toEqual(['c3 acts on nothing (do(c3))', 'c1 → c2 removed'])
    expect(wrapper.find('.mask-panel .same').exists()).toBe(false)
    await wrapper.findAll('.mask-panel .revert')[0]!.trigger('click')
    expect(changes()).toEqual(['c1 → c2 removed'])
  })

  it('is edited in the matrix: Space, digits, headers, and a range chosen by Shift', async () => {
    await view()
    await press('m')
    const body = wrapper.get('tbody')
    await cell(1).trigger('focus')
    await body.trigger('keydown', { key: ' ' })
    expect(changes()).toEqual(['c1 → c2 removed'])
    await body.trigger('keydown', { key: '5' })
    expect(changes()).toEqual(['c1 → c2 at 0.50'])
    expect(cell(1).text()).toContain('×0.5')
    await body.trigger('keydown', { key: '+' })
    expect(changes()).toEqual([])
    await body.trigger('keydown', { key: 'ArrowRight', shiftKey: true })
    await body.trigger('keydown', { key: 'ArrowDown', shiftKey: true })
    expect(wrapper.findAll('[role=gridcell][aria-selected=true]')).toHaveLength(3)
    await body.trigger('keydown', { key: ' ' })
    expect(changes()).toEqual(['c1 acts on nothing (do(c1))', 'c2 → c3 removed'])
    await wrapper.findAll('thead .zero')[0]!.trigger('click')
    expect(useGraphEditorStore().state.factors.map((row) => row[0])).toEqual([1, 0, 0])
  })

  it('is copied, reset and pasted', async () => {
    await view()
    await press('m')
    await node(1).trigger('click')
    await press('o')
    await press('c', { ctrlKey: true })
    await press('r')
    expect(changes()).toEqual([])
    await press('v', { ctrlKey: true })
    await eventually(() => expect(changes()).toEqual(['c2 isolated']))
  })

  it('holds a confounder by keyboard and by slider, and releases it', async () => {
    await view()
    await node(1).trigger('click')
    await press('m')
    await press('h')
    expect(changes()).toEqual(['c2 held at +0.00 sd'])
    await wrapper.get('.hold-control input[type=range]').setValue('1.5')
    expect(changes()).toEqual(['c2 held at +1.50 sd'])
    await press('h')
    expect(changes()).toEqual([])
  })
})

describe('names', () => {
  it('are given and refused where another node has them', async () => {
    await view()
    await node(0).trigger('click')
    const field = (): ReturnType<VueWrapper['get']> => wrapper.get('.node-inspector input.field')
    await field().setValue('price')
    await field().trigger('keydown', { key: 'Enter' })
    expect(node(0).text()).toBe('price')
    await node(1).trigger('click')
    await field().setValue('price')
    await field().trigger('keydown', { key: 'Enter' })
    expect(wrapper.get('.refused').text()).toContain('is called "price" already')
    expect(node(1).text()).toBe('c2')
  })

  it('are suggested from data, with what moves, and taken by a click', async () => {
    await view()
    await node(0).trigger('click')
    expect(services.asked).not.toContain('intervene:profiles')
    await wrapper.findAll('.node-profile button').at(0)!.trigger('click')
    await eventually(() => expect(wrapper.get('.node-profile').text()).toContain('Suggested: cheap things'))
    expect(wrapper.get('.node-profile').text()).toContain('Red Lamp')
    expect(wrapper.get('.node-profile').text()).toContain('price: −0.61')
    await wrapper.get('.suggestion button').trigger('click')
    expect(node(0).text()).toBe('cheap things')
    await node(1).trigger('click')
    expect(wrapper.get('.node-profile').text()).toContain('moves no item for anyone')
  })

  it('are no longer asked for once that is cancelled', async () => {
    let stopped: string | null = null
    services.answers['intervene:profiles'] = () => new Promise(() => undefined)
    services.answers['intervene:stop'] = ({ task }) => {
      stopped = task
      return null
    }
    await view()
    await node(0).trigger('click')
    await wrapper.get('.node-profile button').trigger('click')
    await wrapper.get('.node-profile .busy button').trigger('click')
    await eventually(() => expect(stopped).toMatch(/^profiles-run-1/))
    expect(wrapper.get('.node-profile').text()).toContain('Suggest names from data')
  })
})

describe('the confidence of edges', () => {
  it('is asked for as a job, and shown once it is there', async () => {
    await view()
    expect(wrapper.get('.edge-confidence').text()).toContain('Nobody has asked yet')
    await wrapper.get('.edge-confidence input').setValue('5')
    await wrapper.get('.edge-confidence .line button').trigger('click')
    await eventually(() => expect(wrapper.find('.edge-confidence [role=progressbar]').exists()).toBe(true))
    const frequencies = [
      [0, 1, 0],
      [0, 0, 0.6],
      [0, 0, 0],
    ]
    const one = { resample: 0, seed: 1, probabilities: frequencies, similarity: [1, 1, 0.4], metrics: {}, seconds: 1 }
    confidence = { resamples: 5, done: [one, one], frequencies, meanSimilarity: [0.9, 0.8, 0.4] }
    services.send('run:annotated', { run: 'run-1' })
    await eventually(() => expect(wrapper.get('.edge-confidence').text()).toContain('From 2 resamples'))
    expect(wrapper.get('.edge-confidence').text()).toContain('read its edges with care')
    const choice = wrapper.findAll('.choices button').find((button) => button.text() === 'Frequency')!
    await choice.trigger('click')
    expect(cell(5).text()).toBe('0.60')
    await cell(5).trigger('click')
    expect(wrapper.get('.edge-inspector').text()).toContain('60 % of 2 resamples')
  })
})

describe('kept by name', () => {
  const tab = (name: string) => wrapper.findAll('[role=tab]').find((one) => one.text() === name)!

  it('are masks: saved, replaced, compared', async () => {
    await view()
    await node(0).trigger('click')
    await press('m')
    await press('z')
    await press('M', { shiftKey: true })
    await eventually(() => expect(wrapper.find('.named-dialog').exists()).toBe(true))
    await wrapper.get('.named-dialog input').setValue('no c1')
    await wrapper.get('.named-dialog form.save').trigger('submit')
    await eventually(() => expect(wrapper.get('.named-dialog .list').text()).toContain('no c1'))
    expect(masks[0]!.mask.factors).toEqual([
      [1, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
    ])
    expect(wrapper.get('.named-dialog .save').text()).toContain('Replace “no c1”')
    await wrapper.get('.named-dialog form.save').trigger('submit')
    await eventually(() => expect(wrapper.get('.said').text()).toContain('Replaced'))
    expect(masks).toHaveLength(1)
    await tab('Compare').trigger('mousedown')
    await tab('Compare').trigger('focus')
    await eventually(() => expect(wrapper.text()).toContain('They differ on 2 edges'))
    expect(wrapper.findAll('.mask-table .differs')).toHaveLength(4)
  })

  it('is what the next training is to know, apart from the mask', async () => {
    await view()
    await press('k')
    await cell(1).trigger('click')
    await press('y')
    await cell(6).trigger('click')
    await press('n')
    expect(wrapper.get('.knowledge-panel').text()).toContain('c1 → c2 required')
    expect(wrapper.get('.knowledge-panel').text()).toContain('c3 → c1 forbidden')
    expect(cell(1).attributes('aria-label')).toContain('required in the next training')
    expect(useGraphEditorStore().intervention.factors).toBeNull()
    await press('K', { shiftKey: true })
    await eventually(() => expect(wrapper.find('.named-dialog').exists()).toBe(true))
    await wrapper.get('.named-dialog input').setValue('what I know')
    await wrapper.get('.named-dialog form.save').trigger('submit')
    await eventually(() => expect(knowledge).toHaveLength(1))
    expect(knowledge[0]).toMatchObject({ name: 'what I know', required: [['c1', 'c2']], forbidden: [['c3', 'c1']] })
  })

  it('refuses what no training could honour', async () => {
    await view()
    await press('k')
    await cell(1).trigger('click')
    await press('y')
    await cell(3).trigger('click')
    await press('y')
    expect(useGraphEditorStore().state.knowledge.required).toEqual([['c1', 'c2']])
  })
})

describe('the tour by keyboard', () => {
  it('has no two actions on one shortcut in any mode', async () => {
    await view()
    await node(0).trigger('click')
    for (const key of [null, 'm', 'k']) {
      if (key) await press(key)
      const shortcuts = availableActions.value.map(({ shortcut }) => shortcut).filter((one) => one !== undefined)
      expect(new Set(shortcuts).size).toBe(shortcuts.length)
    }
  })
})

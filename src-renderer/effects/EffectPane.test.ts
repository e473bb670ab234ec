// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Intervention, SegmentEffect, UserEffect } from '../../src-shared/domain/intervention'
import type { MethodInfo } from '../../src-shared/domain/method'
import { CausewayError } from '../../src-shared/contract/errors'
import { zeroRows } from '../../src-shared/graph/edit/operations'
import { useContextStore } from '../stores/context-store'
import { useEffectsStore } from '../stores/effects-store'
import { useGraphEditorStore } from '../stores/graph-editor-store'
import { pathsOf, segmentEffectOf, userEffectOf } from '../testing/effects'
import { connectServices, eventually, runOf, type ServicesEnd } from '../testing/pipe'
import EffectPane from './EffectPane.vue'

const method = {
  id: 'csc',
  label: 'CSC',
  capabilities: ['score', 'graph', 'mask', 'intervene'],
  identification: {
    statement: 'Only up to assumptions.',
    byConstruction: ['Noise is additive.'],
    assumed: ['One world.'],
  },
} as unknown as MethodInfo

/** How many rows of the mask are zeroed: what the answers of these tests depend on. */
const zeroed = ({ factors }: Partial<Pick<Intervention, 'factors'>>): number =>
  (factors ?? []).filter((row) => row.includes(0)).length
const listAfter = (rows: number): number[] =>
  [
    [1, 2, 3],
    [2, 1, 3],
    [2, 1, 9],
  ][rows]!

let services: ServicesEnd
let wrapper: VueWrapper
let asked: { task: string; rows: number }[]

async function pane(): Promise<void> {
  wrapper = mount(EffectPane, {
    props: { run: runOf() },
    attachTo: document.body,
    global: { plugins: [getActivePinia()!] },
  })
  await useGraphEditorStore().open('run-1', ['c1', 'c2', 'c3'])
  await flushPromises()
}
const goTo = async (tab: 'user' | 'segment' | 'confounders' | 'why' | 'saved'): Promise<void> => {
  useEffectsStore().tab = tab
  await flushPromises()
}
const shownList = (): string[] => wrapper.findAll('.after .title').map((title) => title.text())
/** All that the segment's tables say. */
const numbers = (): string =>
  wrapper
    .findAll('[data-quantity]')
    .map((row) => row.text())
    .join('\n')

beforeEach(() => {
  asked = []
  services = connectServices({
    'runs:list': () => [runOf()],
    'data:list': () => [],
    'train:methods': () => [method],
    'graph:annotations': () => ({ type: 'causeway-annotations', version: 1, names: {}, notes: {} }),
    'recommend:users': () => [{ id: 'u1', trainItems: 5 }],
    'intervene:segments': () => ({
      users: 20256,
      texts: [{ attribute: 'gender', values: [{ value: 'F', users: 9 }] }],
      numbers: [{ attribute: 'age', min: 7, max: 70, median: 30 }],
      activity: { min: 1, lowerThird: 10, upperThird: 40, max: 700 },
    }),
    'intervene:saved': () => [],
    'intervene:stop': () => null,
    'intervene:user': ({ user, intervention }) => userEffectOf(user, listAfter(zeroed(intervention))),
    'intervene:segment': ({ intervention, task }) => {
      asked.push({ task, rows: zeroed(intervention) })
      return segmentEffectOf(zeroed(intervention))
    },
    'intervene:perConfounder': ({ k }) => ({
      users: 20256,
      k: k ?? 10,
      rows: [1, -1, 0].map((change, node) => ({ node, effect: segmentEffectOf(change, k) })),
    }),
    'intervene:paths': ({ user, item }) => pathsOf(user, item),
  })
})
afterEach(() => wrapper.unmount())

describe('the list of the user in view', () => {
  it('is there from the start, of the first user where none is chosen', async () => {
    await pane()
    await eventually(() => expect(shownList()).toEqual(['Film 1', 'Film 2', 'Film 3']))
    expect(useContextStore().user).toBe('u1')
    expect(wrapper.text()).toContain('this is the list of the model as trained')
  })

  it('re-ranks with every edit, says moves in words, names what enters and leaves', async () => {
    await pane()
    const editor = useGraphEditorStore()
    editor.perform(zeroRows([0]))
    await eventually(() => expect(shownList()).toEqual(['Film 2', 'Film 1', 'Film 3']))
    expect(wrapper.get('.after li').text()).toMatch(/▲ 1\s*up 1/)
    expect(wrapper.get('.after li').text()).toContain('hit')
    editor.perform(zeroRows([1]))
    await eventually(() => expect(wrapper.text()).toContain('In: Film 9.'))
    expect(wrapper.text()).toContain('Out: Film 3.')
    expect(wrapper.findAll('.after li')[2]!.text()).toContain('enters, from rank 9')
  })

  it('never shows an answer that comes after a newer one', async () => {
    await pane()
    await eventually(() => expect(shownList()).toHaveLength(3))
    const late: ((effect: UserEffect) => void)[] = []
    services.answers['intervene:user'] = () => new Promise((resolve) => late.push(resolve))
    const editor = useGraphEditorStore()
    editor.perform(zeroRows([0]))
    await eventually(() => expect(late).toHaveLength(1))
    expect(wrapper.text()).toContain('Out of date')
    editor.perform(zeroRows([1]))
    await eventually(() => expect(late).toHaveLength(2))
    late[1]!(userEffectOf('u1', listAfter(2)))
    await eventually(() => expect(shownList()).toEqual(['Film 2', 'Film 1', 'Film 9']))
    late[0]!(userEffectOf('u1', listAfter(1)))
    await flushPromises()
    expect(shownList()).toEqual(['Film 2', 'Film 1', 'Film 9'])
    expect(wrapper.text()).not.toContain('Out of date')
  })

  it('stays, marked, beside an error, and is asked for again on request', async () => {
    await pane()
    await eventually(() => expect(shownList()).toHaveLength(3))
    services.answers['intervene:user'] = () => {
      throw new CausewayError('processDied', 'The process that computes has ended.')
    }
    useGraphEditorStore().perform(zeroRows([0]))
    await eventually(() => expect(wrapper.get('[role=alert]').text()).toContain('has ended'))
    expect(shownList()).toEqual(['Film 1', 'Film 2', 'Film 3'])
    services.answers['intervene:user'] = ({ user }) => userEffectOf(user, [2, 1, 3])
    await wrapper.get('[role=alert] button').trigger('click')
    await eventually(() => expect(shownList()).toEqual(['Film 2', 'Film 1', 'Film 3']))
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
  })
})

describe('the effect on a segment', () => {
  it('is a sentence and a table with intervals, which undo brings back to the bit without asking again', async () => {
    await pane()
    await goTo('segment')
    const editor = useGraphEditorStore()
    await eventually(() => expect(numbers()).toContain('exactly'))
    const before = numbers()
    editor.perform(zeroRows([0]))
    await eventually(() =>
      expect(wrapper.text()).toContain(
        'Without c1, the mean price of the top 10 rises by 1.0 (0.8 to 1.2), 20,256 users.',
      ),
    )
    expect(wrapper.get('[data-quantity="avp@10:price"]').text()).toContain('▲rises, +1.0+0.8 to +1.2')
    expect(asked).toHaveLength(2)
    editor.undo()
    await flushPromises()
    expect(numbers()).toBe(before)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(asked).toHaveLength(2)
  })

  it('stops the older task before it asks anew, shows progress, and can be cancelled', async () => {
    await pane()
    await goTo('segment')
    await eventually(() => expect(numbers()).not.toBe(''))
    const stopped: string[] = []
    const waiting = new Map<string, (error: CausewayError) => void>()
    services.answers['intervene:stop'] = ({ task }) => {
      stopped.push(task)
      waiting.get(task)!(new CausewayError('cancelled', 'Stopped.'))
      return null
    }
    services.answers['intervene:segment'] = ({ task, intervention }) => {
      asked.push({ task, rows: zeroed(intervention) })
      return new Promise<SegmentEffect>((_, reject) => waiting.set(task, reject))
    }
    const editor = useGraphEditorStore()
    editor.perform(zeroRows([0]))
    await eventually(() => expect(asked).toHaveLength(2))
    editor.perform(zeroRows([1]))
    await eventually(() => expect(asked).toHaveLength(3))
    expect(stopped).toEqual([asked[1]!.task])

    services.send('intervene:progress', { task: asked[2]!.task, stage: 'Listing users', fraction: 0.5 })
    await eventually(() => expect(wrapper.text()).toContain('Listing users, 50 %'))
    expect(wrapper.text()).toContain('Out of date')
    await wrapper
      .findAll('button')
      .find((button) => button.text() === 'Cancel')!
      .trigger('click')
    await eventually(() => expect(wrapper.text()).toContain('Stopped.'))
    expect(stopped).toEqual([asked[1]!.task, asked[2]!.task])
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
    expect(numbers()).not.toBe('')
  })

  it('is of the users chosen', async () => {
    await pane()
    await goTo('segment')
    await eventually(() => expect(numbers()).not.toBe(''))
    const users: unknown[] = []
    services.answers['intervene:segment'] = ({ users: chosen }) => {
      users.push(chosen)
      return segmentEffectOf(1)
    }
    useEffectsStore().selection = { kind: 'attribute', attribute: 'gender', value: 'F' }
    await eventually(() => expect(users).toEqual([{ kind: 'attribute', attribute: 'gender', value: 'F' }]))
  })
})

describe('Table 4', () => {
  it('is asked for, and loads a row into the editor, which undo takes back', async () => {
    await pane()
    await goTo('confounders')
    expect(services.asked).not.toContain('intervene:perConfounder')
    await wrapper
      .findAll('button')
      .find((button) => button.text() === 'Compute Table 4')!
      .trigger('click')
    await eventually(() => expect(wrapper.findAll('[data-node]')).toHaveLength(3))
    expect(wrapper.get('[data-node="1"]').text()).toContain('▼falls, −1.0−1.2 to −0.8')
    await wrapper.get('[data-node="1"] button').trigger('click')
    const editor = useGraphEditorStore()
    expect(editor.intervention.factors).toEqual([
      [1, 1, 1],
      [0, 1, 0],
      [1, 1, 1],
    ])
    editor.undo()
    expect(editor.intervention.factors).toBeNull()
    useEffectsStore().k = 20
    await eventually(() => expect(wrapper.get('.of').text()).toContain('Out of date'))
  })
})

describe('the explanation of an item', () => {
  it('sums to the score, and is there for the graph while it is in view', async () => {
    await pane()
    await eventually(() => expect(shownList()).toHaveLength(3))
    await wrapper.findAll('.after button')[1]!.trigger('click')
    await eventually(() => expect(wrapper.find('[data-part="0"]').exists()).toBe(true))
    const effects = useEffectsStore()
    expect(effects.pathExplanation).toEqual(pathsOf('u1', '2'))
    expect(wrapper.get('[data-part="1"] + .parts').text()).toBe('own +0.250 · from c1 +0.125 · together +0.125')
    expect(wrapper.findAll('tfoot td').map((cell) => cell.text())).toEqual(['2.000', '+0.250', '+0.250', '2.500'])
    await goTo('user')
    expect(effects.pathExplanation).toBeNull()
  })
})

describe('saving', () => {
  it('keeps what the editor and the tabs say, under a name', async () => {
    await pane()
    useGraphEditorStore().perform(zeroRows([0]))
    await goTo('saved')
    const inputs: unknown[] = []
    services.answers['intervene:save'] = (input) => {
      inputs.push(input)
      const effect = segmentEffectOf(1)
      const saved = {
        type: 'causeway-effect' as const,
        version: 1 as const,
        name: input.name,
        notes: '',
        savedAt: '2026-01-01T10:00:00.000Z',
        run: 'run-1',
        nodes: ['c1', 'c2', 'c3'],
        users: input.users,
        intervention: { factors: input.intervention.factors ?? null, holds: [] },
        effect,
        producedBy: { causeway: '0.1.0', splitHash: 'b', seed: 0, backend: 'wasm' },
      }
      services.answers['intervene:saved'] = () => [saved]
      return saved
    }
    await wrapper.get('form').trigger('submit')
    await eventually(() =>
      expect(wrapper.get('[aria-label="Saved results"]').text()).toContain('Without c1, the mean price'),
    )
    expect(inputs).toMatchObject([
      {
        run: 'run-1',
        name: 'Without c1',
        users: { kind: 'all' },
        k: 10,
        replace: false,
        intervention: {
          factors: [
            [1, 0, 0],
            [1, 1, 1],
            [1, 1, 1],
          ],
        },
      },
    ])
  })
})

describe('the pane', () => {
  it('asks nothing of a method that cannot intervene, and says so', async () => {
    services.answers['train:methods'] = () => [{ ...method, capabilities: ['score'] }]
    await pane()
    await eventually(() => expect(wrapper.text()).toContain('CSC has nothing that could be intervened in.'))
    expect(services.asked.filter((name) => name.startsWith('intervene'))).toEqual([])
  })

  it('walks its tabs with the arrow keys', async () => {
    await pane()
    const tabs = wrapper.findAll('[role=tab]')
    expect(tabs.map((tab) => tab.text())).toEqual(['User', 'Segment', 'Table 4', 'Why', 'Saved', 'Correlation'])
    ;(tabs[0]!.element as HTMLElement).focus()
    await tabs[0]!.trigger('keydown', { key: 'ArrowRight' })
    await flushPromises()
    expect(wrapper.get('[role=tab][aria-selected=true]').text()).toBe('Segment')
  })

  it('says what is assumed', async () => {
    await pane()
    await eventually(() => expect(wrapper.get('.identified-note').text()).toContain('One world.'))
    expect(wrapper.get('.identified-note').text()).toContain('Noise is additive.')
  })
})

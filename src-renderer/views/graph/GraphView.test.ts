// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { GraphComparison } from '../../../src-shared/domain/graph'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { useContextStore } from '../../stores/context-store'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../testing/pipe'
import GraphView from './GraphView.vue'

const method = (id: string, capabilities: MethodInfo['capabilities']): MethodInfo => ({
  id,
  label: id.toUpperCase(),
  family: 'causal',
  purpose: '',
  assumptions: ['The confounders act on each other without cycles.'],
  identification: null,
  needs: [],
  paper: { title: '', authors: '', year: 2024 },
  capabilities,
  params: [],
  series: [],
})

let services: ServicesEnd
let wrapper: VueWrapper

async function view(): Promise<void> {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:any(.*)*', component: GraphView }],
  })
  wrapper = mount(GraphView, { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } })
  useContextStore().run = 'run-1'
  await flushPromises()
}

beforeEach(() => {
  services = connectServices({
    'runs:list': () => [runOf()],
    'data:list': () => [],
    'train:methods': () => [method('csc', ['score', 'graph', 'local-graph'])],
    'graph:truth': () => null,
    'graph:global': () => ({
      type: 'causal-graph',
      version: 1,
      nodes: ['c1', 'c2', 'c3'],
      probabilities: [
        [0, 0.93, 0.2],
        [0.1, 0, 0.8],
        [0.6, 0, 0],
      ],
      meanStrengths: [
        [0, 0.41, 0.3],
        [0.2, 0, 0.82],
        [0.5, 0.1, 0],
      ],
    }),
  })
})
afterEach(() => wrapper.unmount())

describe('Graph', () => {
  it('says what the graph is at a threshold, and again when it moves', async () => {
    await view()
    await eventually(() => expect(wrapper.get('.statement').text()).toContain('c3 → c1 (0.60)'))
    expect(wrapper.get('.count').text()).toBe('2 of 6 edges')
    await wrapper.get('input[type=range]').setValue('0.7')
    expect(wrapper.get('.statement').text()).toBe('The 2 edges from 0.70 on form a directed acyclic graph.')
    expect(wrapper.get('input[type=range]').attributes('aria-valuetext')).toBe('0.70, 2 of 6 edges')
  })

  it('has its matrix walked by arrow keys and read out cell by cell', async () => {
    await view()
    await eventually(() => expect(wrapper.findAll('[role=gridcell]')).toHaveLength(9))
    const cell = (): HTMLElement => document.activeElement as HTMLElement
    wrapper.get<HTMLElement>('[role=gridcell][tabindex="0"]').element.focus()
    expect(cell().getAttribute('aria-label')).toBe('c1 → c2: probability 0.93, strength 0.41, in the graph')
    await wrapper.get('tbody').trigger('keydown', { key: 'ArrowDown' })
    await wrapper.get('tbody').trigger('keydown', { key: 'ArrowRight' })
    await eventually(() =>
      expect(cell().getAttribute('aria-label')).toBe('c2 → c3: probability 0.80, strength 0.82, in the graph'),
    )
    cell().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await eventually(() => expect(wrapper.get('.graph-inspector').text()).toContain('c2 → c3'))
    expect(wrapper.get('[role=gridcell][aria-selected=true]').text()).toBe('0.80')
  })

  it('names the parents and children of a chosen node', async () => {
    await view()
    await eventually(() => expect(wrapper.findAll('button.node')).toHaveLength(3))
    await wrapper.findAll('button.node')[1]!.trigger('click')
    const words = wrapper.get('.graph-inspector').text()
    expect(words).toMatch(/Is moved by\s*c1\s*probability 0.93, strength 0.41/)
    expect(words).toMatch(/Moves\s*c3\s*probability 0.80, strength 0.82/)
  })

  it('says so where the threshold leaves no edge', async () => {
    await view()
    await eventually(() => expect(wrapper.find('input[type=range]').exists()).toBe(true))
    await wrapper.get('input[type=range]').setValue('1')
    expect(wrapper.get('.statement').text()).toContain('No edge reaches 1.00')
  })

  describe('where the graph of the data is known', () => {
    const comparison: GraphComparison = {
      threshold: 0.5,
      learnedEdges: 2,
      shd: 1,
      matching: [
        { learned: 'c2', known: 'c1' },
        { learned: 'c1', known: 'c2' },
        { learned: 'c3', known: 'c3' },
      ],
      meanRandomShd: 0.74,
      randomAsNear: 0.9,
    }
    async function section(change: Partial<GraphComparison> | null): Promise<string> {
      services.answers['graph:truth'] = () => ({
        nodes: ['c1', 'c2', 'c3'],
        edges: [
          ['c1', 'c2'],
          ['c1', 'c3'],
        ],
        comparison: change && { ...comparison, ...change },
      })
      await view()
      await eventually(() => expect(wrapper.find('.known-graph').exists()).toBe(true))
      return wrapper.get('.graph-inspector .known-graph').text()
    }

    it('shows it in words, with what the distance means and the matching', async () => {
      const words = await section({})
      expect(words).toContain('c1 → c2, c1 → c3')
      expect(words).toContain('SHD 1 (0 = the same graph): 1 pair of confounders')
      expect(words).toContain('random graphs with as many edges (2 edges): 0.7 on average')
      expect(words).toContain('c2 as c1, c1 as c2, c3 as c3')
    })

    it('claims nothing where a random graph comes as near', async () => {
      expect(await section({})).toContain('No nearer than a random graph')
    })

    it('says so where being near may be chance', async () => {
      expect(await section({ shd: 0, randomAsNear: 0.31 })).toContain('31 % of them are the same: it may be chance')
    })

    it('compares no graphs of different sizes', async () => {
      const words = await section(null)
      expect(words).toContain('It has 3 confounders; this run learned another number')
      expect(words).not.toContain('SHD')
    })

    it('gives way to what was chosen', async () => {
      await section({})
      await wrapper.findAll('button.node')[1]!.trigger('click')
      expect(wrapper.find('.known-graph').exists()).toBe(false)
    })

    it('says why where it cannot be read', async () => {
      services.answers['graph:truth'] = () => {
        throw new CausewayError('workspaceInvalid', '"truth.json" is damaged.')
      }
      await view()
      await eventually(() => expect(wrapper.get('.graph-inspector').text()).toContain('"truth.json" is damaged.'))
    })
  })

  it('has no section on a known graph where nobody knows one', async () => {
    await view()
    await eventually(() => expect(services.asked).toContain('graph:truth'))
    await eventually(() => expect(wrapper.get('.graph-inspector').text()).toContain('What this graph says'))
    expect(wrapper.text()).not.toContain('The known graph')
  })

  it('says what to do where a run has no graph', async () => {
    services.answers['graph:global'] = () => {
      throw new CausewayError('noGraph', 'This run of CSC has no global graph.')
    }
    await view()
    await eventually(() => expect(wrapper.text()).toContain('This run learned no graph'))
  })

  it('asks for no graph of a method that learns none', async () => {
    services.answers['train:methods'] = () => [method('csc', ['score'])]
    await view()
    await eventually(() => expect(wrapper.text()).toContain('CSC learns no causal graph'))
    expect(services.asked).not.toContain('graph:global')
  })
})

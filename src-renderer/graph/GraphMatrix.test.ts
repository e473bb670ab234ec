// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import type { CausalGraph } from '../../src-shared/domain/graph'
import { eventually } from '../testing/pipe'
import GraphMatrix from './GraphMatrix.vue'
import { graphModel } from './model'

const nodes = Array.from({ length: 60 }, (_, i) => `c${i + 1}`)
const graph: CausalGraph = {
  type: 'causal-graph',
  version: 1,
  nodes,
  probabilities: nodes.map((_, i) => nodes.map((_, j) => (i === j ? 0 : ((i * 60 + j) % 97) / 97))),
  meanStrengths: null,
}

function matrix() {
  return mount(GraphMatrix, {
    attachTo: document.body,
    props: {
      model: graphModel(graph, 0.99),
      values: graph.probabilities,
      scale: 1,
      userStrengths: null,
      label: 'Matrix',
      selection: [],
      mode: 'mask',
    },
  })
}
const rows = (wrapper: ReturnType<typeof matrix>): string[] => wrapper.findAll('button.node').map((node) => node.text())

describe('the matrix of a large graph', () => {
  it('shows a part, and says which', () => {
    const wrapper = matrix()
    expect(wrapper.findAll('[role=gridcell]')).toHaveLength(24 * 24)
    expect(wrapper.get('.part').text()).toContain('c1 … c24 by c1 … c24, of 60')
    wrapper.unmount()
  })

  it('is walked to its end by keyboard, the part moving along', async () => {
    const wrapper = matrix()
    wrapper.get<HTMLElement>('[role=gridcell][tabindex="0"]').element.focus()
    const body = wrapper.get('tbody')
    await body.trigger('keydown', { key: 'End' })
    await eventually(() => expect(document.activeElement?.getAttribute('aria-label')).toMatch(/^c1 → c60/))
    for (let step = 0; step < 59; step++) await body.trigger('keydown', { key: 'ArrowDown' })
    await eventually(() => expect(document.activeElement?.getAttribute('aria-label')).toBe('c60: no edge to itself'))
    expect(rows(wrapper)[0]).toBe('c37')
    expect(wrapper.findAll('[role=gridcell]')).toHaveLength(24 * 24)
    wrapper.unmount()
  })

  it('is paged by its buttons, and stops at its ends', async () => {
    const wrapper = matrix()
    const button = (label: string) => wrapper.get(`[aria-label="${label}"]`)
    await button('Later rows').trigger('click')
    expect(rows(wrapper)[0]).toBe('c25')
    await button('Later rows').trigger('click')
    await button('Later rows').trigger('click')
    expect(rows(wrapper).at(-1)).toBe('c60')
    // The cell that Tab leads to is in the part that is shown.
    expect(wrapper.findAll('[role=gridcell][tabindex="0"]')).toHaveLength(1)
    wrapper.unmount()
  })

  it('comes to what is chosen elsewhere', async () => {
    const wrapper = matrix()
    await wrapper.setProps({ selection: ['c50→c2'] })
    expect(rows(wrapper)).toContain('c50')
    expect(wrapper.findAll('[role=gridcell][aria-selected=true]')).toHaveLength(1)
    wrapper.unmount()
  })

  it('asks for a range of edges at once, the diagonal left out', async () => {
    const wrapper = matrix()
    await wrapper.setProps({ 'onUpdate:selection': (selection: readonly string[]) => wrapper.setProps({ selection }) })
    const body = wrapper.get('tbody')
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowLeft']) await body.trigger('keydown', { key, shiftKey: true })
    await body.trigger('keydown', { key: ' ' })
    const [[edges]] = wrapper.emitted('toggle') as [[{ from: number; to: number }[]]]
    expect(edges).toHaveLength(4)
    expect(edges.every(({ from, to }) => from !== to)).toBe(true)
    wrapper.unmount()
  })

  it('deletes the edge of the cell the keyboard is on, not one chosen elsewhere', async () => {
    const wrapper = matrix()
    await wrapper.setProps({ selection: ['c5→c2'] })
    const body = wrapper.get('tbody')
    await body.trigger('keydown', { key: 'ArrowRight' })
    await body.trigger('keydown', { key: 'Delete' })
    expect(wrapper.emitted('factor')).toEqual([[[{ from: 0, to: 2 }], 0]])
    wrapper.unmount()
  })
})

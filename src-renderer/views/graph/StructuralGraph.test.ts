// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { CorrelationEstimate } from '../../../src-shared/domain/correlation'
import { graphThemes } from '../../graph/colours'
import { structuralEdges, structuralElements, structuralPositions } from '../../graph/structural'
import { graphSvg } from '../../graph/svg'
import { useContextStore } from '../../stores/context-store'
import { useCorrelationStore } from '../../stores/correlation-store'
import { correlatedMethod, correlationCurveOf, correlationEffectOf } from '../../testing/correlation'
import { connectServices, eventually, jobOf, runOf, type ServicesEnd } from '../../testing/pipe'
import GraphView from './GraphView.vue'

let services: ServicesEnd
let wrapper: VueWrapper
let estimate: CorrelationEstimate | null

const withInterval: CorrelationEstimate = {
  correlation: 0.3,
  bootstrap: {
    resamples: 50,
    done: [0.1, 0.2, 0.4].map((correlation, resample) => ({ resample, seed: resample, correlation, seconds: 1 })),
    interval: { low: 0.1, high: 0.4, level: 0.95 },
  },
}

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
  estimate = { correlation: 0.3, bootstrap: null }
  services = connectServices({
    'runs:list': () => [runOf({ method: 'clev' })],
    'data:list': () => [],
    'jobs:list': () => [],
    'train:methods': () => [correlatedMethod],
    'recommend:users': () => [{ id: 'u1', trainItems: 5 }],
    'intervene:stop': () => null,
    'correlation:get': () => estimate,
    'correlation:effect': ({ user, rho }) => correlationEffectOf(user, rho),
    'correlation:curve': ({ rhos }) => correlationCurveOf(rhos),
    'runs:bootstrap': ({ run, resamples }) => jobOf({ kind: 'bootstrap', run, title: `${resamples} resamples` }),
  })
})
afterEach(() => wrapper?.unmount())

const rowOf = (name: string) => wrapper.findAll('.drawing tbody tr').find((row) => row.get('th').text() === name)!

describe('the structural graph', () => {
  it('is there as a table too, its parts explained when chosen', async () => {
    await view()
    await eventually(() => expect(wrapper.findAll('.drawing tbody tr')).toHaveLength(10))
    expect(rowOf('U_O').text()).toContain('exogenous')
    expect(rowOf('X').text()).toContain('observed')
    await eventually(() => expect(rowOf('U_O ↔ U_R').text()).toContain('ρ 0.30'))
    await rowOf('U_O').get('button').trigger('click')
    expect(rowOf('U_O').get('button').attributes('aria-pressed')).toBe('true')
    expect(wrapper.get('.inspector').text()).toContain('moves a user to come to an item')
    expect(services.asked).not.toContain('graph:global')
  })

  it('says what is set by hand', async () => {
    await view()
    await eventually(() => expect(useCorrelationStore().rho).toBe(0.3))
    useCorrelationStore().set(0.6)
    await eventually(() => expect(rowOf('U_O ↔ U_R').text()).toContain('ρ 0.30, set to 0.60'))
  })

  it('is bootstrapped on demand, and tells the interval with its values', async () => {
    await view()
    await eventually(() => expect(wrapper.text()).toContain('nobody has asked for a bootstrap'))
    expect(wrapper.get<HTMLInputElement>('.count').element.value).toBe('50')
    await wrapper.get('.bootstrap-control button').trigger('click')
    await eventually(() => expect(services.asked).toContain('runs:bootstrap'))
    await eventually(() => expect(wrapper.find('[role=progressbar]').exists()).toBe(true))
    estimate = withInterval
    services.send('run:annotated', { run: 'run-1' })
    await eventually(() => expect(wrapper.get('.correlation-confidence').text()).toContain('0.30 (0.10 to 0.40)'))
    expect(wrapper.get('.values').text()).toBe('0.10 · 0.20 · 0.40')
    expect(wrapper.findAll('circle.value')).toHaveLength(3)
    expect(wrapper.text()).toContain('3 of 50 trainings')
  })

  it('says so where the run is older than its record', async () => {
    estimate = null
    await view()
    await eventually(() => expect(wrapper.text()).toContain('no recorded correlation'))
  })
})

it('an SVG of it has observed and exogenous nodes told apart, and an edge with two heads', () => {
  const text = graphSvg(
    structuralElements(structuralEdges(withInterval, null)),
    structuralPositions,
    graphThemes.light,
    'A graph',
  )
  const { documentElement: svg } = new DOMParser().parseFromString(text, 'image/svg+xml')
  const circles = [...svg.querySelectorAll('g.node circle')].map((circle) => circle.getAttribute('stroke-dasharray'))
  expect(circles).toEqual(['5 3', '5 3', null, null, null])
  expect(svg.querySelectorAll('g.edge')).toHaveLength(5)
  const correlated = svg.querySelector('g.edge.correlated')!
  expect(correlated.querySelectorAll('polygon')).toHaveLength(2)
  expect(correlated.querySelector('path')!.getAttribute('stroke-dasharray')).toBe('6 3')
  expect(correlated.querySelector('title')!.textContent).toBe('U_O ↔ U_R ρ 0.30 (0.10 to 0.40)')
  expect(svg.querySelector('g.edge.none')!.querySelectorAll('polygon')).toHaveLength(1)
})

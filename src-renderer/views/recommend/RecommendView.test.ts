// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { MethodInfo } from '../../../src-shared/domain/method'
import type { Recommendation } from '../../../src-shared/domain/recommendation'
import { useContextStore } from '../../stores/context-store'
import { useEffectsStore } from '../../stores/effects-store'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../testing/pipe'
import RecommendView from './RecommendView.vue'

const answerFor = (user: string, k: number): Recommendation => ({
  run: 'run-1',
  user,
  history: [{ id: '7', title: `Seen by ${user}`, attributes: { year: 1995 } }],
  items: Array.from({ length: k }, (_, i) => ({
    id: String(i),
    title: `Film ${i + 1} for ${user}`,
    attributes: {},
    rank: i + 1,
    score: -i,
    inTest: i === 1,
  })),
})

let services: ServicesEnd
let wrapper: VueWrapper
let router: Router

async function view(): Promise<void> {
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/graph', name: 'graph', component: RecommendView },
      { path: '/:any(.*)*', component: RecommendView },
    ],
  })
  wrapper = mount(RecommendView, { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } })
  await flushPromises()
}

beforeEach(() => {
  services = connectServices({
    'runs:list': () => [runOf()],
    'data:list': () => [],
    'train:methods': () => [{ id: 'csc', label: 'CSC', capabilities: ['score', 'intervene'] } as unknown as MethodInfo],
    'recommend:users': ({ query }) =>
      ['u1', 'u2', 'v3'].filter((id) => id.includes(query)).map((id) => ({ id, trainItems: 5 })),
    'recommend:topK': ({ user, k }) => answerFor(user, k ?? 10),
  })
})
afterEach(() => wrapper.unmount())

describe('Recommend', () => {
  it('asks for a completed run first', async () => {
    services.answers['runs:list'] = () => [runOf({ state: 'paused' })]
    await view()
    useContextStore().run = 'run-1'
    await eventually(() => expect(wrapper.text()).toContain('This run is paused'))
    expect(services.asked).not.toContain('recommend:users')
  })

  it('finds a user and chooses one with the keyboard alone', async () => {
    await view()
    useContextStore().run = 'run-1'
    await eventually(() => expect(wrapper.findAll('[role=option]')).toHaveLength(3))
    expect(wrapper.text()).toContain('Whose list?')
    const field = wrapper.get('[role=combobox]')
    await field.setValue('u')
    await eventually(() => expect(wrapper.findAll('[role=option]')).toHaveLength(2))
    await field.trigger('keydown', { key: 'ArrowDown' })
    const marked = field.attributes('aria-activedescendant')!
    expect(document.getElementById(marked)!.textContent).toContain('u2')
    await field.trigger('keydown', { key: 'Enter' })
    await eventually(() => expect(wrapper.text()).toContain('Film 1 for u2'))
    expect(wrapper.get('[role=option][aria-selected=true]').text()).toContain('u2')
    expect(wrapper.text()).toContain('Seen by u2')
  })

  it('marks hits in words and keeps room while another list is on its way', async () => {
    await view()
    const context = useContextStore()
    context.run = 'run-1'
    context.user = 'u1'
    await eventually(() => expect(wrapper.findAll('.hit')).toHaveLength(1))
    expect(wrapper.get('.hit').text()).toContain('hit')
    expect(wrapper.text()).toContain("1 of these 10 is among the user's test items (rank 2).")

    let arrive: (answer: Recommendation) => void = () => undefined
    services.answers['recommend:topK'] = () => new Promise((resolve) => (arrive = resolve))
    context.user = 'u2'
    await flushPromises()
    expect(wrapper.text()).not.toContain('for u1')
    expect(wrapper.findAll('[aria-label="Recommended items"] tbody tr')).toHaveLength(10)
    await eventually(() => {
      arrive(answerFor('u2', 10))
      expect(wrapper.text()).toContain('Film 1 for u2')
    })
  })

  it('goes to the explanation of an item, where the method can explain', async () => {
    await view()
    const context = useContextStore()
    context.run = 'run-1'
    context.user = 'u1'
    await eventually(() => expect(wrapper.find('button[aria-label="Why Film 3 for u1?"]').exists()).toBe(true))
    expect(wrapper.findAll('[aria-label="History"] button')).toHaveLength(0)
    await wrapper.get('button[aria-label="Why Film 3 for u1?"]').trigger('click')
    await eventually(() => expect(router.currentRoute.value.fullPath).toBe('/graph?tab=learned'))
    const effects = useEffectsStore()
    expect(effects.explained).toEqual({ run: 'run-1', user: 'u1', item: '2' })
    expect(effects.tab).toBe('why')
  })

  it('offers no explanation where the method has none', async () => {
    services.answers['train:methods'] = () => [
      { id: 'csc', label: 'CSC', capabilities: ['score'] } as unknown as MethodInfo,
    ]
    await view()
    const context = useContextStore()
    context.run = 'run-1'
    context.user = 'u1'
    await eventually(() => expect(wrapper.text()).toContain('Film 1 for u1'))
    expect(wrapper.text()).not.toContain('Why?')
  })

  it('says what happened where a list cannot be made', async () => {
    services.answers['recommend:topK'] = () => {
      throw new CausewayError('notFound', 'There is no user "u9" in this run.')
    }
    await view()
    const context = useContextStore()
    context.run = 'run-1'
    context.user = 'u9'
    await eventually(() => expect(wrapper.get('[role=alert]').text()).toContain('There is no user "u9" in this run.'))
  })
})

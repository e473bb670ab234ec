// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { CausewayError } from '../../../../src-shared/contract/errors'
import type { SavedDomainGraph } from '../../../../src-shared/domain/domain-graph'
import type { MethodInfo } from '../../../../src-shared/domain/method'
import { actionOfKey, availableActions, perform, performById } from '../../../actions/registry'
import { useDomainGraphsStore } from '../../../stores/domain-graphs-store'
import { useTrainStore } from '../../../stores/train-store'
import { connectServices, eventually, type ServicesEnd } from '../../../testing/pipe'
import GraphView from '../GraphView.vue'

// The whole view is mounted for each test: slow where others share the processor.
vi.setConfig({ testTimeout: 30_000 })

let services: ServicesEnd
let wrapper: VueWrapper
let router: Router
let saved: SavedDomainGraph[]

const store = (): ReturnType<typeof useDomainGraphsStore> => useDomainGraphsStore()
const field = (): HTMLTextAreaElement => wrapper.get<HTMLTextAreaElement>('.domain-text textarea').element
const answersText = (): string => wrapper.get('[aria-label=Answers]').text()
const button = (name: string): ReturnType<VueWrapper['get']> => {
  const found = wrapper.findAll('button').find((one) => one.text() === name)
  if (!found) throw new Error(`There is no button "${name}".`)
  return found
}

async function view(query: Record<string, string> = { tab: 'domain' }): Promise<void> {
  router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:any(.*)*', component: GraphView }] })
  await router.push({ path: '/graph', query })
  wrapper = mount(GraphView, { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } })
  await flushPromises()
}

async function type(text: string): Promise<void> {
  await wrapper.get('.domain-text textarea').setValue(text)
  await flushPromises()
}

/** A key as the frame hands it out: to the action registered for it, unless a field takes it. */
async function press(key: string, target: EventTarget = document.body): Promise<void> {
  const event = new KeyboardEvent('keydown', { key })
  Object.defineProperty(event, 'target', { value: target })
  const action = actionOfKey(event, availableActions.value)
  if (action) await perform(action)
  await flushPromises()
}

const confounded = 'dag {\n  x [exposure]\n  y [outcome]\n  z -> x\n  z -> y\n  x -> y\n}'

const csc: MethodInfo = {
  id: 'csc',
  label: 'CSC',
  family: 'causal',
  purpose: '',
  assumptions: [],
  identification: null,
  needs: [],
  paper: { title: '', authors: '', year: 2024 },
  capabilities: ['score', 'graph'],
  params: [],
  series: [],
}

beforeEach(() => {
  saved = []
  services = connectServices({
    'runs:list': () => [],
    'data:list': () => [],
    'train:methods': () => [],
    'domain:list': () => saved,
    'domain:save': ({ name, text, replace }) => {
      if (!replace && saved.some((one) => one.name === name))
        throw new CausewayError('nameTaken', `There is a domain graph "${name}" already.`)
      const added: SavedDomainGraph = { type: 'causeway-domain-graph', version: 1, name, text, savedAt: '2026-01-01' }
      saved = [...saved.filter((one) => one.name !== name), added]
      return added
    },
    'domain:remove': ({ name }) => {
      saved = saved.filter((one) => one.name !== name)
      return null
    },
  })
})
afterEach(() => {
  wrapper.unmount()
  document.body.innerHTML = ''
})

describe('tabs of the Graph view', () => {
  it('show what was learned first, and the domain graph without any run', async () => {
    await view({})
    const [learned, domain] = wrapper.findAll('[role=tab]')
    expect(learned!.attributes()).toMatchObject({ 'aria-selected': 'true', tabindex: '0' })
    expect(domain!.attributes()).toMatchObject({ 'aria-selected': 'false', tabindex: '-1' })
    expect(wrapper.text()).toContain('No run is chosen')

    await learned!.trigger('keydown', { key: 'ArrowRight' })
    await flushPromises()
    expect(router.currentRoute.value.query.tab).toBe('domain')
    expect(document.activeElement).toBe(domain!.element)
    expect(wrapper.get('[role=tabpanel]').attributes('aria-labelledby')).toBe(domain!.attributes('id'))
    expect(wrapper.text()).toContain('Draw what you assume')
  })

  it('are remembered', async () => {
    await view()
    wrapper.unmount()
    await view({})
    expect(wrapper.get('[role=tab][aria-selected=true]').text()).toBe('Domain')
  })
})

describe('Domain graph', () => {
  it('answers what is typed, at once', async () => {
    await view()
    await type(confounded)
    await eventually(() => expect(answersText()).toContain('Adjust for z'))
    await type(confounded.replace('z -> x', 'z [latent]\n  z -> x'))
    await eventually(() => expect(answersText()).not.toContain('Adjust for z'))
  })

  it('never rewrites what is typed, and says which line cannot be read while the last graph stays', async () => {
    await view()
    const odd = '  dag{x->y; // mine\n   y->z}'
    await type(odd)
    expect(field().value).toBe(odd)
    expect(store().text).toBe(odd)
    await type('dag {\n  x -> y\n  y -> -> z\n}')
    expect(wrapper.get('.problems button').text()).toBe('Line 3')
    expect(field().getAttribute('aria-invalid')).toBe('true')
    expect(store().graph.edges).toHaveLength(2)
    await wrapper.get('.problems button').trigger('click')
    expect(field().value.slice(field().selectionStart, field().selectionEnd)).toBe('  y -> -> z')
  })

  it('makes the sets it names the adjusted ones with a click, and takes that back', async () => {
    await view()
    await type(confounded)
    await eventually(() => expect(answersText()).toContain('Adjust for z'))
    const before = store().text
    await button('Adjust for z').trigger('click')
    expect(store().graph.variables.find(({ name }) => name === 'z')!.role).toBe('adjusted')
    expect(field().value).toContain('z [adjusted')
    await eventually(() => expect(wrapper.get('.set').attributes('aria-pressed')).toBe('true'))
    await performById('domain.undo')
    expect(store().text).toBe(before)
    await flushPromises()
    expect(field().value).toBe(before)
  })

  it('shows a path on the canvas and puts it away again', async () => {
    await view()
    await type(confounded)
    await eventually(() => expect(wrapper.findAll('.path')).toHaveLength(2))
    const biasing = wrapper.get('.path.biasing')
    expect(biasing.text()).toContain('open')
    await biasing.trigger('click')
    expect(biasing.attributes('aria-pressed')).toBe('true')
    await biasing.trigger('click')
    expect(biasing.attributes('aria-pressed')).toBe('false')
  })

  it('names the edges of a cycle', async () => {
    await view()
    await type('dag { a -> b b -> c c -> a c -> d }')
    await eventually(() => expect(wrapper.find('.problem.error').exists()).toBe(true))
    const words = wrapper.get('.problem.error').text()
    for (const edge of [/a\b.*b/, /b\b.*c/, /c\b.*a/]) expect(words).toMatch(edge)
    await wrapper.get('.problem.error button').trigger('click')
    await flushPromises()
    await press('Delete')
    expect(store().graph.edges).toEqual([{ from: 'c', to: 'd', kind: '->' }])
  })

  it('is drawn by keys alone', async () => {
    await view()
    await press('n')
    await wrapper.get('.name-field').setValue('price')
    await wrapper.get('.name-field').trigger('keydown', { key: 'Enter' })
    await press('e')
    await press('n')
    await wrapper.get('.name-field').setValue('like')
    await wrapper.get('.name-field').trigger('keydown', { key: 'Enter' })
    await press('o')
    expect(store().graph.variables.map(({ name, role }) => [name, role])).toEqual([
      ['price', 'exposure'],
      ['like', 'outcome'],
    ])
    // An edge: C, then the two ends on the canvas.
    await press('c')
    const canvas = wrapper.getComponent({ name: 'DomainCanvas' })
    expect(canvas.text()).toContain('Choose where the edge from like ends')
    canvas.vm.$emit('pick', 'price')
    await flushPromises()
    expect(store().graph.edges).toEqual([{ from: 'like', to: 'price', kind: '->' }])
    await press('r')
    expect(store().graph.edges).toEqual([{ from: 'price', to: 'like', kind: '->' }])
    await press('Delete')
    expect(store().graph.edges).toEqual([])
  })

  it('adds and names a variable in one step of undo, the next one in another', async () => {
    await view()
    for (const name of ['first', 'second']) {
      await press('n')
      await wrapper.get('.name-field').setValue(name)
      await wrapper.get('.name-field').trigger('keydown', { key: 'Enter' })
    }
    await performById('domain.undo')
    expect(store().graph.variables.map(({ name }) => name)).toEqual(['first'])
    await performById('domain.undo')
    expect(store().isEmpty).toBe(true)
    await performById('domain.redo')
    expect(store().graph.variables.map(({ name }) => name)).toEqual(['first'])
  })

  it('deletes what is chosen, and nothing while a name or the text is typed', async () => {
    await view()
    await type(confounded)
    await wrapper.get('.sides button:nth-child(2)').trigger('click')
    await wrapper.get('[aria-label="Name of z"]').trigger('focusin')
    await press('Delete', wrapper.get('[aria-label="Name of z"]').element)
    expect(store().graph.variables).toHaveLength(3)
    await press('Delete')
    expect(store().graph.variables.map(({ name }) => name)).toEqual(['x', 'y'])
    expect(store().graph.edges).toEqual([{ from: 'x', to: 'y', kind: '->' }])
    await performById('domain.undo')
    expect(store().text).toBe(confounded)
  })

  it('refuses to adjust for what is hidden and says why', async () => {
    await view()
    await type(confounded.replace('z -> x', 'z [latent]\n  z -> x'))
    await wrapper.get('.sides button:nth-child(2)').trigger('click')
    await wrapper.get('[aria-label="Name of z"]').trigger('focusin')
    await press('a')
    expect(wrapper.get('.refusal').text()).toContain('"z" is hidden')
    expect(store().graph.variables.find(({ name }) => name === 'z')!.role).toBe('hidden')
    await press('u')
    await press('a')
    expect(wrapper.find('.refusal').exists()).toBe(false)
    expect(store().graph.variables.find(({ name }) => name === 'z')!.role).toBe('adjusted')
  })

  it('can be edited as tables', async () => {
    await view()
    await wrapper.get('.sides button:nth-child(2)').trigger('click')
    for (const name of ['a', 'b']) {
      await wrapper.get('[aria-label="Name of a new variable"]').setValue(name)
      await wrapper.findAll('form')[0]!.trigger('submit')
    }
    await wrapper.get('select[aria-label=From]').setValue('a')
    await wrapper.get('select[aria-label=To]').setValue('b')
    await wrapper.findAll('form')[1]!.trigger('submit')
    await wrapper.get('[aria-label="Role of a"]').setValue('exposure')
    await wrapper.get('[aria-label="Name of b"]').setValue('a')
    expect(wrapper.get('.refusal').text()).toContain('"a" already')
    expect(wrapper.get<HTMLInputElement>('[aria-label="Name of b"]').element.value).toBe('b')
    await wrapper.get('[aria-label="Name of b"]').setValue('sales')
    expect(store().graph).toMatchObject({
      variables: [
        { name: 'a', role: 'exposure' },
        { name: 'sales', role: 'observed' },
      ],
      edges: [{ from: 'a', to: 'sales', kind: '->' }],
    })
    await wrapper.get('[aria-label="Delete a → sales"]').trigger('click')
    expect(store().graph.edges).toEqual([])
  })

  it('moves variables together as one step', async () => {
    await view()
    await type(confounded)
    const canvas = wrapper.getComponent({ name: 'DomainCanvas' })
    canvas.vm.$emit('move', new Map([['x', { x: 10, y: 20 }]]))
    canvas.vm.$emit('move', new Map([['x', { x: 30, y: 20 }]]))
    expect(store().graph.variables.find(({ name }) => name === 'x')!.at).toEqual({ x: 0.3, y: 0.2 })
    expect(store().graph.variables.every(({ at }) => at !== null)).toBe(true)
    await performById('domain.undo')
    expect(store().text).toBe(confounded)
  })

  it('says whether two variables are independent', async () => {
    await view()
    await type('dag { a -> m m -> b }')
    await eventually(() => expect(wrapper.find('.query').exists()).toBe(true))
    const [from, to] = wrapper.findAll('.query select')
    await from!.setValue('a')
    await to!.setValue('b')
    expect(wrapper.get('.query').text()).toContain('No.')
    expect(wrapper.get('.query').text()).toContain('a → m → b')
    await wrapper.get('.query input[type=checkbox]').setValue(true)
    expect(wrapper.get('.query').text()).toContain('Yes.')
    expect(wrapper.get('.query').text()).toContain('given m')
  })

  it('says which method fits and goes to train it', async () => {
    services.answers['train:methods'] = () => [csc]
    await view()
    await performById('domain.example.Confounders that act on each other')
    await eventually(() => expect(answersText()).toContain('CSC fits.'))
    expect(answersText()).not.toContain('Multi-VAE:')
    await button('Why not the others').trigger('click')
    expect(answersText()).toContain('Multi-VAE:')
    await eventually(() => button('Go to Train with CSC'))
    await button('Go to Train with CSC').trigger('click')
    await flushPromises()
    expect(router.currentRoute.value.path).toBe('/train')
    expect(useTrainStore().method!.id).toBe('csc')
  })

  it('saves under a name, opens again and removes', async () => {
    await view()
    await type(confounded)
    expect(wrapper.get('.domain-bar').text()).toContain('not saved')
    await store().save('Confounded', false)
    await flushPromises()
    expect(wrapper.get('.domain-bar').text()).not.toContain('not saved')
    await type('dag { a -> b }')
    expect(wrapper.get('.domain-bar').text()).toContain('not saved')
    await expect(store().save('Confounded', false)).rejects.toMatchObject({ code: 'nameTaken' })
    store().open(saved[0]!)
    await flushPromises()
    expect(field().value).toBe(confounded)
    await store().remove('Confounded')
    expect(saved).toEqual([])
    expect(store().text).toBe(confounded)
    expect(store().isChanged).toBe(true)
  })

  it('outlives the window', async () => {
    await view()
    await type(confounded)
    wrapper.unmount()
    const kept = localStorage.getItem('causeway:domain-graph')!
    services = connectServices({ ...services.answers })
    localStorage.setItem('causeway:domain-graph', kept)
    await view()
    expect(field().value).toBe(confounded)
    expect(store().graph.edges).toHaveLength(3)
  })

  it('takes an example, which can be undone', async () => {
    await view()
    await wrapper.get('.examples button').trigger('click')
    await flushPromises()
    expect(store().graph.variables.length).toBeGreaterThan(1)
    expect(store().problems).toEqual([])
    await eventually(() => expect(answersText().length).toBeGreaterThan(40))
    await performById('domain.undo')
    expect(store().isEmpty).toBe(true)
  })
})

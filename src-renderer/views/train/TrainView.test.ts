// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import { performById } from '../../actions/registry'
import type { TrainRequest } from '../../../src-shared/contract/contract'
import type { DatasetManifest } from '../../../src-shared/domain/dataset'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { recipeSchema } from '../../../src-shared/domain/dataset'
import { defaultParams } from '../../../src-shared/params/params'
import { useTrainStore } from '../../stores/train-store'
import { connectServices, eventually, jobOf, runOf, type ServicesEnd } from '../../testing/pipe'
import TrainView from './TrainView.vue'

const csc: MethodInfo = {
  id: 'csc',
  label: 'CSC',
  family: 'causal',
  purpose: 'Learns hidden confounders.',
  assumptions: ['The confounders act on each other without cycles.'],
  identification: null,
  needs: ['Interactions.'],
  paper: { title: 'CSC', authors: 'A', year: 2024 },
  capabilities: ['score', 'graph'],
  params: [{ key: 'epochs', type: 'integer', label: 'Epochs', help: '', default: 20, min: 1, max: 500, basic: true }],
  series: [{ id: 'ndcg@10', label: 'NDCG@10', help: '', group: 'validation' }],
}
const dataset: DatasetManifest = {
  type: 'causeway-dataset',
  version: 1,
  name: 'demo',
  createdAt: '2026-01-01T10:00:00.000Z',
  source: { files: [], kind: 'demo' },
  hash: 'h',
  users: 300,
  items: 500,
  interactions: 9000,
  hasRatings: false,
  hasTimes: false,
  itemAttributes: [],
  userAttributes: [],
  titleAttribute: null,
}
const recipe = defaultParams(recipeSchema)

let services: ServicesEnd
let wrapper: VueWrapper
let run = runOf({ recipe, params: { epochs: 20 }, state: 'running', metrics: null, bestEpoch: null })
let started: TrainRequest[]

async function view(runs = [run]): Promise<VueWrapper> {
  services.answers['runs:list'] = () => runs
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:any(.*)*', component: TrainView }],
  })
  wrapper = mount(TrainView, { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } })
  await flushPromises()
  return wrapper
}

beforeEach(() => {
  started = []
  run = runOf({ recipe, params: { epochs: 20 }, state: 'running', metrics: null, bestEpoch: null })
  services = connectServices({
    'data:list': () => [dataset],
    'train:methods': () => [csc],
    'jobs:list': () => [jobOf()],
    'runs:get': () => ({
      manifest: run,
      points: [{ epoch: 1, seconds: 2, values: { 'ndcg@10': 0.1 } }],
      log: [],
      hasGraph: false,
    }),
    'backends:probe': () => ({ reports: [], chosen: 'wasm' }),
    'workspace:info': () => ({ path: '/w', causeway: '0', readOnly: false, empty: false, shell: 'web' }),
    'train:start': (input) => {
      started.push(input)
      return jobOf({ id: 'job-2', run: 'run-1' })
    },
  })
})
afterEach(() => wrapper.unmount())

describe('Train', () => {
  it('sends to Data where there is nothing to train on', async () => {
    services.answers['data:list'] = () => []
    await view([])
    await eventually(() => expect(wrapper.text()).toContain('There is no data to train on yet'))
    expect(wrapper.find('.start').exists()).toBe(false)
  })

  it('starts what the form says', async () => {
    await view([])
    await eventually(() => expect(wrapper.get('.start').attributes('disabled')).toBeUndefined())
    await wrapper.get('[data-param=epochs] input').setValue('7')
    await performById('train.start')
    expect(started).toEqual([
      { method: 'csc', dataset: 'demo', knowledge: null, recipe, params: { epochs: 7 }, seed: 0 },
    ])
  })

  it('does not start with a seed that is none, and says why', async () => {
    await view([])
    await eventually(() => expect(wrapper.find('.start').exists()).toBe(true))
    await wrapper.get('input[inputmode=numeric][aria-describedby*=seed]').setValue('-1')
    expect(wrapper.get('[role=alert]').text()).toBe('Give a whole number from 0.')
    expect(wrapper.get('.start').attributes('disabled')).toBeDefined()
    await performById('train.start')
    expect(started).toEqual([])
  })

  it('follows the run in view: progress, curves, memory', async () => {
    await view()
    await eventually(() => expect(wrapper.find('.run-in-view').exists()).toBe(true))
    const chart = (): string => wrapper.get('.curve [role=img]').attributes('aria-label')!
    await eventually(() => expect(chart()).toContain('NDCG@10 0.1 at epoch 1'))
    services.send('run:points', { run: 'run-1', points: [{ epoch: 2, seconds: 2, values: { 'ndcg@10': 0.3 } }] })
    services.send(
      'job:changed',
      jobOf({
        progress: { stage: 'Epoch 3 of at most 20, batch 2 of 9', fraction: 0.25, etaSeconds: 65 },
        memoryBytes: 412e6,
      }),
    )
    await eventually(() => expect(chart()).toContain('NDCG@10 from 0.1 to 0.3 over epoch 1 to 2; best so far: epoch 2'))
    const words = wrapper.get('.run-progress').text()
    expect(words).toContain('Epoch 3 of at most 20, batch 2 of 9')
    expect(words).toContain('25 %')
    expect(words).toContain('1 min 5 s left, evaluation included')
    expect(wrapper.get('.run-side').text()).toContain('412 MB')
  })

  it('marks where the form has moved away from the run, and takes the values of the run back', async () => {
    await view()
    await eventually(() => expect(wrapper.get('.stale').text()).toContain('what this run was started with'))
    const train = useTrainStore()
    train.params = { epochs: 99 }
    train.seed = 4
    await eventually(() => expect(wrapper.get('.stale').text()).toContain('2 values'))
    train.adopt(run)
    await eventually(() => expect(wrapper.get('.stale').text()).toContain('what this run was started with'))
    expect(train.params).toEqual({ epochs: 20 })
  })

  it('shows the test metrics of a finished run, each with its definition', async () => {
    run = runOf({
      recipe,
      params: { epochs: 20 },
      metrics: { 'recall@10': 0.25, 'recallFull@10': 0.2, 'ndcg@10': 0.6309 },
    })
    services.answers['jobs:list'] = () => []
    await view()
    await eventually(() => expect(wrapper.get('[data-metric="recall@10"]').text()).toBe('0.2500'))
    expect(wrapper.get('[data-metric="recallFull@10"]').text()).toBe('0.2000')
    expect(wrapper.get('[data-metric="ndcg@30"]').text()).toBe('–')
    const definitions = wrapper.findAll('.test-metrics .help-button').map((button) => button.attributes('aria-label'))
    expect(definitions[0]).toContain('min(k, number of held-out items of the user)')
    expect(wrapper.get('.run-progress').text()).toContain('weights of epoch 7, the best on validation')
  })

  it('says of a failed run what happened and what to do', async () => {
    run = runOf({
      recipe,
      state: 'failed',
      metrics: null,
      error: { code: 'diverged', message: 'The loss became NaN in epoch 3.' },
    })
    services.answers['jobs:list'] = () => []
    await view()
    await eventually(() => expect(wrapper.text()).toContain('The loss became NaN in epoch 3.'))
    expect(wrapper.text()).toContain('Lower the learning rate and start again.')
  })
})

describe('knowledge of the graph', () => {
  const known: Knowledge = {
    type: 'causeway-knowledge',
    version: 1,
    name: 'prices first',
    notes: '',
    nodes: ['c1', 'c2'],
    required: [['c1', 'c2']],
    forbidden: [],
    tiers: [],
  }
  const knowing: MethodInfo = {
    ...csc,
    capabilities: [...csc.capabilities, 'knowledge'],
    params: [
      ...csc.params,
      { key: 'confounders', type: 'integer', label: 'Confounders', help: '', default: 2, min: 1, max: 32, basic: true },
    ],
  }
  beforeEach(() => {
    services.answers['train:methods'] = () => [knowing]
    services.answers['knowledge:list'] = () => [known, { ...known, name: 'of three', nodes: ['c1', 'c2', 'c3'] }]
  })
  const section = () => wrapper.findAll('.train-setup section').find((one) => one.text().startsWith('Knowledge'))

  it('is offered where it is of as many nodes, says what it does, and goes into the training', async () => {
    await view()
    const train = useTrainStore()
    await eventually(() => expect(train.fittingKnowledge.map(({ name }) => name)).toEqual(['prices first']))
    train.chooseKnowledge('prices first')
    await flushPromises()
    expect(section()!.text()).toContain('requires c1 → c2')
    expect(section()!.text()).toContain('Honoured exactly')
    await performById('train.start')
    expect(started[0]!.knowledge).toEqual(known)
  })

  it('is left out, and said to be, where the number of confounders has changed', async () => {
    await view()
    const train = useTrainStore()
    await eventually(() => expect(train.fittingKnowledge).toHaveLength(1))
    train.chooseKnowledge('prices first')
    train.params = { ...train.params, confounders: 4 }
    await flushPromises()
    expect(section()!.text()).toContain('No knowledge “prices first” of 4 confounders is saved')
    await performById('train.start')
    expect(started[0]!.knowledge).toBeNull()
  })

  it('is not offered for a method that does not honour it', async () => {
    services.answers['train:methods'] = () => [csc]
    await view()
    await eventually(() => expect(useTrainStore().method?.id).toBe('csc'))
    expect(section()).toBeUndefined()
  })

  it('of a run stands beside it, and a form without it differs', async () => {
    run = runOf({ recipe, params: { epochs: 20, confounders: 2 }, knowledge: known })
    services.answers['jobs:list'] = () => []
    await view()
    await eventually(() => expect(wrapper.get('.known').text()).toContain('“prices first”: requires c1 → c2'))
    await eventually(() => expect(wrapper.get('.stale').text()).toContain('1 value'))
    useTrainStore().adopt(run)
    await eventually(() => expect(wrapper.get('.stale').text()).toContain('what this run was started with'))
  })
})

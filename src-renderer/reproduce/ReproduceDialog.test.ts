// @vitest-environment happy-dom
import { enableAutoUnmount, mount } from '@vue/test-utils'
import { afterEach, expect, it } from 'vitest'
import type { Reproduction, ReproductionBundle } from '../../src-shared/domain/reproduction'
import { useReproduceStore } from '../stores/reproduce-store'
import { connectServices, eventually, jobOf } from '../testing/pipe'
import ReproduceDialog from './ReproduceDialog.vue'

enableAutoUnmount(afterEach)

const bundle: ReproductionBundle = {
  type: 'causeway-bundle',
  version: 1,
  title: 'csc-1',
  runs: [
    {
      run: 'csc-1',
      method: 'csc',
      params: {},
      knowledge: null,
      seed: 3,
      backend: 'wasm',
      threads: 1,
      data: { dataset: 'log', hash: 'h', recipe: {}, splitHash: 's' },
      environment: { causeway: '0.1.0', platform: 'linux-x64', node: 'v20' },
      results: { epochs: 3, bestEpoch: 2, metrics: {}, weightsHash: null, evaluationHash: null },
    },
  ],
}
const result = (change: Partial<Reproduction>): Reproduction => ({
  title: 'csc-1',
  state: 'running',
  runs: [],
  planned: 1,
  confirmed: false,
  ...change,
})
const job = jobOf({ id: 'reproduce-1', kind: 'reproduce', title: 'Reproduce csc-1', run: null, state: 'running' })

it('shows what will be trained, how far it is, and what differs with its likely causes first', async () => {
  let answer = result({})
  const started: unknown[] = []
  const services = connectServices({
    'jobs:list': () => [],
    'reproduce:bundle': () => bundle,
    'reproduce:start': (input) => {
      started.push(input)
      return job
    },
    'reproduce:result': () => answer,
  })
  const store = useReproduceStore()
  await store.begin({ kind: 'run', run: 'csc-1' })
  const dialog = mount(ReproduceDialog, { attachTo: document.body })
  expect(dialog.text()).toContain('csc on log, seed 3, wasm')
  const button = (name: string) => dialog.findAll('button').find((one) => one.text() === name)

  await button('Train again and compare')!.trigger('click')
  await eventually(() => expect(dialog.text()).toContain('The run is being trained again.'))
  expect(started).toEqual([{ bundle, keep: false }])
  services.send('job:changed', { ...job, progress: { stage: 'Epoch 2 of 3', fraction: 0.5, etaSeconds: null } })
  await eventually(() => expect(dialog.get('[role="progressbar"]').attributes('aria-valuenow')).toBe('50'))
  expect(button('Train again and compare')).toBeUndefined()

  answer = result({
    state: 'completed',
    runs: [
      {
        recorded: bundle.runs[0]!,
        run: null,
        verdict: 'differs',
        differences: [{ what: 'ndcg@10', recorded: '0.3', now: '0.4' }],
        environment: [{ what: 'Node', recorded: 'v20', now: 'v24' }],
        reason: null,
        checked: ['split'],
      },
    ],
  })
  services.send('job:changed', { ...job, state: 'completed' })
  await eventually(() => expect(dialog.text()).toContain('Not confirmed: the run came out differently.'))
  const text = dialog.text()
  expect(text.indexOf('Node: v20 then, v24 now')).toBeGreaterThan(0)
  expect(text.indexOf('Node: v20 then, v24 now')).toBeLessThan(text.indexOf('ndcg@10'))
  expect(dialog.find('[role="progressbar"]').exists()).toBe(false)

  // What is done can be followed by another; until it has begun nothing of the first is shown.
  await store.begin({ kind: 'run', run: 'csc-1' })
  await eventually(() => expect(button('Train again and compare')).toBeDefined())
  expect(dialog.text()).not.toContain('Not confirmed')
})

it('says why a run has nothing to reproduce', async () => {
  connectServices({ 'jobs:list': () => [] })
  const store = useReproduceStore()
  await store.begin({ kind: 'run', run: 'csc-1' })
  const dialog = mount(ReproduceDialog, { attachTo: document.body })
  expect(dialog.get('[role="alert"]').text()).toContain('no answer for reproduce:bundle')
  expect(dialog.findAll('button').some((one) => one.text() === 'Train again and compare')).toBe(false)
})

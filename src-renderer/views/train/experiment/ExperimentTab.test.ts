// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'
import { CausewayError } from '../../../../src-shared/contract/errors'
import type { DatasetManifest } from '../../../../src-shared/domain/dataset'
import type { ExperimentDetail, Trial } from '../../../../src-shared/domain/experiment'
import { allActions, perform, performById } from '../../../actions/registry'
import { useExperimentsStore } from '../../../stores/experiments-store'
import { experimentMethods, experimentOf, experimentText, trialOf } from '../../../testing/experiments'
import { connectServices, eventually, jobOf, type ServicesEnd } from '../../../testing/pipe'
import TrainView from '../TrainView.vue'

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
  itemAttributes: [{ name: 'price', type: 'number' }],
  userAttributes: [],
  titleAttribute: null,
}
const experimentJob = (change: Parameters<typeof jobOf>[0] = {}) =>
  jobOf({
    id: 'experiment-1',
    kind: 'experiment',
    title: 'Experiment csc or not',
    experiment: 'csc or not',
    run: null,
    progress: { stage: 'Trial 3 of 10: csc, epoch 2 of at most 20', fraction: 0.25, etaSeconds: 125 },
    ...change,
  })

let services: ServicesEnd
let wrapper: VueWrapper
let router: Router
let detail: ExperimentDetail | null
let saved: { text: string; replace?: boolean | undefined }[]

async function view(query: Record<string, string> = { tab: 'experiment' }): Promise<void> {
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/train', name: 'train', component: TrainView },
      { path: '/compare', name: 'compare', component: { template: '<p />' } },
      { path: '/report', name: 'report', component: { template: '<p />' } },
    ],
  })
  await router.push({ name: 'train', query })
  wrapper = mount(
    { template: '<RouterView />' },
    { attachTo: document.body, global: { plugins: [getActivePinia()!, router] } },
  )
  await flushPromises()
}
const text = (): string => wrapper.text().replaceAll(/\s+/g, ' ')
const area = (): HTMLTextAreaElement =>
  wrapper.get<HTMLTextAreaElement>('textarea[aria-label="Experiment as YAML"]').element
const button = (name: string) => wrapper.findAll('button').find((one) => one.text() === name)!

beforeEach(() => {
  detail = null
  saved = []
  services = connectServices({
    'data:list': () => [dataset],
    'train:methods': () => experimentMethods,
    'jobs:list': () => [],
    'runs:rows': () => ({ all: 0, total: 0, offset: 0, rows: [] }),
    'backends:probe': () => ({ reports: [], chosen: 'wasm' }),
    'workspace:info': () => ({ path: '/w', causeway: '0', readOnly: false, empty: false, shell: 'web' }),
    'experiments:list': () => (detail ? [detail] : []),
    'experiments:get': ({ experiment }) => {
      if (detail?.name === experiment) return detail
      throw new CausewayError('notFound', `There is no experiment "${experiment}".`)
    },
    'experiments:save': (input) => {
      saved.push(input)
      detail = experimentOf([], {}, input.text)
      return detail
    },
    'experiments:start': () => {
      detail = { ...detail!, state: 'running' }
      return experimentJob()
    },
  })
})
afterEach(() => wrapper.unmount())

describe('the list of experiments', () => {
  it('says what an experiment is for, and begins one on the demo data', async () => {
    await view()
    await eventually(() => expect(text()).toContain('Which method is better, really?'))
    await button('Start from an example').trigger('click')
    await eventually(() => expect(wrapper.find('.experiment-builder').exists()).toBe(true))
    expect(area().value).toContain('dataset: demo')
    await eventually(() => expect(wrapper.get('.plan-pane').text()).toContain('12 trainings'))
  })

  it('shows how far each is, and opens one', async () => {
    detail = experimentOf([
      trialOf(),
      trialOf({ number: 2, state: 'failed', reason: { code: 'diverged', message: 'NaN.' } }),
    ])
    services.answers['jobs:list'] = () => [experimentJob()]
    await view()
    await eventually(() => expect(text()).toContain('2 of 10 trials, 1 failed'))
    expect(text()).toContain('2 min 5 s left')
    expect(text()).toContain('CSC, Multi-VAE')
    await wrapper.get('tbody a').trigger('click')
    await eventually(() => expect(wrapper.find('.experiment-page').exists()).toBe(true))
    expect(router.currentRoute.value.query).toEqual({ tab: 'experiment', experiment: 'csc or not' })
  })

  it('starts one that was only saved', async () => {
    detail = experimentOf([])
    await view()
    await eventually(() => expect(text()).toContain('not started'))
    await wrapper.get('button[aria-label="Start csc or not"]').trigger('click')
    await eventually(() => expect(services.asked).toContain('experiments:start'))
  })
})

describe('the builder', () => {
  async function build(given = experimentText): Promise<void> {
    await view()
    await eventually(() => expect(useExperimentsStore().list).toEqual([]))
    useExperimentsStore().draft = { text: given, saved: null }
    await router.push({ name: 'train', query: { tab: 'experiment', build: '' } })
    await eventually(() => expect(wrapper.find('.yaml-text').exists()).toBe(true))
    await eventually(() => expect(wrapper.findAll('.method-entry .param-form')).not.toHaveLength(0))
    await wrapper.findAll('.method-entry .fold')[1]!.trigger('click')
  }
  const write = async (now: string): Promise<void> => {
    await wrapper.get('textarea[aria-label="Experiment as YAML"]').setValue(now)
    await flushPromises()
  }
  const param = (method: number, key: string) => wrapper.findAll('.method-entry')[method]!.get(`[data-param=${key}]`)

  it('writes what is clicked into the text, where comments stay', async () => {
    await build()
    await param(1, 'epochs').get('.el-input input').setValue('7')
    expect(area().value).toContain('params:\n      epochs: 7')
    await param(0, 'epochs').get('.search-switch input').setValue(true)
    await flushPromises()
    expect(area().value).toContain('epochs: [10, 20, 40]')
    expect(area().value).toContain('# two are enough')
    expect(area().value).toContain('# Is the graph worth it?')
  })

  it('shows in the form what is written', async () => {
    await build()
    await write(
      experimentText.replace('seeds: [1, 2, 3]', 'seeds: [4, 5]').replace('name: csc or not', 'name: another'),
    )
    expect(wrapper.findAll('.chips li').map((chip) => chip.text().replace('×', '').trim())).toEqual(['4', '5'])
    expect(wrapper.get<HTMLInputElement>('section input').element.value).toBe('another')
    expect(wrapper.get('.plan-pane').text()).toContain('8 trainings')
  })

  it('names the line of a fault, keeps the form waiting, and does not start', async () => {
    await build()
    await write(experimentText.replace('seeds:', 'seed:'))
    expect(wrapper.get('.problems').text()).toContain('Line 14')
    expect(wrapper.get('.waits').text()).toContain('The form waits')
    expect(wrapper.get('.plan-pane').classes()).toContain('stale')
    expect(button('Start').attributes('disabled')).toBeDefined()
    await performById('experiment.start')
    expect(saved).toEqual([])
    await write(experimentText)
    expect(wrapper.find('.waits').exists()).toBe(false)
    expect(button('Start').attributes('disabled')).toBeUndefined()
  })

  it('leaves the form open where only a value is not allowed, so that it can be mended there', async () => {
    await build(experimentText.replace('[0.001, 0.01] # two', '{min: 0.001, max: 0.01} # two'))
    expect(wrapper.get('.problems').text()).toContain('A grid needs a list or a range with a step')
    expect(wrapper.find('.waits').exists()).toBe(false)
    await wrapper.get('input[type=radio][value=tpe]').setValue(true)
    await flushPromises()
    expect(area().value).toContain('strategy: tpe')
    expect(wrapper.get('.problems').text()).toContain('comments stay')
  })

  it('keeps what is no number in its field, and starts only without it', async () => {
    await build()
    const epochs = wrapper.findAll('.number-field').find((field) => field.text().includes('At most'))!
    await epochs.get('input').setValue('0')
    expect(epochs.get('[role=alert]').text()).toContain('Give a whole number')
    expect(area().value).toContain('epochsPerTrial: 20')
    expect(button('Start').attributes('disabled')).toBeDefined()
    await epochs.get('input').setValue('')
    await flushPromises()
    expect(area().value).not.toContain('epochsPerTrial')
    expect(button('Start').attributes('disabled')).toBeUndefined()
  })

  it('lets a decimal be typed a letter at a time', async () => {
    await build()
    const minutes = wrapper.findAll('.number-field').find((field) => field.text().includes('Search time'))!
    for (const typed of ['1', '1.', '1.5']) {
      await minutes.get('input').setValue(typed)
      await flushPromises()
      expect(minutes.get<HTMLInputElement>('input').element.value).toBe(typed)
      expect(minutes.get('.hint').text()).toBe('a method')
    }
    expect(area().value).toContain('searchMinutesPerMethod: 1.5')
  })

  it('adds stretches of seeds, and never takes the last one', async () => {
    await build()
    const more = wrapper.get('input[aria-label="Add seeds"]')
    await more.setValue('5-7')
    await more.trigger('keydown', { key: 'Enter' })
    expect(area().value).toContain('seeds: [1, 2, 3, 5, 6, 7]')
    for (const seed of [1, 2, 3, 5, 6]) await wrapper.get(`button[aria-label="Remove seed ${seed}"]`).trigger('click')
    expect(area().value).toContain('seeds: [7]')
    expect(wrapper.get('button[aria-label="Remove seed 7"]').attributes('disabled')).toBeDefined()
  })

  it('duplicates a method under a label of its own, and takes it out again', async () => {
    await build()
    await wrapper.get('button[aria-label="Duplicate CSC"]').trigger('click')
    expect(area().value).toContain('label: csc 2')
    expect(wrapper.get('.problems').text()).toContain('comments stay')
    expect(wrapper.findAll('.plan-pane tbody tr')).toHaveLength(3)
    await wrapper.get('button[aria-label="Remove csc 2"]').trigger('click')
    expect(area().value).toBe(experimentText)
  })

  it('searches in a range with a logarithmic scale', async () => {
    await build(`${experimentText}search:\n  strategy: tpe\n`)
    const fields = param(0, 'learningRate').get('.search-fields')
    await fields.get('input[type=radio][value=range]').setValue(true)
    await flushPromises()
    expect(area().value).toContain('learningRate: {min: 0.0001, max: 0.01, log: true} # two are enough')
    const [from, to] = param(0, 'learningRate').findAll('.range input[type=text]')
    await to!.setValue('2')
    expect(param(0, 'learningRate').get('[role=alert]').text()).toContain('upper end has to lie within')
    await to!.setValue('0.1')
    await from!.setValue('0.01')
    await flushPromises()
    expect(area().value).toContain('learningRate: {min: 0.01, max: 0.1, log: true}')
  })

  it('keeps and starts it, and shows its page', async () => {
    await build()
    await eventually(() => expect(button('Start').attributes('disabled')).toBeUndefined())
    await performById('experiment.start')
    expect(saved).toEqual([{ text: experimentText, replace: false }])
    expect(router.currentRoute.value.query).toEqual({ tab: 'experiment', experiment: 'csc or not' })
    expect(useExperimentsStore().draft).toBeNull()
  })

  it('replaces without asking what it saved itself, and tells why something was refused', async () => {
    await build()
    await performById('experiment.save')
    services.answers['experiments:save'] = (input) => {
      saved.push(input)
      throw new CausewayError('badRequest', 'It has trials already.')
    }
    await performById('experiment.save')
    expect(saved.map(({ replace }) => replace)).toEqual([false, true])
    expect(text()).toContain('It has trials already.')
  })

  it('survives a walk to the other tab', async () => {
    await build()
    await write(`${experimentText}# half a thought\n`)
    await wrapper.findAll('[role=tab]')[0]!.trigger('click')
    await eventually(() => expect(wrapper.find('.experiment-builder').exists()).toBe(false))
    await wrapper.findAll('[role=tab]')[1]!.trigger('click')
    await eventually(() => expect(wrapper.find('.experiment-builder').exists()).toBe(true))
    expect(area().value).toContain('# half a thought')
  })
})

describe('an experiment', () => {
  const trials: Trial[] = [
    trialOf({ number: 1, run: 'run-1', objective: 0.2 }),
    trialOf({
      number: 2,
      run: 'run-2',
      params: { epochs: 20, learningRate: 0.01, variant: 'g' },
      state: 'failed',
      objective: null,
      reason: { code: 'diverged', message: 'The loss became NaN in epoch 3.' },
    }),
    trialOf({
      number: 3,
      run: 'run-3',
      label: 'multi-vae',
      method: 'multi-vae',
      state: 'pruned',
      objective: 0.1,
      reason: { code: 'pruned', message: 'Ended at epoch 6: below the median.' },
    }),
    trialOf({
      number: 4,
      run: 'run-4',
      label: 'multi-vae',
      method: 'multi-vae',
      state: 'running',
      objective: 0.15,
      epochs: 2,
    }),
  ]
  const open = (): Promise<void> => view({ tab: 'experiment', experiment: 'csc or not' })

  it('that is planned shows its plan and starts', async () => {
    detail = experimentOf([])
    await open()
    await eventually(() => expect(text()).toContain('10 trainings planned, none started.'))
    expect(text()).toContain('Every method gets the same budget')
    await button('Start').trigger('click')
    await eventually(() => expect(button('Pause')).toBeDefined())
  })

  it('at work says how far it is, what failed and why, and that the others went on', async () => {
    detail = experimentOf(trials)
    services.answers['jobs:list'] = () => [experimentJob()]
    services.answers['runs:get'] = () => {
      throw new CausewayError('notFound', 'gone')
    }
    await open()
    await eventually(() => expect(text()).toContain('Trial 3 of 10: csc, epoch 2 of at most 20'))
    expect(text()).toContain('25 % · 2 min 5 s left')
    expect(wrapper.get('.failures').text()).toContain(
      'Trial 2 failed: The loss became NaN in epoch 3. The others went on.',
    )
    expect(text()).toContain('Every method gets the same budget')
    expect(wrapper.get('.charts [role=img]').attributes('aria-label')).toContain('CSC best 0.2 after 1 search trial')
  })

  it('follows its trials', async () => {
    detail = experimentOf(trials.slice(0, 1))
    services.answers['jobs:list'] = () => [experimentJob()]
    await open()
    await eventually(() => expect(wrapper.findAll('tr.trial')).toHaveLength(1))
    detail = experimentOf(trials.slice(0, 3))
    services.send('experiment:changed', { experiment: 'csc or not' })
    await eventually(() => expect(wrapper.findAll('tr.trial')).toHaveLength(3))
  })

  it('is paused, resumed and cancelled with the words of the Train view', async () => {
    detail = experimentOf(trials)
    services.answers['jobs:list'] = () => [experimentJob()]
    services.answers['jobs:pause'] = ({ job }) => {
      detail = experimentOf(trials, { state: 'paused' })
      return experimentJob({ id: job, state: 'paused' })
    }
    await open()
    await eventually(() => expect(button('Pause').attributes('disabled')).toBeUndefined())
    await button('Pause').trigger('click')
    await eventually(() => expect(button('Resume')).toBeDefined())
    await button('Resume').trigger('click')
    await eventually(() => expect(services.asked).toContain('experiments:start'))
    await eventually(() => expect(button('Cancel')).toBeDefined())
  })

  it('tells of the trial chosen in full, by the keyboard too, and opens its run', async () => {
    detail = experimentOf(trials, { state: 'paused' })
    await open()
    await eventually(() => expect(wrapper.findAll('tr.trial')).toHaveLength(4))
    expect(wrapper.findAll('tr.trial')[1]!.text()).toContain('Learning rate 0.01')
    expect(wrapper.findAll('tr.trial').map((row) => row.attributes('tabindex'))).toEqual(['0', '-1', '-1', '-1'])
    await wrapper.get('tr.trial[data-trial="1"]').trigger('click')
    await wrapper.get('tr.trial[data-trial="1"]').trigger('keydown', { key: 'ArrowDown' })
    await flushPromises()
    const chosen = wrapper.get('.chosen-trial').text()
    expect(chosen).toContain('Trial 2: CSC, search, seed 0')
    expect(chosen).toContain('Lower the learning rate and start again. The others went on.')
    await wrapper.get('tr.trial[data-trial="2"]').trigger('keydown', { key: 'Enter' })
    await eventually(() => expect(router.currentRoute.value.query.tab).toBeUndefined())
  })

  it('sorts its trials, those without a value last', async () => {
    detail = experimentOf(trials, { state: 'paused' })
    await open()
    await eventually(() => expect(wrapper.findAll('tr.trial')).toHaveLength(4))
    const numbers = (): (string | undefined)[] => wrapper.findAll('tr.trial').map((row) => row.attributes('data-trial'))
    const head = wrapper
      .findAll('thead th')
      .find((one) => one.text().startsWith('NDCG@10') && one.classes('objective'))!
    await head.get('button').trigger('click')
    expect(numbers()).toEqual(['1', '4', '3', '2'])
    expect(head.attributes('aria-sort')).toBe('descending')
    await head.get('button').trigger('click')
    expect(numbers()).toEqual(['3', '4', '1', '2'])
  })

  it('offers its comparison and its report once final runs are there', async () => {
    detail = experimentOf([...trials, trialOf({ number: 5, phase: 'final', seed: 1, run: 'run-5' })], {
      state: 'completed',
      best: { csc: { params: trials[0]!.params, objective: 0.2, trial: 1 } },
    })
    await open()
    await eventually(() => expect(wrapper.get('table.best').text()).toContain('Learning rate 0.001'))
    await performById('experiment.compare')
    expect(router.currentRoute.value).toMatchObject({ name: 'compare', query: { experiment: 'csc or not' } })
    await router.back()
    await eventually(() => expect(wrapper.find('.experiment-page').exists()).toBe(true))
    await performById('experiment.report')
    expect(router.currentRoute.value).toMatchObject({ name: 'report', query: { experiment: 'csc or not' } })
  })

  it('with trials is edited as a copy under a free name', async () => {
    detail = experimentOf(trials, { state: 'paused' })
    await open()
    await eventually(() => expect(button('Edit a copy')).toBeDefined())
    await button('Edit a copy').trigger('click')
    await eventually(() => expect(wrapper.find('.experiment-builder').exists()).toBe(true))
    expect(area().value).toContain('name: csc or not 2')
    expect(area().value).toContain('# Is the graph worth it?')
  })

  it('that is not there says so', async () => {
    await open()
    await eventually(() => expect(text()).toContain('There is no experiment “csc or not”'))
    const remove = allActions.value.find((action) => action.id === 'experiment.remove')!
    await perform(remove)
    expect(services.asked).not.toContain('experiments:remove')
  })
})

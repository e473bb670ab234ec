// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RequestInput } from '../../../src-shared/contract/contract'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { RunEvaluation } from '../../../src-shared/domain/metric'
import type { RunManifest } from '../../../src-shared/domain/run'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../testing/pipe'
import TestMetrics from './TestMetrics.vue'

const recorded = {
  'recall@10': 0.3044,
  'recall@30': 0.4478,
  'recallFull@10': 0.2401,
  'recallFull@30': 0.4418,
  'ndcg@10': 0.28402621,
  'ndcg@30': 0.3301,
  'gini@10': 0.9233,
  auc: 0.9265,
}
const run = runOf({
  recipe: { threshold: 4 },
  metrics: recorded,
  evaluation: { protocol: 'full-ranking/1', users: 942, hash: 'e' },
  producedBy: { causeway: '0.1.0', datasetHash: 'data-hash', splitHash: 'split-hash', platform: 'linux', node: 'v20' },
})
/** The metrics of a run of so many users, all of them higher by `more`. */
const evaluationOf = (id: string, users = 942, more = 0, names: Record<string, number> = recorded): RunEvaluation => ({
  run: id,
  users,
  level: 0.95,
  metrics: Object.entries(names).map(([name, value]) => ({
    name,
    value: value + more,
    interval: name.startsWith('gini') ? null : { low: value + more - 0.0151, high: value + more + 0.0151 },
  })),
})

let services: ServicesEnd
let wrapper: VueWrapper
let asked: RequestInput<'runs:evaluation'>[]

function show(shown: RunManifest = run): void {
  wrapper = mount(TestMetrics, {
    props: { run: shown },
    attachTo: document.body,
    global: { plugins: [getActivePinia()!] },
  })
}
const numbers = (): string[] => wrapper.findAll('.watched [data-metric]').map((number) => number.text())
const intervals = (): string[] => wrapper.findAll('.watched .interval').map((interval) => interval.text())
const status = (): string => wrapper.get('[role=status]').text()
const fold = () => wrapper.get('.fold')
const popover = (): HTMLElement | null => document.querySelector('.provenance-popover')
const choose = (segment: object): void =>
  wrapper.getComponent({ name: 'SegmentPicker' }).vm.$emit('update:modelValue', segment)
const women = { kind: 'attribute' as const, attribute: 'gender', value: 'F' }

beforeEach(() => {
  asked = []
  services = connectServices({
    'train:methods': () => [],
    'runs:evaluation': (input) => {
      asked.push(input)
      return evaluationOf(input.run)
    },
    'intervene:segments': () => ({
      users: 942,
      texts: [{ attribute: 'gender', values: [{ value: 'F', users: 273 }] }],
      numbers: [],
      activity: { min: 1, lowerThird: 10, upperThird: 40, max: 700 },
    }),
  })
})
afterEach(() => wrapper.unmount())

describe('the test metrics', () => {
  it('are there at once as recorded, their intervals when they are computed, in the same places', async () => {
    let answer!: (evaluation: RunEvaluation) => void
    services.answers['runs:evaluation'] = () => new Promise<RunEvaluation>((resolve) => (answer = resolve))
    show()
    expect(numbers()).toEqual(['0.3044', '0.4478', '0.2401', '0.4418', '0.2840', '0.3301'])
    await eventually(() => expect(answer).toBeDefined())
    expect(wrapper.findAll('.watched .interval .skeleton')).toHaveLength(6)
    answer(evaluationOf('run-1'))
    await eventually(() => expect(status()).toBe('942 test users; 95 % intervals'))
    expect(wrapper.find('.skeleton').exists()).toBe(false)
    expect(intervals()[4]).toBe('0.269 to 0.299')
    expect(numbers()[4]).toBe('0.2840')
  })

  it('of a run that is not completed are dashes, and nothing is asked', async () => {
    show(runOf({ state: 'running', metrics: null }))
    await flushPromises()
    expect(numbers()).toEqual(['–', '–', '–', '–', '–', '–'])
    expect(status()).toContain('once a training has completed')
    expect(services.asked).not.toContain('runs:evaluation')
    await wrapper.setProps({ run })
    await eventually(() => expect(intervals()[4]).toBe('0.269 to 0.299'))
    expect(asked).toEqual([{ run: 'run-1', users: { kind: 'all' } }])
  })

  it('are all there by family on demand, with what is better, and stay so', async () => {
    show()
    await eventually(() => expect(status()).toContain('942'))
    expect(fold().text()).toContain('All 8 metrics')
    expect(fold().attributes('aria-expanded')).toBe('false')
    expect(wrapper.find('.families').exists()).toBe(false)
    await fold().trigger('click')
    expect(wrapper.findAll('.family caption').map((caption) => caption.text())).toEqual([
      'More accuracy',
      'Beyond accuracy',
    ])
    const rows = wrapper.findAll('.family tbody tr').map((row) => row.text().replaceAll(/\s+/g, ' '))
    expect(rows).toEqual([
      'AUC of the whole ranking ↑, higher is better0.92650.911 to 0.942',
      'Gini ↓, lower is better0.9233no interval',
    ])
    // Each number once, those that stand above not again.
    const names = wrapper.findAll('[data-metric]').map((number) => number.attributes('data-metric'))
    expect(new Set(names).size).toBe(names.length)
    wrapper.unmount()
    show()
    expect(fold().attributes('aria-expanded')).toBe('true')
    expect(document.getElementById(fold().attributes('aria-controls')!)).toBe(wrapper.get('.families').element)
  })

  it('of a run from before they were stored keep their places while it is evaluated', async () => {
    localStorage.setItem('causeway:all-test-metrics', 'true')
    let answer!: (evaluation: RunEvaluation) => void
    services.answers['runs:evaluation'] = () => new Promise<RunEvaluation>((resolve) => (answer = resolve))
    show({ ...run, evaluation: null, metrics: { 'ndcg@10': 0.28 } })
    await eventually(() => expect(answer).toBeDefined())
    expect(status()).toContain('Evaluating this older run')
    expect(wrapper.findAll('.family')).toHaveLength(4)
    expect(wrapper.findAll('.family .number .skeleton').length).toBeGreaterThan(20)
    answer(evaluationOf('run-1'))
    await eventually(() => expect(wrapper.find('.skeleton').exists()).toBe(false))
    expect(wrapper.get('[data-metric="gini@10"]').text()).toBe('0.9233')
  })

  it('say what failed and try again; what was recorded stays', async () => {
    services.answers['runs:evaluation'] = () => {
      throw new CausewayError('notAvailable', 'The trainer has ended.')
    }
    show({ ...run, evaluation: null, metrics: { 'ndcg@10': 0.28402621 } })
    await eventually(() => expect(wrapper.get('[role=alert]').text()).toContain('The trainer has ended.'))
    await fold().trigger('click')
    expect(wrapper.get('.families').text()).toBe('Nothing else has been measured of this run.')
    expect(numbers()[4]).toBe('0.2840')
    expect(intervals().join('')).toBe('')
    services.answers['runs:evaluation'] = ({ run: id }) => evaluationOf(id)
    await wrapper.get('[role=alert] button').trigger('click')
    await eventually(() => expect(intervals()[4]).toBe('0.269 to 0.299'))
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
  })
})

describe('a segment', () => {
  it('is measured, and said', async () => {
    show()
    await eventually(() => expect(status()).toContain('942'))
    services.answers['runs:evaluation'] = ({ run: id, users }) =>
      evaluationOf(id, users?.kind === 'attribute' ? 273 : 942, 0.1)
    choose(women)
    await eventually(() => expect(status()).toBe('273 test users, users with gender = F; 95 % intervals'))
    expect(numbers()[4]).toBe('0.3840')
    await wrapper.get('[data-metric="ndcg@10"]').trigger('click')
    await eventually(() => expect(popover()?.textContent).toContain('273 of the test part: users with gender = F'))
  })

  it('that could not be measured does not get the numbers of all users', async () => {
    show()
    await eventually(() => expect(status()).toContain('942'))
    services.answers['runs:evaluation'] = () => {
      throw new CausewayError('badRequest', 'None of the chosen users has an item in the test part.')
    }
    choose(women)
    await eventually(() => expect(wrapper.get('[role=alert]').text()).toContain('None of the chosen users'))
    expect(numbers()).toEqual(['–', '–', '–', '–', '–', '–'])
  })

  it('of another run is left, and a late answer of that run is never shown', async () => {
    const late: (() => void)[] = []
    services.answers['runs:evaluation'] = ({ run: id, users }) => {
      asked.push({ run: id, users })
      if (id === 'run-2') return evaluationOf(id)
      return new Promise((resolve) => late.push(() => resolve(evaluationOf(id, 273, 0.5))))
    }
    show()
    choose(women)
    await eventually(() => expect(late).toHaveLength(2))
    await wrapper.setProps({ run: { ...run, id: 'run-2' } })
    await eventually(() => expect(status()).toContain('942 test users'))
    expect(asked.at(-1)).toEqual({ run: 'run-2', users: { kind: 'all' } })
    late.forEach((answer) => answer())
    await flushPromises()
    expect(numbers()[4]).toBe('0.2840')
    expect(status()).toBe('942 test users; 95 % intervals')
  })
})

describe('a number', () => {
  it('opens what it is, and Escape gives the focus back', async () => {
    show()
    await eventually(() => expect(status()).toContain('942'))
    const number = wrapper.get<HTMLButtonElement>('button[data-metric="ndcg@10"]')
    number.element.focus()
    await number.trigger('click')
    await eventually(() => expect(popover()).not.toBeNull())
    const text = popover()!.textContent!.replaceAll(/\s+/g, ' ')
    for (const said of [
      'NDCG@10 of csc on demo, seed 0',
      'exactly 0.28402621',
      '0.269 to 0.299: 95 %, percentile bootstrap over users',
      'Sum of 1 / log2(rank + 1)',
      'Järvelin and Kekäläinen 2002',
      'nothing is sampled',
      'full-ranking/1',
      '942 of the test part',
      'data-hash',
      'split-hash',
      'threshold = 4',
      'run-1',
    ])
      expect(text).toContain(said)
    popover()!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    await eventually(() => expect(popover()).toBeNull())
    expect(document.activeElement).toBe(number.element)
  })

  it('of all lists together says why it has no interval, and goes with its run', async () => {
    show()
    await eventually(() => expect(status()).toContain('942'))
    await fold().trigger('click')
    await wrapper.get('button[data-metric="gini@10"]').trigger('click')
    await eventually(() => expect(popover()?.textContent).toContain('it is of all lists together'))
    await wrapper.setProps({ run: { ...run, id: 'run-2' } })
    await eventually(() => expect(popover()).toBeNull())
  })
})

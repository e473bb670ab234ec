// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CausewayError } from '../../../../src-shared/contract/errors'
import type { RequestInput } from '../../../../src-shared/contract/contract'
import type { Comparison } from '../../../../src-shared/domain/comparison'
import { router } from '../../../router'
import { useContextStore } from '../../../stores/context-store'
import { comparisonOf } from '../../../testing/comparison'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../../testing/pipe'
import { comparisonCsv, comparisonLatex, comparisonMarkdown } from './export-tables'
import ComparisonPanel from './ComparisonPanel.vue'

let services: ServicesEnd
let wrapper: VueWrapper
let asked: RequestInput<'compare:runs'>[]
const runs = ['csc-0', 'csc-1', 'csc-2', 'multi-vae-0', 'multi-vae-1', 'multi-vae-2']

function panel(props: { runs: string[]; metrics?: string[] } = { runs }): void {
  wrapper = mount(ComparisonPanel, {
    props,
    attachTo: document.body,
    global: { plugins: [getActivePinia()!, router] },
  })
}
const numbers = (): string[] => wrapper.findAll('button.number').map((number) => number.text())
const popover = (): HTMLElement | null => document.querySelector('.provenance-popover')

beforeEach(() => {
  asked = []
  services = connectServices({
    'runs:list': () => [runOf({ id: 'csc-1' })],
    'data:list': () => [],
    'train:methods': () => [],
    'compare:runs': (input) => {
      asked.push(input)
      return comparisonOf(input.metrics)
    },
    'runs:columns': () =>
      ['metric:ndcg@10', 'metric:recall@10', 'metric:gini@10', 'metric:loss', 'param:alpha'].map((column) => ({
        column,
        kind: 'number' as const,
        runs: 6,
        differs: true,
      })),
    'intervene:segments': () => ({
      users: 942,
      texts: [{ attribute: 'gender', values: [{ value: 'F', users: 273 }] }],
      numbers: [],
      activity: { min: 1, lowerThird: 10, upperThird: 40, max: 700 },
    }),
  })
})
afterEach(() => {
  wrapper.unmount()
  vi.restoreAllMocks()
})

describe('the comparison', () => {
  it('has the means of each group, marks in words, and why there is none', async () => {
    panel()
    await eventually(() => expect(numbers()).toHaveLength(4))
    expect(numbers()).toEqual(['0.3018 ± 0.0020', '0.3100 ± 0.0020', '0.2822 ± 0.0020', '0.3090 ± 0.0020'])
    expect(wrapper.findAll('.mark').map((mark) => mark.text())).toEqual(['best'])
    expect(wrapper.get('.notes').text()).toContain('Recall@10, CSC: The highest mean, not marked')
    expect(wrapper.text()).toContain('0.287 to 0.317')
    expect(wrapper.text()).toContain('3 seeds')
  })

  it('keeps the place of what is being computed', async () => {
    let answer!: (comparison: Comparison) => void
    services.answers['compare:runs'] = () => new Promise<Comparison>((resolve) => (answer = resolve))
    panel()
    await eventually(() => expect(answer).toBeDefined())
    expect(wrapper.findAll('tbody tr')).toHaveLength(2)
    expect(wrapper.findAll('.skeleton').length).toBeGreaterThan(0)
    expect(wrapper.get('[role=status]').text()).toContain('Computing')
    answer(comparisonOf(['ndcg@10', 'recall@10']))
    await eventually(() => expect(numbers()).toHaveLength(4))
    expect(wrapper.findAll('.skeleton')).toHaveLength(0)
  })

  it('says what to do where there is no run', async () => {
    panel({ runs: [] })
    expect(wrapper.text()).toContain('No run to compare')
    await flushPromises()
    expect(asked).toEqual([])
    await wrapper.setProps({ runs })
    await eventually(() => expect(numbers()).toHaveLength(4))
    await wrapper.setProps({ runs: Array.from({ length: 1001 }, (_, at) => `run-${at}`) })
    expect(wrapper.text()).toContain('1,001 runs are selected')
    expect(asked).toHaveLength(1)
  })

  it('says what failed and tries again', async () => {
    services.answers['compare:runs'] = () => {
      throw new CausewayError('badRequest', 'None of the runs can be compared.')
    }
    panel()
    await eventually(() => expect(wrapper.get('[role=alert]').text()).toContain('None of the runs can be compared.'))
    services.answers['compare:runs'] = ({ metrics }) => comparisonOf(metrics)
    await wrapper.get('[role=alert] button').trigger('click')
    await eventually(() => expect(numbers()).toHaveLength(4))
    expect(wrapper.find('[role=alert]').exists()).toBe(false)
  })

  it('shows warnings above the numbers, those that forbid a ranking first in words', async () => {
    services.answers['compare:runs'] = ({ metrics }) =>
      comparisonOf(metrics, {
        rankable: false,
        warnings: [{ code: 'otherSplit', text: 'Tested on different splits.', runs: ['a'], forbidsRanking: true }],
        holm: { comparisons: 12, notice: '12 comparisons were made.' },
      })
    panel()
    await eventually(() => expect(wrapper.find('.warnings').exists()).toBe(true))
    expect(wrapper.findAll('.warnings li').map((line) => line.text())).toEqual([
      'Not one ranking. Tested on different splits.',
      '12 comparisons were made.',
    ])
    const place = wrapper.get('.warnings').element.compareDocumentPosition(wrapper.get('.group-table').element)
    expect(place & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy()
  })

  it('asks anew for other metrics, users and baselines, and begins with those it is given', async () => {
    panel({ runs, metrics: ['gini@10'] })
    await eventually(() => expect(numbers()).toHaveLength(2))
    expect(asked[0]).toEqual({ runs, metrics: ['gini@10'], users: { kind: 'all' }, baseline: null, level: 0.95 })
    const segment = { kind: 'attribute' as const, attribute: 'gender', value: 'F' }
    wrapper.getComponent({ name: 'SegmentPicker' }).vm.$emit('update:modelValue', segment)
    await eventually(() => expect(asked.at(-1)!.users).toEqual(segment))
    await wrapper.setProps({ runs: runs.slice(0, 3) })
    await eventually(() => expect(asked.at(-1)!.runs).toEqual(runs.slice(0, 3)))
    expect(asked).toHaveLength(3)
  })

  it('offers the metrics of the runs by family', async () => {
    panel()
    await eventually(() => expect(numbers()).toHaveLength(4))
    await wrapper.get('.tools button').trigger('click')
    await eventually(() => expect(document.querySelectorAll('.metric-chooser .metric')).toHaveLength(3))
    const gini = [...document.querySelectorAll<HTMLElement>('.metric-chooser .metric')].find((one) =>
      one.textContent!.includes('Gini@10'),
    )!
    expect(gini.textContent).toContain('Inequality')
    gini.querySelector('input')!.click()
    await eventually(() => expect(numbers()).toHaveLength(6))
    expect(asked.at(-1)!.metrics).toEqual(['ndcg@10', 'recall@10', 'gini@10'])
  })
})

describe('a number', () => {
  it('opens what it is, and Escape gives the focus back', async () => {
    panel()
    await eventually(() => expect(numbers()).toHaveLength(4))
    const number = wrapper.get<HTMLButtonElement>('button.number')
    number.element.focus()
    await number.trigger('click')
    await eventually(() => expect(popover()).not.toBeNull())
    const text = popover()!.textContent!.replaceAll(/\s+/g, ' ')
    for (const said of [
      'NDCG@10 of CSC',
      'Sum of 1 / log2(rank + 1)',
      'Higher is better.',
      'All items but those the user has.',
      'full-ranking/1',
      '942 users',
      'data-hash',
      'split-hash',
      'threshold = 4',
      'Better than every other group',
      '0.299800',
    ])
      expect(text).toContain(said)
    // Only what the group is of.
    expect(text).not.toContain('other-hash')
    popover()!.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    await eventually(() => expect(popover()).toBeNull())
    expect(document.activeElement).toBe(number.element)
  })

  it('leads to the run of each seed', async () => {
    panel()
    await eventually(() => expect(numbers()).toHaveLength(4))
    await wrapper.get('button.number').trigger('click')
    await eventually(() => expect(popover()).not.toBeNull())
    const run = [...popover()!.querySelectorAll('button')].find((button) => button.textContent!.includes('csc-1'))!
    run.click()
    await eventually(() => expect(router.currentRoute.value.name).toBe('train'))
    expect(useContextStore().run).toBe('csc-1')
  })
})

describe('tests', () => {
  it('are said in sentences, by kind', async () => {
    panel()
    await eventually(() => expect(wrapper.find('.test-table').exists()).toBe(true))
    expect(wrapper.get('.test-table tbody').text()).toContain(
      'CSC − Multi-VAE: 0.020 NDCG@10 (0.010 to 0.030), paired t over 3 seeds, p 0.004, Holm 0.008: CSC is better.',
    )
    wrapper
      .getComponent({ name: 'TestTable' })
      .getComponent({ name: 'ElSelect' })
      .vm.$emit('update:modelValue', 'paired-t-users')
    await eventually(() => expect(wrapper.get('.test-table tbody').text()).toContain('paired t over 942 users'))
    expect(wrapper.get('.test-table tbody').text()).toContain('no difference shown')
  })

  it('are of the first kind that could be made', async () => {
    services.answers['compare:runs'] = ({ metrics }) => {
      const comparison = comparisonOf(metrics)
      for (const metric of comparison.metrics) {
        metric.tests[0] = { ...metric.tests[0]!, pairs: 1, p: null, pHolm: null, interval: null, note: 'One seed.' }
      }
      return comparison
    }
    panel()
    await eventually(() => expect(wrapper.find('.test-table').exists()).toBe(true))
    expect(wrapper.get('.test-table tbody').text()).toContain('paired t over 942 users')
  })
})

describe('what is copied', () => {
  const comparison = comparisonOf(['ndcg@10', 'gini@10'])
  comparison.groups[0]!.label = '=CSC_a & 50%|'

  it('is told of', async () => {
    const copied: string[] = []
    vi.spyOn(navigator.clipboard, 'writeText').mockImplementation((text) => Promise.resolve(void copied.push(text)))
    panel()
    await eventually(() => expect(numbers()).toHaveLength(4))
    const button = wrapper.findAll('.copy button').find((one) => one.text() === 'Markdown')!
    await button.trigger('click')
    await eventually(() => expect(copied).toEqual([comparisonMarkdown(comparisonOf(['ndcg@10', 'recall@10']))]))
  })

  it('is CSV with everything a number is of, formulas defused', () => {
    const [head, first] = comparisonCsv(comparison).split('\r\n')
    expect(head).toBe(
      'metric,group,seeds,mean,sd,low_0.95,high_0.95,users,mark,direction,method,dataset_hash,split_hash,candidates,runs',
    )
    expect(first).toMatch(
      /^ndcg@10,'=CSC_a & 50%\|,3,0\.3018,0\.002,0\.2867,0\.3169\d*,942,best,higher,csc,data-hash,split-hash,full-ranking\/1,csc-0 csc-1 csc-2$/,
    )
  })

  it('is a Markdown table with its source', () => {
    const lines = comparisonMarkdown(comparison).split('\n')
    expect(lines[0]).toBe('|  | seeds | NDCG@10 | Gini@10 |')
    expect(lines[2]).toBe(
      '| =CSC\\_a & 50%\\| | 3 | **0.3018 ± 0.0020** (0.287 to 0.317) | **0.2000 ± 0.0020** (0.185 to 0.215) |',
    )
    expect(lines.at(-3)).toContain('hash data-hash, split split-hash')
  })

  it('is a LaTeX table that compiles whatever the labels are', () => {
    const lines = comparisonLatex(comparison).split('\n')
    expect(lines[0]).toBe('\\begin{tabular}{lrr}')
    expect(lines[2]).toBe('   & NDCG@10 $\\uparrow$ & Gini@10 $\\downarrow$ \\\\')
    expect(lines[4]).toBe(
      '  =CSC\\_a \\& 50\\%| & $\\mathbf{0.3018} \\pm 0.0020$ & $\\mathbf{0.2000} \\pm 0.0020$ \\\\',
    )
  })
})

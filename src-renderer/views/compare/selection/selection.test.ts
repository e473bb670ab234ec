// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { ElSelect } from 'element-plus'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RequestInput } from '../../../../src-shared/contract/contract'
import { CausewayError } from '../../../../src-shared/contract/errors'
import type { MethodInfo } from '../../../../src-shared/domain/method'
import { useMethodsStore } from '../../../stores/methods-store'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../../testing/pipe'
import { diagnosticsOf, estimatesOf, propensitiesOf, sensitivityOf } from '../../../testing/selection'
import { choiceLabels } from './run-choices'
import SelectionTab from './SelectionTab.vue'
import SensitivityTab from './SensitivityTab.vue'

const methodOf = (id: string, label: string, series: string): MethodInfo =>
  ({ id, label, capabilities: ['score'], params: [], series: [{ id: series }] }) as unknown as MethodInfo

let services: ServicesEnd
let wrapper: VueWrapper
let judged: RequestInput<'selection:propensities'>[]
let compared: RequestInput<'selection:sensitivity'>[]

beforeEach(async () => {
  judged = []
  compared = []
  services = connectServices({
    'train:methods': () => [
      methodOf('clev', 'CLEV', 'ratedAuc'),
      methodOf('ips', 'IPS', 'ratedAuc'),
      methodOf('csc', 'CSC', 'ndcg@10'),
    ],
    'runs:list': () => [
      runOf({ id: 'clev-1', method: 'clev', state: 'completed', seed: 1 }),
      runOf({ id: 'ips-1', method: 'ips', state: 'completed', seed: 1 }),
      runOf({ id: 'csc-1', method: 'csc', state: 'completed', seed: 1 }),
      runOf({ id: 'ips-2', method: 'ips', state: 'failed', seed: 2 }),
    ],
    'selection:propensities': (input) => {
      judged.push(input)
      return propensitiesOf({ run: input.run })
    },
    'selection:estimates': ({ run }) => estimatesOf({ run }),
    'selection:sensitivity': (input) => {
      compared.push(input)
      return sensitivityOf({ error: input.error })
    },
  })
  await useMethodsStore().refresh()
})
afterEach(() => wrapper.unmount())

const show = (tab: typeof SelectionTab | typeof SensitivityTab, runs: string[]): void => {
  wrapper = mount(tab, { props: { runs }, attachTo: document.body, global: { plugins: [getActivePinia()!] } })
}
const select = (label: string) => wrapper.findAllComponents(ElSelect).find((one) => one.props('ariaLabel') === label)!
const choose = async (label: string, value: string | number): Promise<void> => {
  select(label).vm.$emit('update:modelValue', value)
  await flushPromises()
}

describe('the selection of a run', () => {
  it('judges its propensities and holds the estimates against what was shown at random', async () => {
    show(SelectionTab, ['clev-1', 'csc-1', 'ips-2'])
    await eventually(() => expect(wrapper.find('[data-reading="effective"]').text()).toBe('3,000 of 6,000 (50.0 %)'))
    await eventually(() => expect(wrapper.findAll('tbody tr')).toHaveLength(8))
    expect(judged).toEqual([{ run: 'clev-1' }])
    expect(wrapper.text()).toContain('Propensities of the run’s own model. Floor 0.01.')
    expect(wrapper.text()).toContain('over all 80,000 pairs')
    expect(wrapper.findAll('[role=img]').map((chart) => chart.attributes('aria-label'))).toEqual([
      expect.stringContaining('Calibration: over 2 groups'),
      expect.stringContaining('Overlap: propensities from 0.001 to 1'),
    ])
    const [naive] = wrapper.findAll('tbody tr')
    expect(naive!.text()).toMatch(/cross-entropyNaive0\.520 ± 0\.012−0\.080 ± 0\.013/)
    expect(wrapper.text()).toContain('No DR')
    expect(wrapper.findAll('.sign')).toHaveLength(0)
  })

  it('asks anew under another floor, and says where to worry', async () => {
    services.answers['selection:propensities'] = (input) => {
      judged.push(input)
      const { weights } = diagnosticsOf()
      return propensitiesOf({ diagnostics: diagnosticsOf({ weights: { ...weights, floor: input.floor!, clippedShare: 0.4 } }) }) // prettier-ignore
    }
    show(SelectionTab, ['clev-1'])
    await eventually(() => expect(judged).toHaveLength(1))
    await choose('Floor of propensities', 0.1)
    await eventually(() => expect(wrapper.find('[data-reading="clipped"]').text()).toMatch(/^40\.0 %\s*Worry$/))
    expect(judged.at(-1)).toEqual({ run: 'clev-1', floor: 0.1 })
  })

  it('of a method that ranks has propensities of the split, and no estimates', async () => {
    services.answers['selection:propensities'] = ({ run }) => propensitiesOf({ run, source: 'logistic', drawn: 200_000, areAllPairs: false }) // prettier-ignore
    show(SelectionTab, ['clev-1', 'csc-1'])
    await eventually(() => expect(wrapper.text()).toContain('a logistic regression by user and item'))
    await choose('Run', 'csc-1')
    await eventually(() => expect(wrapper.text()).toContain('CSC ranks items and does not predict ratings'))
    expect(wrapper.text()).toContain('200,000 pairs drawn from all')
    expect(wrapper.find('table').exists()).toBe(false)
  })

  it('says so where nothing has completed, and what failed', async () => {
    show(SelectionTab, ['ips-2'])
    await eventually(() => expect(wrapper.text()).toContain('No completed run selected'))
    wrapper.unmount()
    services.answers['selection:estimates'] = () => {
      throw new CausewayError('badRequest', 'No pair of the validation part is rated.')
    }
    show(SelectionTab, ['ips-1'])
    await eventually(() => expect(wrapper.text()).toContain('No pair of the validation part is rated.'))
  })
})

describe('the sensitivity of a comparison', () => {
  it('says which run is better, whether by chance, and what turns it around', async () => {
    show(SensitivityTab, ['csc-1', 'clev-1', 'ips-1', 'ips-2'])
    await eventually(() => expect(wrapper.find('.flip').exists()).toBe(true))
    expect(compared).toEqual([{ runs: ['clev-1', 'ips-1'], error: 'crossEntropy', gammaMax: 20 }])
    expect(wrapper.get('.conclusion').text()).toContain('CLEV has a smaller cross-entropy than IPS, by 0.030')
    expect(wrapper.get('.flip').text()).toContain('a factor of 1.37 is enough')
    expect(wrapper.text()).toContain('95 % interval over 290 users')
    expect(wrapper.get('[role=img]').attributes('aria-label')).toContain('It contains 0 from 1.37 on.')
  })

  it('asks anew for the other error, further out, and the other way round', async () => {
    show(SensitivityTab, ['clev-1', 'ips-1'])
    await eventually(() => expect(compared).toHaveLength(1))
    await wrapper.get('input[type=radio][value=squared]').setValue(true)
    await choose('Γ up to', 100)
    await choose('A', 'ips-1')
    await eventually(() =>
      expect(compared.at(-1)).toEqual({ runs: ['ips-1', 'clev-1'], error: 'squared', gammaMax: 100 }),
    )
  })

  it('needs two runs that predict ratings', async () => {
    show(SensitivityTab, ['csc-1', 'clev-1', 'ips-2'])
    await eventually(() => expect(wrapper.text()).toContain('Two runs are needed'))
    expect(compared).toEqual([])
  })
})

it('runs are told apart by as much as it takes', () => {
  const labels = choiceLabels(
    [
      { id: 'a', method: 'ips', seed: 1 },
      { id: 'b', method: 'ips', seed: 2 },
      { id: 'c', method: 'ips', seed: 2 },
      { id: 'd', method: 'mf', seed: 2 },
    ],
    (id) => id.toUpperCase(),
  )
  expect([...labels.values()]).toEqual(['IPS, seed 1', 'IPS, b', 'IPS, c', 'MF'])
})

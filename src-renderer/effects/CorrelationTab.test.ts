// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CausewayError } from '../../src-shared/contract/errors'
import type { MethodInfo } from '../../src-shared/domain/method'
import { availableActions } from '../actions/registry'
import { useContextStore } from '../stores/context-store'
import { useCorrelationStore } from '../stores/correlation-store'
import { useEffectsStore } from '../stores/effects-store'
import { correlatedMethod, correlationCurveOf, correlationEffectOf } from '../testing/correlation'
import { connectServices, eventually, runOf, type ServicesEnd } from '../testing/pipe'
import EffectPane from './EffectPane.vue'

let services: ServicesEnd
let wrapper: VueWrapper
let rhos: number[]

async function pane(method: MethodInfo = correlatedMethod): Promise<void> {
  services.answers['train:methods'] = () => [correlatedMethod, method]
  services.answers['runs:list'] = () => [runOf({ method: method.id })]
  wrapper = mount(EffectPane, {
    props: { run: runOf({ method: method.id }) },
    attachTo: document.body,
    global: { plugins: [getActivePinia()!] },
  })
  await flushPromises()
}
const shown = (): string[] => wrapper.findAll('.correlation-lists tbody .item').map((item) => item.text())
const slider = () => wrapper.get<HTMLInputElement>('input[type=range]')

beforeEach(() => {
  rhos = []
  services = connectServices({
    'data:list': () => [],
    'recommend:users': () => [{ id: 'u1', trainItems: 5 }],
    'intervene:stop': () => null,
    'correlation:get': () => ({ correlation: 0.3, bootstrap: null }),
    'correlation:effect': ({ user, rho }) => {
      rhos.push(rho)
      return correlationEffectOf(user, rho)
    },
    'correlation:curve': (asked) => correlationCurveOf(asked.rhos),
  })
})
afterEach(() => wrapper.unmount())

describe('a correlation that can be set', () => {
  it('begins as learned, for the first user, with its measures and curves', async () => {
    await pane()
    await eventually(() => expect(shown()).toEqual(['Film 1', 'Film 2 ✓ hit', 'Film 3']))
    expect(rhos).toEqual([0.3])
    expect(slider().attributes('aria-valuetext')).toBe('0.30, learned 0.30')
    expect(wrapper.findAll('[role=tab]').map((tab) => tab.text())).toEqual(['Correlation'])
    await eventually(() => expect(wrapper.findAll('.charts figure')).toHaveLength(2))
    expect(wrapper.text()).toContain('4,640 of the test part')
    expect(wrapper.text()).toContain('chosen at random')
    expect(wrapper.text()).toContain('Is this identified?')
  })

  it('re-ranks with the slider, says moves in words, and goes back', async () => {
    await pane()
    await eventually(() => expect(shown()).toHaveLength(3))
    await slider().setValue('0.6')
    await eventually(() => expect(shown()).toEqual(['Film 2 ✓ hit', 'Film 1', 'Film 9', 'Film 3']))
    const rows = wrapper.findAll('.correlation-lists tbody tr').map((row) => row.text())
    expect(rows[0]).toContain('up 1')
    expect(rows[1]).toContain('> 99.9 %')
    expect(rows[2]).toContain('enters, from rank 7')
    expect(rows[3]).toContain('leaves, to rank 5')
    expect(wrapper.get('[role=status].said').text()).toContain('1 of 3 items is new')
    await eventually(() => expect(wrapper.get('.measures tbody tr').text()).toContain('−0.5900'))
    expect(availableActions.value.some(({ id }) => id === 'effects.learned-correlation')).toBe(true)
    await wrapper.get('.correlation-slider button').trigger('click')
    await eventually(() => expect(shown()).toEqual(['Film 1', 'Film 2 ✓ hit', 'Film 3']))
    // Remembered: not asked again.
    expect(rhos).toEqual([0.3, 0.6])
  })

  it('takes a number, and nothing beyond its range', async () => {
    await pane()
    await eventually(() => expect(shown()).toHaveLength(3))
    const field = wrapper.get('input[type=number]')
    await field.setValue('-0.25')
    expect(useCorrelationStore().rho).toBe(-0.25)
    await field.setValue('7')
    expect(useCorrelationStore().rho).toBe(0.99)
    await field.setValue('')
    expect(useCorrelationStore().rho).toBe(0.99)
  })

  it('follows the user in view', async () => {
    await pane()
    await eventually(() => expect(shown()).toHaveLength(3))
    useContextStore().user = 'u2'
    await eventually(() => expect(wrapper.get('caption').text()).toContain('user u2'))
  })

  it('says why where it cannot be asked', async () => {
    services.answers['correlation:effect'] = () => {
      throw new CausewayError('notFound', 'There is no user u1.')
    }
    await pane()
    await eventually(() => expect(wrapper.text()).toContain('There is no user u1.'))
  })
})

it('a run of another method says which method has a correlation', async () => {
  await pane({ ...correlatedMethod, id: 'csc', label: 'CSC', capabilities: ['score', 'graph', 'mask', 'intervene'] })
  useEffectsStore().tab = 'correlation'
  await eventually(() => expect(wrapper.text()).toContain('CLEV learns their correlation'))
  expect(wrapper.findAll('[role=tab]').map((tab) => tab.text())).toContain('User')
  expect(services.asked).not.toContain('correlation:get')
})

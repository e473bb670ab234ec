// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RequestInput } from '../../../src-shared/contract/contract'
import { CausewayError } from '../../../src-shared/contract/errors'
import { availableActions, performById } from '../../actions/registry'
import { useContextStore } from '../../stores/context-store'
import { useExposureStore } from '../../stores/exposure-store'
import {
  exposedOf,
  exposureCheckOf,
  exposureMethod,
  film,
  itemEffectsOf,
  segmentsOf,
  strongestOf,
} from '../../testing/exposure'
import { connectServices, eventually, runOf, type ServicesEnd } from '../../testing/pipe'
import ExposureGraph from './ExposureGraph.vue'

let services: ServicesEnd
let wrapper: VueWrapper
let exposed: RequestInput<'exposure:expose'>[]

async function open(pValue = 0.43): Promise<void> {
  services.answers['exposure:check'] = () => exposureCheckOf(pValue)
  wrapper = mount(ExposureGraph, {
    props: { run: runOf({ method: 'deep-deconf' }) },
    attachTo: document.body,
    global: { plugins: [getActivePinia()!] },
  })
  await flushPromises()
}
const tab = (name: string) => wrapper.findAll('[role=tab]').find((one) => one.text() === name)!
const text = (): string => wrapper.text().replace(/\s+/g, ' ')
const itemRows = () => wrapper.findAll('.exposure-item-tab tbody tr').map((row) => row.text().replace(/\s+/g, ' '))
async function show(name: string): Promise<void> {
  await tab(name).trigger('mousedown', { button: 0 })
  await eventually(() => expect(tab(name).attributes('aria-selected')).toBe('true'))
}
/** Chooses in the list behind a button. */
async function chooses(list: string, title: string): Promise<void> {
  const options = (): HTMLElement[] => [
    ...document.querySelectorAll<HTMLElement>(`[role=dialog][aria-label="${list}"] [role=option]`),
  ]
  const find = (): HTMLElement | undefined => options().find((one) => one.textContent?.includes(title))
  await eventually(() => expect(find()).toBeDefined())
  find()!.click()
  await flushPromises()
}

beforeEach(() => {
  exposed = []
  services = connectServices({
    'train:methods': () => [exposureMethod],
    'runs:list': () => [runOf({ method: 'deep-deconf' })],
    'data:list': () => [],
    'recommend:users': () => [{ id: 'u1', trainItems: 5 }],
    'intervene:stop': () => null,
    'intervene:segments': () => ({
      users: 540,
      texts: [{ attribute: 'gender', values: [] }],
      numbers: [],
      activity: { min: 1, lowerThird: 2, upperThird: 3, max: 4 },
    }),
    'exposure:items': ({ query }) =>
      [1, 2, 7, 9]
        .map(film)
        .filter(({ title }) => title.includes(query))
        .map(({ id, title }) => ({ id, title, shownTo: 3 })),
    'exposure:effects': ({ item, user = null }) => itemEffectsOf(item, user),
    'exposure:strongest': ({ user = null }) => strongestOf(user),
    'exposure:expose': (asked) => {
      exposed.push(asked)
      return exposedOf(asked.user, asked.expose ?? [], asked.withdraw ?? [])
    },
    'exposure:segments': ({ item, attribute }) => segmentsOf(item, attribute),
  })
})
afterEach(() => {
  wrapper.unmount()
  document.body.innerHTML = ''
})

describe('the strongest effects', () => {
  it('are a graph with a table that says the same, below the verdict on the exposure model', async () => {
    await open()
    await eventually(() => expect(wrapper.findAll('.drawing tbody tr')).toHaveLength(3))
    expect(wrapper.get('.exposure-verdict').text()).toContain('The exposure model passes its check, p 0.43')
    expect(wrapper.get('.exposure-verdict').classes()).not.toContain('failed')
    expect(text()).toContain('3 of 3,540 effects')
    expect(text()).toContain('no single-cause confounders')
    const second = wrapper.findAll('.drawing tbody tr')[1]!
    await second.get('button').trigger('click')
    expect(second.get('button').attributes('aria-pressed')).toBe('true')
    expect(wrapper.get('.inspector').text()).toBe('Exposing Film 4 lowers Film 2: −0.200')
    expect(wrapper.get('[role=application]').attributes('aria-label')).toContain('Arrow keys walk the items')
  })

  it('warn where the exposure model fails its check', async () => {
    await open(0.02)
    await eventually(() => expect(wrapper.get('.exposure-verdict').classes()).toContain('failed'))
    expect(wrapper.get('.exposure-verdict').text()).toContain('Read the effects as associations')
  })

  it('are not saved while those in view are of an earlier question', async () => {
    await open()
    const save = (as: string) => wrapper.get(`[aria-label="Save as ${as}"]`).attributes('disabled')
    const canSave = (): string[] =>
      availableActions.value.map(({ id }) => id).filter((id) => id.startsWith('graph.save'))
    await eventually(() => expect(save('CSV')).toBeUndefined())
    expect(canSave()).toEqual(['graph.save-png', 'graph.save-svg', 'graph.save-csv'])
    let answer: () => void = () => undefined
    const waits = new Promise<void>((resolve) => (answer = resolve))
    services.answers['exposure:strongest'] = async ({ user = null }) => {
      await waits
      return strongestOf(user)
    }
    useExposureStore().whom = 'user'
    await eventually(() => expect(text()).toContain('Out of date.'))
    for (const as of ['PNG', 'SVG', 'CSV']) expect(save(as)).toBeDefined()
    expect(canSave()).toEqual([])
    answer()
    await eventually(() => expect(save('CSV')).toBeUndefined())
    expect(canSave()).toHaveLength(3)
  })

  it('say why where they cannot be computed', async () => {
    services.answers['exposure:strongest'] = () => {
      throw new CausewayError('internal', 'The model went away.')
    }
    await open()
    await eventually(() => expect(text()).toContain('The model went away.'))
  })
})

describe('the effects of an item', () => {
  it('are asked of the item chosen, sorted as wanted, and walk on to another item', async () => {
    await open()
    await eventually(() => expect(text()).toContain('Choose an item to see'))
    expect(wrapper.findAll('[role=tab]').map((one) => one.text())).toEqual(['Item', 'Expose', 'By segment'])
    await performById('effects.choose-item')
    await eventually(() =>
      expect(document.querySelector('[aria-label="Choose an item"] [role=option]')?.textContent).toContain(
        'shown to 3 users',
      ),
    )
    await chooses('Choose an item', 'Film 1')
    await eventually(() =>
      expect(itemRows()).toEqual(['Film 2▲rises, +0.300', 'Film 3▲rises, +0.0200', 'Film 4▼falls, −0.100']),
    )
    expect(text()).toContain('Exposing Film 1 raises 40 items and lowers 19.')
    const effect = wrapper.get('.exposure-item-tab th.effect')
    expect(effect.attributes('aria-sort')).toBe('descending')
    await effect.get('button').trigger('click')
    expect(effect.attributes('aria-sort')).toBe('ascending')
    expect(itemRows()[0]).toContain('Film 4')
    await wrapper.get('.exposure-item-tab tbody th button').trigger('click')
    await eventually(() => expect(text()).toContain('Exposing Film 4 raises'))
  })

  it('are for one user where that is wanted, and say what the user was shown', async () => {
    await open()
    useExposureStore().choose(film(1))
    useExposureStore().whom = 'user'
    await eventually(() => expect(text()).toContain('which user u1 was not shown in the train part'))
    expect(itemRows()[0]).toBe('Film 2▲rises, +0.600yes')
    expect(wrapper.get('.exposure-item-tab th.exposed').text()).toBe('In train part')
    await eventually(() => expect(text()).toContain('for user u1'))
    expect(text()).toContain('(CATE)')
    useContextStore().user = null
    await eventually(() => expect(text()).toContain('Choose the user whom the effect is for.'))
  })
})

describe('exposures that are set', () => {
  it('move the list of the user, and are taken back one by one or at once', async () => {
    await open()
    await show('Expose')
    await eventually(() => expect(text()).toContain('Nothing is set'))
    await performById('effects.choose-item')
    await chooses('Expose an item', 'Film 9')
    await eventually(() => expect(text()).toContain('1 item of 3 is new.'))
    expect(exposed.at(-1)).toMatchObject({ user: 'u1', expose: ['f9'], withdraw: [] })
    const rows = wrapper.findAll('.exposed-table tbody tr').map((row) => row.text().replace(/\s+/g, ' '))
    expect(rows[2]).toContain('Film 9 exposed')
    expect(rows[2]).toContain('enters, from rank 8')
    expect(rows[3]).toContain('leaves, to rank 4')
    expect(rows[5]).toContain('known to the user')

    await wrapper
      .findAll('button')
      .find((one) => one.text() === 'Withdraw one ▾')!
      .trigger('click')
    await chooses('Withdraw an item', 'Film 7')
    await eventually(() => expect(exposed.at(-1)).toMatchObject({ expose: ['f9'], withdraw: ['f7'] }))
    expect(availableActions.value.some(({ id }) => id === 'effects.leave-exposures')).toBe(true)
    await wrapper.get('[aria-label="Leave Film 9 as it is in the data"]').trigger('click')
    await eventually(() => expect(exposed.at(-1)).toMatchObject({ expose: [], withdraw: ['f7'] }))
    await performById('effects.leave-exposures')
    await eventually(() => expect(text()).toContain('Nothing is set'))
  })

  it('leave what the user was shown as it is', async () => {
    await open()
    await show('Expose')
    await eventually(() => expect(text()).toContain('Nothing is set'))
    await performById('effects.choose-item')
    await chooses('Expose an item', 'Film 7')
    expect(useExposureStore().isSet).toBe(false)
  })
})

describe('effects by segment', () => {
  it('are means with their standard errors, and their differences to the mean over users', async () => {
    await open()
    useExposureStore().choose(film(1))
    await show('By segment')
    await eventually(() => expect(text()).toContain('+0.400 ± 0.020'))
    expect(text()).toContain('m500 users')
    expect(wrapper.findAll('.exposure-segments-tab thead th')[1]!.text()).toBe('Mean over users')
    expect(text()).toContain('the slope of an item’s predicted rating in this exposure, the substitute confounder')
    expect(text()).toContain('at most 200 users of each segment')
    await wrapper.findAll('.exposure-segments-tab input[type=radio]')[1]!.setValue(true)
    await eventually(() => expect(text()).toContain('+0.100 ± 0.020'))
    expect(wrapper.findAll('td.differs')).toHaveLength(1)
    expect(text()).toContain('Of 2 differences about 1 in 20 would be bold by chance.')
  })

  it('say what is missing where users are not described', async () => {
    services.answers['intervene:segments'] = () => ({
      users: 5,
      texts: [],
      numbers: [],
      activity: { min: 1, lowerThird: 2, upperThird: 3, max: 4 },
    })
    await open()
    await show('By segment')
    await eventually(() => expect(text()).toContain('Import it with a table of users'))
  })
})

// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { expect, it } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'
import type { CorrelationEstimate } from '../../../src-shared/domain/correlation'
import { connectServices, eventually } from '../../testing/pipe'
import LearnedCorrelation from './LearnedCorrelation.vue'

it('says what was learned and what it means, and the interval as soon as there is one', async () => {
  let estimate: CorrelationEstimate = { correlation: -0.31, bootstrap: null }
  const services = connectServices({ 'correlation:get': () => estimate })
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:any(.*)*', component: LearnedCorrelation }],
  })
  const wrapper = mount(LearnedCorrelation, {
    props: { run: 'run-1' },
    global: { plugins: [getActivePinia()!, router] },
  })
  await eventually(() => expect(wrapper.text()).toContain('ρ −0.31'))
  expect(wrapper.text()).toContain('observed ratings are too bad')
  estimate = {
    correlation: -0.31,
    bootstrap: { resamples: 2, done: [], interval: { low: -0.5, high: 0.1, level: 0.95 } },
  }
  services.send('run:annotated', { run: 'run-1' })
  await eventually(() => expect(wrapper.text()).toContain('−0.31 (−0.50 to 0.10)'))
  expect(wrapper.text()).toContain('The interval holds 0')
  wrapper.unmount()
})

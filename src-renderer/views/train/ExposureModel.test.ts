// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { getActivePinia } from 'pinia'
import { expect, it } from 'vitest'
import type { JudgedCheck } from '../../../src-shared/domain/exposure'
import { exposureCheckOf } from '../../testing/exposure'
import { connectServices, eventually, runOf } from '../../testing/pipe'
import ExposureModel from './ExposureModel.vue'

it('says that a check is to come, and the verdict as soon as that stage of the training is over', async () => {
  let check: JudgedCheck | null = null
  const services = connectServices({ 'exposure:check': () => check })
  const wrapper = mount(ExposureModel, {
    props: { run: runOf({ method: 'deep-deconf', state: 'running' }) },
    global: { plugins: [getActivePinia()!] },
  })
  await eventually(() => expect(services.asked).toContain('exposure:check'))
  expect(wrapper.text()).toContain('whether it fits is said here once it is')
  check = exposureCheckOf(0.95)
  services.send('run:annotated', { run: 'run-1' })
  await eventually(() => expect(wrapper.text()).toContain('The exposure model fails its check, p 0.95'))
  expect(wrapper.classes()).toContain('failed')
  wrapper.unmount()
})

it('says where a training ended before its check', async () => {
  connectServices({ 'exposure:check': () => null })
  const wrapper = mount(ExposureModel, {
    props: { run: runOf({ method: 'deep-deconf', state: 'cancelled' }) },
    global: { plugins: [getActivePinia()!] },
  })
  await eventually(() => expect(wrapper.text()).toContain('the training ended before'))
  wrapper.unmount()
})

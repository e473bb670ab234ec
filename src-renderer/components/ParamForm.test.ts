// @vitest-environment happy-dom
import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { recipeSchema } from '../../src-shared/domain/dataset'
import { defaultParams, type ParamSchema, type ParamValue } from '../../src-shared/params/params'
import { hintText, problemText } from './param-text'
import ParamForm from './ParamForm.vue'

const schema: ParamSchema = [
  {
    key: 'epochs',
    type: 'integer',
    label: 'Epochs',
    help: 'Passes over the data.',
    unit: 'epochs',
    default: 20,
    min: 1,
    max: 500,
    basic: true,
  },
  {
    key: 'rate',
    type: 'number',
    label: 'Learning rate',
    help: 'Step size.',
    default: 0.001,
    min: 0,
    max: 1,
    basic: false,
  },
  { key: 'anneal', type: 'boolean', label: 'Anneal', help: 'Raise beta slowly.', default: true, basic: true },
]

let wrapper: VueWrapper
function form(values: Record<string, ParamValue> = defaultParams(schema)) {
  wrapper = mount(ParamForm, {
    attachTo: document.body,
    props: {
      schema,
      values,
      'onUpdate:values': (next: Record<string, ParamValue>) => wrapper.setProps({ values: next }),
      valid: true,
      'onUpdate:valid': (next: boolean) => wrapper.setProps({ valid: next }),
    },
  })
  return wrapper
}
const props = () => wrapper.props() as { values: Record<string, ParamValue>; valid: boolean }

afterEach(() => wrapper?.unmount())

describe('ParamForm', () => {
  it('shows the basic parameters first and the others on demand', async () => {
    form()
    expect(wrapper.findAll('[data-param]').map((row) => row.attributes('data-param'))).toEqual(['epochs', 'anneal'])
    await wrapper.get('.param-more').trigger('click')
    expect(wrapper.findAll('[data-param]')).toHaveLength(3)
  })

  it('passes an allowed value on as a number', async () => {
    form()
    await wrapper.get('[data-param=epochs] input').setValue('35')
    expect(props().values.epochs).toBe(35)
    expect(props().valid).toBe(true)
  })

  it('keeps a value out of range in the field, says why, and passes nothing on', async () => {
    form()
    const input = wrapper.get<HTMLInputElement>('[data-param=epochs] input')
    await input.setValue('0')
    expect(props().values.epochs).toBe(20)
    expect(props().valid).toBe(false)
    expect(input.element.value).toBe('0')
    expect(input.attributes('aria-invalid')).toBe('true')
    expect(wrapper.get('[role=alert]').text()).toBe('Give a whole number, 1 to 500.')
    await input.setValue('2')
    expect(props().valid).toBe(true)
    expect(props().values.epochs).toBe(2)
  })

  it('resets a changed value to its default', async () => {
    form({ ...defaultParams(schema), epochs: 7 })
    await wrapper.get('[data-param=epochs] .param-reset').trigger('click')
    expect(props().values.epochs).toBe(20)
    expect(wrapper.find('[data-param=epochs] .param-reset').exists()).toBe(false)
  })

  it('counts the changed parameters that are out of sight', () => {
    form({ ...defaultParams(schema), rate: 0.5 })
    expect(wrapper.get('.param-more').text()).toContain('1 changed')
  })

  it('ties every field to its label, its help and its hint', async () => {
    form()
    await nextTick()
    const input = wrapper.get('[data-param=epochs] input')
    expect(wrapper.get('[data-param=epochs] label').attributes('for')).toBe(input.attributes('id'))
    const described = input.attributes('aria-describedby')!.split(' ')
    const texts = described.map((id) => document.getElementById(id)!.textContent!.trim())
    expect(texts).toEqual(['Passes over the data.', '1 to 500 · default 20'])
  })
})

describe('parameter texts', () => {
  it('leaves technical bounds unsaid', () => {
    expect(hintText(recipeSchema[0])).toBe('any number · default 4')
    expect(hintText(recipeSchema[4])).toBe('0 or more · default 0')
    expect(hintText(recipeSchema[1])).toBe('default Last in time')
  })

  it('says what is wrong with what was typed', () => {
    expect(problemText(schema[1]!, 'abc')).toBe('Give a number, 0 to 1.')
    expect(problemText(schema[0]!, '2.5')).toBe('Give a whole number, 1 to 500.')
    expect(problemText(schema[0]!, '')).not.toBeNull()
    expect(problemText(schema[0]!, '500')).toBeNull()
  })
})

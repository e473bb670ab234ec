// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import ChartFrame from './ChartFrame.vue'
import { lineChart } from './line-chart'

describe('ChartFrame', () => {
  const frame = () =>
    mount(ChartFrame, {
      props: {
        title: 'Validation',
        fileName: 'validation',
        build: (theme) =>
          lineChart(
            {
              title: 'Validation',
              x: { label: 'Epoch' },
              y: { label: 'NDCG@10' },
              series: [
                {
                  label: 'NDCG@10',
                  points: [
                    [1, 0.123456],
                    [2, 0.25],
                  ],
                },
              ],
            },
            theme,
          ),
      },
    })

  it('says in words what the drawing shows', () => {
    expect(frame().get('[role=img]').attributes('aria-label')).toBe(
      'Validation: NDCG@10 from 0.1235 to 0.25 over epoch 1 to 2.',
    )
  })

  it('shows the same numbers as a table on demand, with every digit in reach', async () => {
    const wrapper = frame()
    expect(wrapper.find('table').exists()).toBe(false)
    await wrapper.get('button[aria-pressed]').trigger('click')
    expect(wrapper.findAll('th').map((th) => th.text())).toEqual(['Epoch', 'NDCG@10'])
    expect(wrapper.findAll('td').map((td) => td.text())).toEqual(['1', '0.1235', '2', '0.2500'])
    expect(wrapper.findAll('td')[1]!.attributes('title')).toBe('0.123456')
    await wrapper.get('button[aria-pressed]').trigger('click')
    expect(wrapper.find('table').exists()).toBe(false)
  })
})

import type { MultiTask } from '../../blocks/pairs/multi-task'
import { multiTaskParams, multiTaskSeries } from '../../blocks/pairs/multi-task-params'
import type { MethodDescriptor } from '../../method'

/** What the method learns, and how. */
export const task: MultiTask = { isDoublyRobust: false, hasJointTask: false }

export const descriptor: MethodDescriptor = {
  info: {
    id: 'multi-ips',
    label: 'Multi-IPS',
    family: 'baseline',
    purpose:
      'Weights each rating by an inverse propensity that the same network learns: what users rate tells of what they like.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title:
        'Large-scale Causal Approaches to Debiasing Post-click Conversion Rate Estimation with Multi-task Learning',
      authors: 'Zhang, Bao, Liu, Yang, Lin, Wen, Ramezani',
      year: 2020,
    },
    capabilities: ['score'],
    params: multiTaskParams(task),
    series: multiTaskSeries(task),
  },
  load: async () => (await import('./model')).method,
}

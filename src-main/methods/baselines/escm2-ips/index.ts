import type { MultiTask } from '../../blocks/pairs/multi-task'
import { multiTaskParams, multiTaskSeries } from '../../blocks/pairs/multi-task-params'
import type { MethodDescriptor } from '../../method'

/** What the method learns, and how. */
export const task: MultiTask = { isDoublyRobust: false, hasJointTask: true }

export const descriptor: MethodDescriptor = {
  info: {
    id: 'escm2-ips',
    label: 'ESCM2-IPS',
    family: 'baseline',
    purpose:
      'Learns over all pairs what is observed and what is observed and liked, and weights ratings by inverse propensities.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'ESCM2: Entire Space Counterfactual Multi-Task Model for Post-Click Conversion Rate Estimation',
      authors: 'Wang, Chang, Liu, Huang, Chen, Yu, Li, Chu',
      year: 2022,
    },
    capabilities: ['score'],
    params: multiTaskParams(task),
    series: multiTaskSeries(task),
  },
  load: async () => (await import('./model')).method,
}

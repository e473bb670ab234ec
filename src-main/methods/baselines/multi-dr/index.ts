import type { MultiTask } from '../../blocks/pairs/multi-task'
import { multiTaskParams, multiTaskSeries } from '../../blocks/pairs/multi-task-params'
import type { MethodDescriptor } from '../../method'

/** What the method learns, and how. */
export const task: MultiTask = { isDoublyRobust: true, hasJointTask: false }

export const descriptor: MethodDescriptor = {
  info: {
    id: 'multi-dr',
    label: 'Multi-DR',
    family: 'baseline',
    purpose:
      'Corrects imputed errors by weighted observed ones; ratings, propensities and imputation are tasks of one network.',
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

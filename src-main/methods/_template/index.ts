import { trainingParams, validationSeries } from '../blocks/training-params'
import type { MethodDescriptor } from '../method'

// Cheap to import: no tensor library here, only in what `load` brings.
export const descriptor: MethodDescriptor = {
  info: {
    id: '_template',
    label: 'Template',
    family: 'baseline',
    purpose: 'Recommends popular items; the start of a method of your own.',
    assumptions: [],
    identification: null,
    needs: ['Positive interactions of users with items.'],
    paper: { title: 'None', authors: 'None', year: 2026 },
    capabilities: ['score', 'export'],
    params: [...trainingParams({ epochs: 50, batchSize: 64, learningRate: 1e-2, weightDecay: 0, patience: 5 })],
    series: [
      {
        id: 'loss',
        label: 'Loss',
        help: 'Negative multinomial log-likelihood of a user’s interactions, per user.',
        group: 'objective',
      },
      ...validationSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}

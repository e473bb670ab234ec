import { trainingParams, validationSeries } from '../../blocks/training-params'
import { objectiveSeries, vaeParams } from '../../blocks/vae-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'multi-vae',
    label: 'Multi-VAE',
    family: 'baseline',
    purpose: 'A strong recommender without causal claims, to compare causal methods with.',
    assumptions: [],
    identification: null,
    needs: ['Positive interactions of users with items.'],
    paper: {
      title: 'Variational Autoencoders for Collaborative Filtering',
      authors: 'Liang, Krishnan, Hoffman, Jebara',
      year: 2018,
    },
    capabilities: ['score', 'export'],
    params: [
      ...trainingParams({ epochs: 200, batchSize: 64, learningRate: 1e-3, weightDecay: 1e-6, patience: 10 }),
      ...vaeParams({ dropout: 0.5, klCap: 0.5, annealSteps: 0 }),
    ],
    series: [...objectiveSeries('reconstruction plus the weighted KL term'), ...validationSeries],
  },
  load: async () => (await import('./model')).method,
}

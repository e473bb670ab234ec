import {
  backboneParam,
  imputationSeries,
  lossSeries,
  pairTrainingParams,
  propensityParams,
  ratedSeries,
  sampleRatioParams,
  sensitivityParam,
} from '../../blocks/pairs/pair-params'
import type { MethodDescriptor } from '../../method'

export const descriptor: MethodDescriptor = {
  info: {
    id: 'brd-dr',
    label: 'BRD-DR',
    family: 'baseline',
    purpose:
      'As RD-DR, but against a benchmark: the gain over plain doubly robust learning that is left at the worst propensities.',
    assumptions: [],
    identification: null,
    needs: ['Ratings on both sides of the threshold.'],
    paper: {
      title: 'Addressing Unmeasured Confounder for Recommendation with Sensitivity Analysis',
      authors: 'Ding, Wu, Feng, Wang, He, Liao, Zhang',
      year: 2022,
    },
    capabilities: ['score'],
    params: [
      ...propensityParams(),
      sensitivityParam(),
      backboneParam(),
      ...sampleRatioParams(),
      ...pairTrainingParams(),
    ],
    series: [
      lossSeries(
        'the largest difference of the doubly robust estimates of model and benchmark that the sensitivity allows',
      ),
      imputationSeries,
      {
        id: 'benchmark',
        label: 'Benchmark loss',
        help: 'The doubly robust estimate of the mean error of the benchmark, a prediction that learns without regard to the sensitivity.',
        group: 'objective',
      },
      ...ratedSeries,
    ],
  },
  load: async () => (await import('./model')).method,
}

import { describe, expect, it } from 'vitest'
import { methods as descriptors } from '../../src-main/methods/registry'
import { parseSimulation, planSimulation, typeOfSimulation } from './parse-simulation'

const methods = descriptors.map(({ info }) => info)

const text = `type: causeway-simulation
version: 1
name: Two correlations
data: { dataset: ml-100k }
correlations: [-0.5, 0.5]
methods:
  - method: ncf
    params: { preference: continuous }
    search: { embeddingSize: [4, 8, 16] }
  - method: ips
    label: IPS
    params: { preference: continuous }
search: { seed: 100 }
seeds: [0, 1, 2]
budget: { trialsPerMethod: 2, epochsPerTrial: 30 }
`

describe('a simulation file', () => {
  it('is told from an experiment', () => {
    expect(typeOfSimulation(text)).toBe('causeway-simulation')
    expect(typeOfSimulation('type: causeway-ranking-simulation')).toBe('causeway-ranking-simulation')
    expect(typeOfSimulation('type: causeway-experiment')).toBeNull()
    expect(typeOfSimulation('{')).toBeNull()
    expect(typeOfSimulation('')).toBeNull()
  })

  it('is read with the world of the paper as its default', () => {
    expect(parseSimulation(text, methods)).toMatchObject({
      preferences: { of: 'rating', seed: 0 },
      world: { scale: 5, slope: 5, beta: 3 },
      search: { strategy: 'random', seed: 100 },
      validationShare: 0.1,
      claims: { ratio: [], estimate: [] },
    })
  })

  it.each([
    ['seed: 100', 'seed: 2', /^Line 13, search\.seed: The search's seed 2 is also one of the seeds/],
    ['-0.5, 0.5', '-0.5, 1', /^Line 5, correlations\.1: "1" cannot be 1\. Give less than 1|^Line 5/],
    ['method: ips', 'method: isp', /^Line 10, methods\.1\.method: There is no method "isp"/],
    ['[4, 8, 16]', '[0]', /^Line 9, methods\.0\.search\.embeddingSize\.0: "embeddingSize" cannot be 0/],
    [
      'seeds:',
      'reference: CLEV\nseeds:',
      /^Line 14, reference: No method has the label "CLEV"\. There are: ncf, IPS\./,
    ],
    ['seeds:', 'metrics: {}\nseeds:', /^Line 14, metrics: There is no key "metrics" here\. Allowed: .*correlations/],
    [
      'seeds:',
      'published: { source: a table, errors: { IPS: [[1, 0.1]] } }\nseeds:',
      /^Line 14, published\.errors\.IPS: "IPS" has 1 errors for 2 correlations/,
    ],
  ])('with %s as %s says where and why', (from, to, message) => {
    expect(() => parseSimulation(text.replace(from, to), methods)).toThrow(message)
  })

  it('plans the same trials for every method that has something to search, at every correlation', () => {
    expect(planSimulation(parseSimulation(text, methods), methods)).toMatchObject({
      methods: [
        { label: 'ncf', searchTrials: 4, finalTrials: 6 },
        { label: 'IPS', searchTrials: 0, finalTrials: 6 },
      ],
      fits: 16,
      budgetStatement:
        'Every method gets the same budget for each correlation: up to 2 trials of random search of at most 30 epochs each, judged by the squared error (methods with a likelihood: by its negative logarithm) on 10 % of the observed pairs; its best parameters are then trained on data drawn with each of 3 seeds.',
    })
  })
})

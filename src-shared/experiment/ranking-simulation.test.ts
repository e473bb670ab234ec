import { describe, expect, it } from 'vitest'
import { methods as descriptors } from '../../src-main/methods/registry'
import { parseRankingSimulation, planRankingSimulation } from './parse-ranking-simulation'
import { planSimulationText } from './plan-text'

const methods = descriptors.map(({ info }) => info)

const text = `type: causeway-ranking-simulation
version: 1
name: Two gammas
world: { kind: simulated, users: 100 }
conditions:
  - { gamma: 0.1, noise: 0.1 }
  - { gamma: 0.5, noise: null }
methods:
  - method: wmf
    label: WMF
    search: { factors: [4, 8, 16] }
  - method: multi-vae
search: { seed: 100 }
seeds: [0, 1, 2]
budget: { trialsPerMethod: 2, epochsPerTrial: 30 }
claims: { order: [WMF, multi-vae] }
`

describe('a ranking simulation file', () => {
  it('is read with the world of the paper as its default', () => {
    expect(parseRankingSimulation(text, methods)).toMatchObject({
      world: { kind: 'simulated', users: 100, items: 2000, factors: 100, exposureRate: 0.1, gammaB: 2, shared: 1 },
      threshold: 4,
      search: { strategy: 'random', seed: 100, each: false },
      claims: { order: ['WMF', 'multi-vae'], peak: false, features: false },
    })
  })

  it.each([
    ['seed: 100', 'seed: 2', /^Line 13, search\.seed: The search's seed 2 is also one of the seeds/],
    ['noise: null', 'noise: none', /^Line 7, conditions\.1\.noise: "noise" cannot be "none"\. Give a number/],
    ['gamma: 0.5, noise: null', 'gamma: 0.1, noise: 0.1', /^Line 7, conditions\.1: The condition "gamma 0\.1, noise/],
    ['method: wmf', 'method: wfm', /^Line 9, methods\.0\.method: There is no method "wfm"/],
    ['[WMF, multi-vae]', '[WMF, VAE]', /^Line 16, claims\.order\.1: No method has the label "VAE"\. There are: WMF/],
    [
      'seed: 100',
      'seed: 100, each: true, condition: { gamma: 0, noise: 1 }',
      /^Line 13, search\.condition: Parameters are/,
    ],
    [
      'kind: simulated',
      'kind: stimulated',
      /^Line 4, world\.kind: "kind" cannot be "stimulated"\. Allowed: simulated, from-data/,
    ],
    ['users: 100', 'user: 100', /^Line 4, world\.user: There is no key "user" here\. Allowed: kind, users, items/],
    [
      'simulated, users: 100',
      'from-data, dataset: ml, items: 3',
      /^Line 4, world\.items: There is no key "items" here\. Allowed: kind, dataset, factors, gammaB, seed/,
    ],
    [
      'claims:',
      'published: { source: a table, figures: { WMF: [[0.5, 0.4]] } }\nclaims:',
      /^Line 16, published\.figures\.WMF: "WMF" has 1 pair of figures for 2 conditions/,
    ],
  ])('with %s as %s says where and why', (from, to, message) => {
    expect(() => parseRankingSimulation(text.replace(from, to), methods)).toThrow(message)
  })

  it('plans one search for every method, and the same for each condition where that is asked for', () => {
    expect(planSimulationText(text, methods)).toMatchObject({
      methods: [
        { label: 'WMF', searchTrials: 2, finalTrials: 6 },
        { label: 'multi-vae', searchTrials: 0, finalTrials: 6 },
      ],
      fits: 14,
      budgetStatement:
        'Every method gets the same budget at gamma 0.1, noise 0.1: up to 2 trials of random search of at most 30 epochs each on a split of its own, judged by NDCG@20 among the held-out items that validation users rated; its best parameters are then trained at every condition on 3 splits of the users.',
    })
    const each = parseRankingSimulation(text.replace('seed: 100', 'seed: 100, each: true'), methods)
    expect(planRankingSimulation(each, methods)).toMatchObject({ fits: 16 })
    expect(planRankingSimulation(each, methods).budgetStatement).toContain('the same budget for each condition')
  })
})

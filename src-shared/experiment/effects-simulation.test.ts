import { describe, expect, it } from 'vitest'
import { methods as descriptors } from '../../src-main/methods/registry'
import { parseEffectsSimulation, planEffectsSimulation } from './parse-effects-simulation'
import { typeOfSimulation } from './parse-simulation'
import { planSimulationText } from './plan-text'

const methods = descriptors.map(({ info }) => info)

const text = `type: causeway-effects-simulation
version: 1
name: Two numbers
users: [1000, 2000]
methods:
  - method: deep-deconf
    params: { likelihood: gaussian }
seeds: [0, 1, 2]
claims: { correlation: { users: 2000, above: 0.9 } }
`

describe('an effects simulation file', () => {
  it('is read with its world as the default', () => {
    expect(typeOfSimulation(text)).toBe('causeway-effects-simulation')
    expect(parseEffectsSimulation(text, methods)).toMatchObject({
      world: { items: 30, causes: 3, features: 10, featureShare: 0.5, seed: 0 },
      search: { strategy: 'random', seed: 100 },
      claims: { features: false },
    })
  })

  it.each([
    ['[1000, 2000]', '[1000, 1000]', /^Line 4, users\.1: The number of users "?1000/],
    ['[1000, 2000]', '[100, 2000]', /^Line 4, users\.0: "users" cannot be 100\. Give at least 200/],
    ['deep-deconf', 'wmf', /^Line 6, methods\.0\.method: WMF does not tell effects of exposures\./],
    [
      'users: 2000',
      'users: 3000',
      /^Line 9, claims\.correlation\.users: Nothing is trained on 3000 users\. There are: /,
    ],
    ['[0, 1, 2]', '[0, 100]', /^Line 1, search\.seed: The search's seed 100 is also one of the seeds/],
    [
      'seeds:',
      'world: { item: 3 }\nseeds:',
      /^Line 8, world\.item: There is no key "item" here\. Allowed: items, causes/,
    ],
    ['claims:', 'remarks: { DD: Good. }\nclaims:', /^Line 9, remarks\.DD: No method has the label "DD"/],
  ])('with %s as %s says where and why', (from, to, message) => {
    const params = from === 'deep-deconf' ? ['params: { likelihood: gaussian }', 'params: {}'] : ['', '']
    expect(() => parseEffectsSimulation(text.replace(from, to).replace(params[0]!, params[1]!), methods)).toThrow(
      message,
    )
  })

  it('plans trainings with features and without', () => {
    expect(planSimulationText(text, methods)).toMatchObject({
      methods: [{ label: 'deep-deconf', searchTrials: 0, finalTrials: 12 }],
      fits: 12,
      budgetStatement:
        'Nothing is searched: every method is trained with the parameters given for every number of users, with features and without, on users drawn with each of 3 seeds.',
    })
    const searched = text.replace('gaussian }', 'gaussian }\n    search: { latent: [2, 3] }')
    const plan = planEffectsSimulation(parseEffectsSimulation(searched, methods), methods)
    expect(plan.fits).toBe(4 * 2 + 12)
    expect(plan.budgetStatement).toContain('judged by the squared error of held-out ratings')
  })
})

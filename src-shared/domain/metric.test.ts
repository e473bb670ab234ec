import { describe, expect, it } from 'vitest'
import {
  allMetricNames,
  checkMetricRange,
  definitionOf,
  evaluationProtocol,
  isMetricName,
  metricDefinitions,
  metricLabel,
  metricNames,
  metricProvenance,
  nameOf,
  parseMetricName,
  rangeOf,
} from './metric'

const subjects = { numericAttributes: ['price', 'a:b@c'], categories: ['genre'], hasObservedNegatives: true }

describe('metric names', () => {
  it.each([
    ['auc', { id: 'auc', attribute: null, k: null }],
    ['ndcg@10', { id: 'ndcg', attribute: null, k: 10 }],
    ['avp:price@30', { id: 'avp', attribute: 'price', k: 30 }],
    // Attributes are named by columns of the data, whatever signs those have.
    ['avp:a:b@c@10', { id: 'avp', attribute: 'a:b@c', k: 10 }],
    ['avp:two\nlines@10', { id: 'avp', attribute: 'two\nlines', k: 10 }],
    ['calibration:popularity@10', { id: 'calibration', attribute: 'popularity', k: 10 }],
  ])('%s', (name, parsed) => {
    expect(parseMetricName(name)).toEqual(parsed)
    expect(nameOf(parsed)).toBe(name)
  })

  it.each([
    '',
    'loss',
    'ndcg',
    'ndcg@',
    'ndcg@0',
    'ndcg@x',
    'auc@10',
    'avp@10',
    'ndcg:price@10',
    'avp:@10',
    'toString@1',
  ])('%j is none', (name) => {
    expect(isMetricName(name)).toBe(false)
    expect(() => parseMetricName(name)).toThrow(expect.objectContaining({ code: 'badRequest' }))
  })

  it('of a full evaluation are distinct, parse, and begin with every definition in its order', () => {
    const names = allMetricNames(subjects)
    expect(new Set(names).size).toBe(names.length)
    expect([...new Set(names.map((name) => parseMetricName(name).id))]).toEqual(metricDefinitions.map(({ id }) => id))
    expect(names).toEqual(expect.arrayContaining([...metricNames, 'avp:a:b@c@30', 'calibration:genre@10', 'auc']))
    expect(allMetricNames({ ...subjects, hasObservedNegatives: false })).toEqual(
      names.filter((name) => !name.startsWith('dcgDr@') && !name.startsWith('rated')),
    )
  })

  it('among rated items have a cut-off of their own', () =>
    expect(allMetricNames(subjects).filter((name) => name.startsWith('rated'))).toEqual([
      'ratedAuc',
      'ratedRecall@5',
      'ratedRecallFull@5',
      'ratedNdcg@5',
    ]))

  it('tell a column called popularity apart', () =>
    expect(allMetricNames({ ...subjects, numericAttributes: ['popularity'] })).toEqual(
      expect.arrayContaining(['avp:popularity@10', 'avp:popularity (column)@10']),
    ))

  it('have labels for people', () =>
    expect(['ndcg@10', 'auc', 'ratedNdcg@5', 'avp:price@10', 'calibration:genre@30'].map(metricLabel)).toEqual([
      'NDCG@10',
      'AUC',
      'NDCG (rated)@5',
      'Average price@10',
      'Miscalibration of genre@30',
    ]))
})

describe('definitions', () => {
  it.each(metricDefinitions.map((definition) => [definition.id, definition] as const))(
    '%s has a formula, and a range that fits its direction',
    (_, { help, range, label }) => {
      expect(label).not.toBe('')
      expect(help.length).toBeGreaterThan(20)
      expect(range[0]).toBeLessThan(range[1])
    },
  )

  it('name both denominators of recall', () => {
    expect(definitionOf('recall@10').help).toContain('min(k')
    expect(definitionOf('recallFull@10').help).toContain('number of all held-out items')
  })
})

describe('definitions of the metrics among rated items', () => {
  it.each(['ratedAuc', 'ratedRecall@5', 'ratedRecallFull@5', 'ratedNdcg@5'])(
    '%s says what the number is worth',
    (name) =>
      expect(definitionOf(name).help).toMatch(/On a randomised test part.* it is free of selection; .* it is not\./),
  )

  it('say who is left out, and what has no values by user', () => {
    expect(definitionOf('ratedNdcg@5').help).toMatch(/are left out; the published code counts their NDCG as 1\./)
    expect(definitionOf('ratedAuc')).toMatchObject({ over: 'pairs', cutoff: false })
    expect(definitionOf('ratedNdcg@5')).toMatchObject({ over: 'users', ownCutoffs: [5] })
  })
})

describe('ranges', () => {
  it.each([
    ['ndcg@10', 0, 1],
    ['popularityLift@10', -1, 1e9],
    ['calibration:genre@10', 0, Math.log(100)],
    ['recallIps@10', 0, 10],
    // The first two ranks are worth 1 + 0.630930: ten times that, and nine times that below 0.
    ['dcgIps@2', 0, 16.309297],
    ['dcgDr@2', -14.678367, 16.309297],
    ['avp:year@10', -1e9, 1e9],
  ])('%s is between %d and %d', (name, low, high) => {
    for (const value of [low, high]) expect(() => checkMetricRange(name, value)).not.toThrow()
    const [least, most] = rangeOf(name)
    if (Number.isFinite(most)) expect(() => checkMetricRange(name, most + 1e-6)).toThrow(/cannot be/)
    if (Number.isFinite(least)) expect(() => checkMetricRange(name, least - 1e-6)).toThrow(/cannot be/)
    expect(() => checkMetricRange(name, NaN)).toThrow(expect.objectContaining({ code: 'internal' }))
  })
})

describe('provenance', () => {
  const manifest = (splitHash: string, users: number | null) => ({
    dataset: 'shop',
    recipe: { threshold: 4 },
    producedBy: { causeway: '1', datasetHash: 'd', splitHash, platform: 'linux-x64', node: 'v20' },
    evaluation: users === null ? null : { protocol: evaluationProtocol, users, hash: 'h' },
  })

  it('of runs of one split says it once', () =>
    expect(metricProvenance([manifest('s', 9), manifest('s', 9)], 'ndcg@10')).toMatchObject({
      name: 'ndcg@10',
      definition: definitionOf('ndcg@10'),
      data: [{ dataset: 'shop', datasetHash: 'd', splitHash: 's', recipe: { threshold: 4 } }],
      protocol: evaluationProtocol,
      users: 9,
    }))

  it('of runs of two splits lists both, and no number of users that would be wrong for one', () => {
    const { data, users } = metricProvenance([manifest('s', 9), manifest('t', 8)], 'auc')
    expect(data.map(({ splitHash }) => splitHash)).toEqual(['s', 't'])
    expect(users).toBeNull()
    expect(metricProvenance([manifest('s', 9), manifest('s', null)], 'auc').users).toBeNull()
  })

  it('among rated items says what is ranked, and whether it was chosen', () => {
    const randomised = manifest('s', 9)
    const chosen = manifest('t', 9)
    const evaluation = { ...randomised.evaluation!, isTestRandomised: true as const }
    const candidates = (...manifests: Parameters<typeof metricProvenance>[0]): string =>
      metricProvenance(manifests, 'ratedAuc').candidates
    expect(candidates({ ...randomised, evaluation })).toMatch(
      /that the user rated.*chosen at random: .* free of selection/,
    )
    expect(candidates(chosen)).toMatch(/The users chose what they rated: the number is of chosen items/)
    expect(candidates({ ...randomised, evaluation }, chosen)).toMatch(/Only in some of the runs/)
    expect(metricProvenance([chosen], 'auc').candidates).toMatch(/^All items of the split but/)
  })
})

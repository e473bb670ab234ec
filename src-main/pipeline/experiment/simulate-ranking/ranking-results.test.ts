import { describe, expect, it } from 'vitest'
import type { RankingFit } from '../../../../src-shared/domain/ranking-simulation'
import { parseRankingSimulation, searchPlace } from '../../../../src-shared/experiment/parse-ranking-simulation'
import { plannedMethods } from '../../../../src-shared/experiment/plan-experiment'
import { methods as descriptors } from '../../../methods/registry'
import { rankingChart, rankingDocument } from '../../report/ranking-document'
import { renderMarkdown } from '../../report/render-markdown'
import { standaloneSvg } from '../../report/standalone-svg'
import { bestParams, fitsLeft, keyedMethods, nextTrial, planOfRanking, searchConditions } from '../simulate/plan-fits'
import { movesWords, rankingResults } from './ranking-results'

const infos = descriptors.map(({ info }) => info)
const text = `type: causeway-ranking-simulation
version: 1
name: made up
world: { kind: simulated, users: 100, items: 50 }
conditions: [{ gamma: 0.1, noise: 0.1 }, { gamma: 0.5, noise: 0.1 }, { gamma: 0.9, noise: 0.1 }]
methods:
  - method: wmf
    label: WMF
    search: { factors: [4, 8] }
  - method: multi-vae
    label: VAE
search: { seed: 9, condition: { gamma: 0.5, noise: 0.1 } }
seeds: [0, 1, 2]
budget: { trialsPerMethod: 2 }
claims: { order: [WMF, VAE], peak: true }
published:
  source: a table
  figures: { WMF: [[0.5, 0.5], [0.6, 0.6], [0.55, 0.55]], VAE: [[0.6, 0.6], [0.7, 0.7], [0.5, 0.5]] }
remarks: { VAE: A remark. }
`
const read = (content: string) => {
  const file = parseRankingSimulation(content, infos)
  return { file, methods: keyedMethods(file, plannedMethods(file, infos), searchPlace(file)) }
}
const { file, methods } = read(text)
const [wmf, vae] = methods
const plan = planOfRanking(file)

const fit = (of: Partial<RankingFit>): RankingFit => ({
  key: wmf!.key,
  phase: 'final',
  gamma: 0.1,
  noise: 0.1,
  seed: 0,
  params: wmf!.params,
  validation: 0.3,
  test: null,
  epochs: 10,
  seconds: 0.5,
  reason: null,
  causeway: '0.1.0',
  ...of,
})
/** Three users in a split; the second of a split is the first of the next. */
const tested = (ndcg: number, seed: number): RankingFit['test'] => ({
  metrics: { 'ndcg@20': ndcg, 'recall@20': ndcg + 0.1 },
  users: [seed, seed + 1, 20],
  byUser: {
    'ndcg@20': [ndcg - 0.02, ndcg, ndcg + 0.02],
    'recall@20': [ndcg, ndcg + 0.1, ndcg + 0.2],
  },
  base: {
    exposed: 500,
    liked: 0.125,
    likedExposed: 0.4,
    relevant: 6,
    candidates: 45,
    random: { 'ndcg@20': 0.0625, 'recall@20': 0.125 },
  },
})
const finals = (key: string, gamma: number, values: number[], noise: number | null = 0.1): RankingFit[] =>
  values.map((value, seed) => fit({ key, gamma, noise, seed, test: tested(value, seed) }))
const search = (factors: number, validation: number | null): RankingFit =>
  fit({
    phase: 'search',
    gamma: 0.5,
    seed: 9,
    validation,
    params: { ...wmf!.params, factors },
    reason: validation === null ? { code: 'diverged', message: 'The training diverged.' } : null,
  })
const fits = [
  search(4, 0.2),
  search(8, 0.25),
  ...finals(wmf!.key, 0.1, [0.4, 0.41, 0.42]),
  ...finals(wmf!.key, 0.5, [0.5, 0.51, 0.52]),
  ...finals(wmf!.key, 0.9, [0.45, 0.46, 0.48]),
  ...finals(vae!.key, 0.1, [0.5, 0.52, 0.53]),
  ...finals(vae!.key, 0.5, [0.6, 0.62, 0.63]),
  ...finals(vae!.key, 0.9, [0.47, 0.46, 0.49]),
]
const environment = {
  causeway: '0.1.0',
  node: 'v24',
  platform: 'linux-x64',
  processor: 'A processor',
  cores: 2,
  backend: 'wasm: 4.22.0',
  threads: 1,
}
const known = { budget: 'The same.', environment, data: null, madeAt: '2026-01-01T00:00:00Z' }
const results = rankingResults({ file, methods, fits, ...known })

describe('what is fitted next', () => {
  it('is one search for all conditions, then its best parameters at each on every seed', () => {
    expect(searchConditions(plan)).toEqual([{ gamma: 0.5, noise: 0.1 }])
    expect(fitsLeft(plan, methods, [])).toBe(2 + 2 * 3 * 3)
    expect(fitsLeft(plan, methods, fits)).toBe(0)
    const place = { gamma: 0.5, noise: 0.1 }
    const tried = [4, 8].map((factors) => search(factors, 0.2))
    expect(nextTrial(plan, wmf!, place, [])).not.toBeNull()
    expect(nextTrial(plan, wmf!, place, tried)).toBeNull()
    // The higher validation is the better one, and goes for every condition.
    expect(bestParams(plan, wmf!, { gamma: 0.9, noise: 0.1 }, fits)?.params['factors']).toBe(8)
    expect(bestParams(plan, wmf!, place, [search(4, null)])).toBeNull()
  })

  it('is one search for each condition where that is asked for', () => {
    const each = read(text.replace('seed: 9, condition: { gamma: 0.5, noise: 0.1 }', 'seed: 9, each: true'))
    expect(searchConditions(planOfRanking(each.file))).toHaveLength(3)
    expect(fitsLeft(planOfRanking(each.file), each.methods, [])).toBe(3 * 2 + 2 * 3 * 3)
  })

  it('is not what another search has found', () => {
    const elsewhere = read(text.replace('{ gamma: 0.5, noise: 0.1 } }', '{ gamma: 0.1, noise: 0.1 } }'))
    expect(elsewhere.methods[0]!.key).not.toBe(wmf!.key)
    // Nothing of it is searched.
    expect(elsewhere.methods[1]!.key).toBe(vae!.key)
  })
})

describe('the results of a ranking simulation', () => {
  const gapAt = (metric: string, gamma: number) =>
    results.gaps.find((gap) => gap.metric === metric && gap.gamma === gamma)!

  it('have means over splits beside the published figures, and what a random order comes to', () => {
    const cell = results.cells.find(({ label, gamma }) => label === 'WMF' && gamma === 0.5)!
    expect(cell.metrics['ndcg@20'].mean).toBeCloseTo(0.51)
    expect(cell.metrics['ndcg@20'].sd).toBeCloseTo(0.01)
    expect(cell.metrics['ndcg@20'].published).toBe(0.6)
    expect(cell.metrics['recall@20'].mean).toBeCloseTo(0.61)
    expect(results.bases).toHaveLength(3)
    expect(results.bases[0]).toMatchObject({ liked: 0.125, random: { 'ndcg@20': 0.0625 } })
    expect(results.methods[0]).toMatchObject({ label: 'WMF', fits: 11, failed: 0, epochs: 110 })
  })

  it('test the neighbours of the order over splits and over users, corrected for all gaps', () => {
    const gap = gapAt('ndcg@20', 0.1)
    expect(gap).toMatchObject({ better: 'VAE', worse: 'WMF' })
    expect(gap.publishedDifference).toBeCloseTo(0.1)
    // Differences 0.10, 0.11, 0.11: t = 0.10667 / (0.0057735 / sqrt(3)) = 32 with 2 degrees of freedom.
    expect(gap.difference).toBeCloseTo(0.32 / 3)
    expect(gap.overSplits.pairs).toBe(3)
    expect(gap.overSplits.p).toBeCloseTo(9.7513e-4, 6)
    expect(gap.overSplits.pHolm!).toBeGreaterThan(gap.overSplits.p!)
    // Users 0, 1, 2, 3 and 20; user 1 is in two splits.
    expect(gap.overUsers.pairs).toBe(5)
    expect(gap.overUsers.p!).toBeLessThan(1e-5)
  })

  it('say whether the order and the peak hold', () => {
    const said = results.verdicts.map(({ claim, holds }) => `${holds} ${claim}`)
    expect(said).toEqual([
      'true VAE has a higher N@20 than WMF at every condition.',
      'true VAE has a higher R@20 than WMF at every condition.',
      'true N@20 of WMF is best neither at the lowest gamma nor at the highest.',
      'true N@20 of VAE is best neither at the lowest gamma nor at the highest.',
      'true R@20 of WMF is best neither at the lowest gamma nor at the highest.',
      'true R@20 of VAE is best neither at the lowest gamma nor at the highest.',
    ])
    expect(results.verdicts[0]!.because).toMatch(
      /^The smallest gap is \+0\.0100 at gamma 0\.9 \(p 0\.\d+\)\. 2 of 3 gaps are significantly above 0 over splits\.$/,
    )
    // Against 0.9 the differences are 0.05, 0.05, 0.04: t = 14 with 2 degrees of freedom. Against 0.1 they are all 0.1.
    expect(results.verdicts[2]!.because).toBe(
      'It rises, then falls, with its best at gamma 0.5: 0.4100 at 0.1, 0.5100 at 0.5, 0.4633 at 0.9. Over splits not tested against gamma 0.1, p 0.0051 against gamma 0.9, not corrected for the best being chosen by the same figures. The published N@20 rises, then falls, with its best at gamma 0.5.',
    )
  })

  it('say where an order, a peak or a measurement is missing', () => {
    const reversed = rankingResults({
      ...known,
      file,
      methods,
      fits: [
        ...finals(wmf!.key, 0.1, [0.6, 0.61, 0.62]),
        ...finals(wmf!.key, 0.5, [0.5, 0.51, 0.52]),
        ...finals(wmf!.key, 0.9, [0.45, 0.46, 0.48]),
        ...finals(vae!.key, 0.1, [0.5, 0.52, 0.53]),
        ...finals(vae!.key, 0.5, [0.6, 0.62, 0.63]),
      ],
    })
    const [order, , ofWmf, ofVae] = reversed.verdicts
    expect(order).toMatchObject({ holds: false, because: 'Not measured at gamma 0.9.' })
    expect(ofWmf!.holds).toBe(false)
    expect(ofWmf!.because).toMatch(/^It falls throughout, with its best at gamma 0\.1/)
    expect(ofVae).toMatchObject({ holds: false, because: 'Not measured at gamma 0.9.' })
    const whole = rankingResults({
      ...known,
      file,
      methods,
      fits: [
        ...fits.filter(({ gamma }) => gamma !== 0.1),
        ...finals(wmf!.key, 0.1, [0.6, 0.61, 0.62]),
        ...finals(vae!.key, 0.1, [0.5, 0.52, 0.53]),
      ],
    })
    expect(whole.verdicts[0]!.holds).toBe(false)
    expect(whole.verdicts[0]!.because).toMatch(/^−0\.0933 at gamma 0\.1 \(p [\d.]+\)\. 1 of 3 gaps/)
  })

  it('set distances and orders beside the published in sentences', () => {
    expect(results.besidePublished).toContain(
      'N@20 of WMF less the published: −0.0900 at gamma 0.1 to −0.0867 at gamma 0.9, −0.0889 in the mean.',
    )
    expect(results.besidePublished).toContain('N@20 at gamma 0.1 orders 1 of 1 pairs of methods as published.')
    expect(results.besidePublished).toContain('N@20 at gamma 0.9 orders 0 of 1 pairs of methods as published.')
  })

  it('are not ready before a training has completed', () => {
    expect(() => rankingResults({ ...known, file, methods, fits: fits.slice(0, 2) })).toThrow(
      expect.objectContaining({ code: 'runNotReady' }),
    )
  })

  it('read as a document, with the figure drawn', () => {
    const markdown = renderMarkdown(rankingDocument(results))
    expect(markdown).toMatch(/\| WMF +\| 0\.4100 ± 0\.0100 \| 0\.5100 ± 0\.0100 \| 0\.4633 ± 0\.0153 \|/)
    expect(markdown).toContain('0.5000 (−0.0900)')
    expect(markdown).toContain('The weights A and B are the same: users are exposed to what they like.')
    expect(markdown).toContain('Holds: VAE has a higher N@20 than WMF at every condition.')
    expect(markdown).toContain('VAE: A remark.')
    expect(markdown).toContain('factors=8')
    const chart = rankingChart(results)!
    expect(chart.series.map(({ label }) => label)).toEqual(['WMF', 'VAE'])
    expect(chart.series[0]!.band![0]).toEqual([0.4, 0.42])
    const svg = standaloneSvg(chart)
    expect(svg).toContain('>0.5</text>')
    expect(svg).toContain('class="band')
  })
})

describe('the claim on features', () => {
  const noisy = read(
    text
      .replace(
        /conditions: .*/,
        'conditions: [{ gamma: 0.3, noise: null }, { gamma: 0.3, noise: 0.9 }, { gamma: 0.3, noise: 0.1 }]',
      )
      .replace(/claims: .*/, 'claims: { features: true }')
      .replace('condition: { gamma: 0.5, noise: 0.1 }', 'condition: { gamma: 0.3, noise: 0.1 }'),
  )
  const key = noisy.methods[1]!.key

  it('holds where less noise is better and none the worst', () => {
    const at = (none: number[]) =>
      rankingResults({
        ...known,
        file: noisy.file,
        methods: noisy.methods.slice(1),
        fits: [
          ...finals(key, 0.3, none, null),
          ...finals(key, 0.3, [0.5, 0.51, 0.53], 0.9),
          ...finals(key, 0.3, [0.6, 0.62, 0.61], 0.1),
        ],
      })
    const [right] = at([0.4, 0.42, 0.41]).verdicts
    expect(right).toMatchObject({
      holds: true,
      claim: 'N@20 of VAE at gamma 0.3: noise 0.1 > noise 0.9 > no features.',
    })
    expect(right!.because).toMatch(/^The smallest gap is \+0\.0967 at noise 0\.1 less noise 0\.9/)
    const [wrong] = at([0.54, 0.55, 0.56]).verdicts
    expect(wrong!.holds).toBe(false)
    expect(wrong!.because).toMatch(/^−0\.0367 at noise 0\.9 less no features/)
    const results = at([0.4, 0.42, 0.41])
    expect(rankingChart(results)).toBeNull()
    const markdown = renderMarkdown(rankingDocument(results))
    expect(markdown).toContain('gamma 0.3, no features')
    expect(markdown).toContain('VAE, noise 0.9')
  })
})

describe('how values move', () => {
  it.each([
    [[1, 2, 3], 'rises throughout'],
    [[3, 3, 1], 'falls throughout'],
    [[1, 2, 1], 'rises, then falls'],
    [[1, 2, 2, 1, 3], 'rises, then falls, then rises'],
    [[1, 1], 'stays the same'],
  ])('%j is said as "%s"', (values, words) => {
    expect(movesWords(values)).toBe(words)
  })
})

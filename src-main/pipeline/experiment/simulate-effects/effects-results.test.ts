import { describe, expect, it } from 'vitest'
import type { EffectsFit } from '../../../../src-shared/domain/effects-simulation'
import { parseEffectsSimulation } from '../../../../src-shared/experiment/parse-effects-simulation'
import { plannedMethods } from '../../../../src-shared/experiment/plan-experiment'
import { methods as descriptors } from '../../../methods/registry'
import { effectsChart, effectsDocument } from '../../report/effects-document'
import { renderMarkdown } from '../../report/render-markdown'
import { standaloneSvg } from '../../report/standalone-svg'
import { fitsLeft, keyedMethods, planOfEffects } from '../simulate/plan-fits'
import { effectsResults } from './effects-results'

const infos = descriptors.map(({ info }) => info)
const file = parseEffectsSimulation(
  `type: causeway-effects-simulation
version: 1
name: made up
users: [1000, 4000]
methods: [{ method: deep-deconf, label: DD, params: { likelihood: gaussian } }]
seeds: [0, 1, 2]
claims: { correlation: { users: 4000, above: 0.8 }, features: true }
remarks: { DD: A remark. }
`,
  infos,
)
const methods = keyedMethods(file, plannedMethods(file, infos))
const key = methods[0]!.key

/** A fit for each seed. */
const finals = (users: number, features: number, correlations: number[], rmses: number[]): EffectsFit[] =>
  rmses.map((rmse, seed) => ({
    key,
    phase: 'final',
    users,
    features,
    seed,
    params: methods[0]!.params,
    validation: 2,
    found: {
      method: { correlation: correlations[seed]!, rmse },
      regression: { correlation: 0.5, rmse: 0.3 + seed / 100 },
      exposed: 0.3,
      pValue: 0.45,
    },
    epochs: 10,
    seconds: 0.5,
    reason: null,
    causeway: '0.1.0',
  }))
const fits = [
  ...finals(1000, 10, [0.7, 0.72, 0.74], [0.2, 0.21, 0.22]),
  ...finals(1000, 0, [0.6, 0.62, 0.64], [0.3, 0.32, 0.31]),
  ...finals(4000, 10, [0.85, 0.86, 0.87], [0.1, 0.11, 0.12]),
  ...finals(4000, 0, [0.75, 0.76, 0.83], [0.15, 0.17, 0.16]),
]
const known = {
  file,
  methods,
  budget: 'The same.',
  environment: {
    causeway: '0.1.0',
    node: 'v24',
    platform: 'linux-x64',
    processor: 'A processor',
    cores: 2,
    backend: 'wasm: 4.22.0',
    threads: 1,
  },
  madeAt: '2026-01-01T00:00:00Z',
}
const results = effectsResults({ ...known, fits })

it('asks for every number of users with features and without, on every seed', () => {
  expect(fitsLeft(planOfEffects(file), methods, [])).toBe(12)
  expect(fitsLeft(planOfEffects(file), methods, fits)).toBe(0)
})

describe('the results of an effects simulation', () => {
  it('have means over seeds, and those of the regression once', () => {
    const cell = results.cells.find(({ users, features }) => users === 1000 && features === 10)!
    expect(cell.measures.rmse.mean).toBeCloseTo(0.21)
    expect(cell.measures.rmse.sd).toBeCloseTo(0.01)
    expect(cell.measures.correlation.mean).toBeCloseTo(0.72)
    expect(cell.pValue.mean).toBeCloseTo(0.45)
    expect(results.regressions.map(({ users }) => users)).toEqual([1000, 4000])
    expect(results.regressions[0]!.measures.rmse.mean).toBeCloseTo(0.31)
    expect(results.exposed).toBeCloseTo(0.3)
  })

  it('test what features take off over seeds, corrected for all tests', () => {
    expect(results.gaps.map(({ users }) => users)).toEqual([1000, 4000])
    const [gap] = results.gaps
    // Differences 0.10, 0.11, 0.09: t = 0.1 / (0.01 / sqrt(3)) = 17.3 with 2 degrees of freedom, p = 1 - t / sqrt(t² + 2).
    expect(gap!.difference).toBeCloseTo(0.1)
    expect(gap!.test.pairs).toBe(3)
    expect(gap!.test.p).toBeCloseTo(3.31676e-3, 6)
    expect(gap!.test.pHolm).toBeCloseTo(2 * 3.31676e-3, 6)
  })

  it('say whether the claims hold', () => {
    expect(results.verdicts).toEqual([
      {
        claim: 'At 4,000 users the effects of DD with features correlate with the true ones by more than 0.8.',
        holds: true,
        because: 'They do by 0.8600 as a mean over seeds, from 0.8500 to 0.8700.',
      },
      {
        claim: 'At 4,000 users the effects of DD without features correlate with the true ones by more than 0.8.',
        holds: false,
        because: 'They do by 0.7800 as a mean over seeds, from 0.7500 to 0.8300.',
      },
      {
        claim: 'The effects of DD have a smaller error with features than without, at every number of users.',
        holds: true,
        because: expect.stringMatching(
          /^The least that they take off is \+0\.0500 at 4,000 users \(p [\d.]+\)\. 2 of 2 are significantly/,
        ) as string,
      },
    ])
  })

  it('say where features do harm, and where something is not measured', () => {
    const worse = effectsResults({
      ...known,
      fits: [...fits.slice(0, 9), ...finals(4000, 0, [0.9, 0.9, 0.9], [0.08, 0.1, 0.12])],
    })
    expect(worse.verdicts[2]).toMatchObject({ holds: false })
    expect(worse.verdicts[2]!.because).toMatch(/^Features take off −0\.0100 at 4,000 users \(p [\d.]+\)\. 1 of 2/)
    const missing = effectsResults({ ...known, fits: fits.slice(0, 9) })
    expect(missing.verdicts.map(({ because }) => because).slice(1)).toEqual([
      'Not measured.',
      'Not measured at 4,000 users.',
    ])
    expect(() => effectsResults({ ...known, fits: [] })).toThrow(expect.objectContaining({ code: 'runNotReady' }))
  })

  it('read as a document, with the figure drawn', () => {
    const markdown = renderMarkdown(effectsDocument(results))
    expect(markdown).toMatch(/\| DD \+ features +\| 0\.2100 ± 0\.0100 \| 0\.1100 ± 0\.0100 \|/)
    expect(markdown).toMatch(/\| DD +\| 0\.6200 ± 0\.0200 \| 0\.7800 ± 0\.0436 \|/)
    expect(markdown).toMatch(/\| Regression +\| 0\.3100 ± 0\.0100/)
    expect(markdown).toContain('Does not hold: At 4,000 users the effects of DD without features')
    expect(markdown).toContain('DD: A remark.')
    expect(markdown).toContain('likelihood=gaussian')
    const chart = effectsChart(results)!
    expect(chart.series.map(({ label }) => label)).toEqual(['DD + features', 'DD', 'Regression'])
    expect(chart.series[1]!.points).toEqual([
      [1000, expect.closeTo(0.31)],
      [4000, expect.closeTo(0.16)],
    ])
    expect(chart.series[1]!.band![0]).toEqual([0.3, 0.32])
    expect(standaloneSvg(chart)).toContain('class="band')
  })
})

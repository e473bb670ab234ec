import { describe, expect, it } from 'vitest'
import type { SimulatedFit } from '../../../../src-shared/domain/simulation'
import { parseSimulation } from '../../../../src-shared/experiment/parse-simulation'
import { plannedMethods } from '../../../../src-shared/experiment/plan-experiment'
import { methods as descriptors } from '../../../methods/registry'
import { renderMarkdown } from '../../report/render-markdown'
import { estimateChart, simulationDocument } from '../../report/simulation-document'
import { standaloneSvg } from '../../report/standalone-svg'
import { bestParams, fitsLeft, keyedMethods, nextTrial, planOfSimulation } from './plan-fits'
import { simulationResults } from './simulation-results'

const infos = descriptors.map(({ info }) => info)
const text = `type: causeway-simulation
version: 1
name: made up
data: { dataset: none }
correlations: [-0.8, 0.2]
methods:
  - method: ncf
    label: OURS
    params: { preference: continuous }
    search: { embeddingSize: [4, 8] }
  - method: ips
    label: IPS
    params: { preference: continuous }
  - method: dr-jl
    label: DR
    params: { preference: continuous }
search: { seed: 9 }
seeds: [0, 1, 2]
budget: { trialsPerMethod: 2 }
reference: OURS
estimate: OURS
claims:
  ratio: [{ from: 0.6, most: 0.5 }, { most: 1.3 }]
  estimate: [{ from: 0.4, within: 0.1 }, { below: 0.4, within: 0.2 }]
published: { source: a table, errors: { OURS: [[1.5, 0.1], [1.6, 0.1]], DR: [[5, 1], [1.5, 0.2]] } }
remarks: { DR: Ours does without a clip. }
`
const file = parseSimulation(text, infos)
const methods = keyedMethods(file, plannedMethods(file, infos))
const [ours, ips, dr] = methods
const plan = planOfSimulation(file)

const fit = (of: Partial<SimulatedFit>): SimulatedFit => ({
  key: ours!.key,
  phase: 'final',
  correlation: -0.8,
  seed: 0,
  params: ours!.params,
  observed: 100,
  validation: 1,
  error: 1,
  epochs: 10,
  seconds: 0.5,
  estimate: null,
  reason: null,
  causeway: '0.1.0',
  ...of,
})
const failed = { error: null, validation: null, reason: { code: 'diverged', message: 'The training diverged.' } }
const search = (correlation: number, size: number, validation: number | null): SimulatedFit =>
  fit({
    phase: 'search',
    seed: 9,
    correlation,
    validation,
    params: { ...ours!.params, embeddingSize: size },
    ...(validation === null ? failed : {}),
  })
const finals = (key: string, correlation: number, errors: number[], rho?: number[]): SimulatedFit[] =>
  errors.map((error, seed) => fit({ key, correlation, seed, error, estimate: rho?.[seed] ?? null }))
const fits = [
  search(-0.8, 8, 2),
  search(-0.8, 4, 1.5),
  search(0.2, 8, null),
  search(0.2, 4, 3),
  ...finals(ours!.key, -0.8, [1.4, 1.5, 1.6], [-0.7, -0.75, -0.74]),
  ...finals(ips!.key, -0.8, [6, 6.2, 6.1]),
  ...finals(dr!.key, -0.8, [4, 4.2, 4.1]),
  ...finals(ours!.key, 0.2, [2, 2.1, 2.2], [0.5, 0.6, 0.55]),
  ...finals(ips!.key, 0.2, [1.5, 1.6, 1.4]),
  fit({ key: dr!.key, correlation: 0.2, seed: 0, ...failed }),
  ...finals(dr!.key, 0.2, [9, 1.7, 1.8]).slice(1),
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
const data = { dataset: 'none', datasetHash: 'abc', users: 20, items: 10 }
const results = simulationResults({
  file,
  methods,
  fits,
  budget: 'The same.',
  environment,
  data,
  madeAt: '2026-01-01T00:00:00Z',
})
const cellOf = (label: string, correlation: number) =>
  results.cells.find((cell) => cell.label === label && cell.correlation === correlation)!

describe('what is fitted next', () => {
  it('is known by what it is of: a label makes no other fit, another value does', () => {
    const keysOf = (content: string): string[] => {
      const read = parseSimulation(content, infos)
      return keyedMethods(read, plannedMethods(read, infos)).map(({ key }) => key)
    }
    expect(keysOf(text.replaceAll('OURS', 'NCF'))).toEqual(methods.map(({ key }) => key))
    expect(keysOf(text.replace('[4, 8]', '[4, 16]'))[0]).not.toBe(ours!.key)
    expect(new Set(methods.map(({ key }) => key)).size).toBe(3)
  })

  it('is the search of each method at each correlation, then its best parameters on every seed', () => {
    expect(fitsLeft(plan, methods, [])).toBe(2 * 2 + 3 * 2 * 3)
    const first = nextTrial(plan, ours!, { correlation: -0.8 }, [])!
    const one = fit({ phase: 'search', seed: 9, params: first, validation: 2 })
    const second = nextTrial(plan, ours!, { correlation: -0.8 }, [one])!
    expect([first.embeddingSize, second.embeddingSize].sort()).toEqual([4, 8])
    expect(nextTrial(plan, ours!, { correlation: -0.8 }, fits)).toBeNull()
    expect(nextTrial(plan, ips!, { correlation: -0.8 }, [])).toBeNull()
    expect(bestParams(plan, ours!, { correlation: -0.8 }, fits)).toEqual({
      params: { ...ours!.params, embeddingSize: 4 },
      validation: 1.5,
    })
    expect(bestParams(plan, ours!, { correlation: 0.2 }, fits)?.validation).toBe(3)
    expect(bestParams(plan, ours!, { correlation: 0.2 }, [search(0.2, 8, null)])).toBeNull()
    expect(fitsLeft(plan, methods, fits)).toBe(0)
  })
})

describe('the results of a simulation', () => {
  it('have means over seeds, without what failed', () => {
    expect(cellOf('OURS', -0.8)).toMatchObject({
      errors: [1.4, 1.5, 1.6],
      published: { mean: 1.5, sd: 0.1 },
      test: null,
    })
    expect(cellOf('OURS', -0.8).mean).toBeCloseTo(1.5)
    expect(cellOf('OURS', -0.8).sd).toBeCloseTo(0.1)
    expect(cellOf('DR', 0.2)).toMatchObject({ errors: [null, 1.7, 1.8], mean: 1.75 })
    expect(results.data.density).toBe(0.5)
    expect(results.methods[0]).toMatchObject({ label: 'OURS', fits: 10, failed: 1, epochs: 100 })
  })

  it('test every method against the reference, corrected for all tests', () => {
    const { test } = cellOf('IPS', -0.8)
    expect(test!.meanDifference).toBeCloseTo(4.6)
    // t = 4.6 / (0.1 / sqrt(3)) = 79.67 with 2 degrees of freedom.
    expect(test!.p).toBeCloseTo(1.5749e-4, 7)
    expect(test!.pHolm!).toBeGreaterThanOrEqual(test!.p!)
  })

  it('hold the reference against the best other', () => {
    expect(results.ratios.map(({ correlation, bestOther }) => [correlation, bestOther.label])).toEqual([
      [-0.8, 'DR'],
      [0.2, 'IPS'],
    ])
    expect(results.ratios[0]!.ratio).toBeCloseTo(1.5 / 4.1)
    expect(results.ratios[0]!.published).toBeCloseTo(0.3)
    expect(results.ratios[1]!.ratio).toBeCloseTo(2.1 / 1.5)
  })

  it('say which claims hold, and where they do not', () => {
    expect(results.verdicts.map(({ holds, because }) => [holds, because])).toEqual([
      [true, 'The largest is 0.366 at rho -0.8.'],
      [false, '1.400 at rho 0.2.'],
      [true, 'The largest is 0.070 at rho -0.8.'],
      [false, '0.350 at rho 0.2.'],
    ])
    const missing = simulationResults({
      file,
      methods,
      fits: fits.filter(({ correlation }) => correlation === -0.8),
      budget: '',
      environment,
      data,
      madeAt: '',
    })
    expect(missing.verdicts[1]).toMatchObject({ holds: false, because: 'Not measured at rho 0.2.' })
  })

  it('are not ready before a training has completed', () => {
    expect(() => simulationResults({ file, methods, fits: [], budget: '', environment, data, madeAt: '' })).toThrow(
      expect.objectContaining({ code: 'runNotReady' }),
    )
  })

  it('read as a document, with the figure drawn', () => {
    const markdown = renderMarkdown(simulationDocument(results))
    expect(markdown).toContain('| OURS | 1.5000 ± 0.1000 | 2.1000 ± 0.1000 |')
    expect(markdown).toContain('| -0.8 | 1.5000 | DR | 4.1000 | 0.3659 | 0.3000 |')
    expect(markdown).toContain(
      'Holds: The error of OURS is at most 0.5 times that of the best other method where rho is at least 0.6 in size.',
    )
    expect(markdown).toContain('Does not hold: The error of OURS is at most 1.3 times')
    expect(markdown).toContain('DR: Ours does without a clip.')
    const chart = estimateChart(results)!
    expect(chart.series[0]!.band).toEqual([
      [-0.75, -0.7],
      [0.5, 0.6],
    ])
    const svg = standaloneSvg(chart)
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]+"[^>]*><style>/)
    expect(svg).toContain('class="band')
  })
})

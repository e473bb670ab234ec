import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import { propensityDiagnosticsSchema } from '../../src-shared/domain/propensity'
import { builtEntries } from '../../tests/support/built'
import { writeRandomisedLog } from '../../tests/support/randomised-log'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

/** Small trainings on ratings of which a part was shown at random. */

let directory: string
let services: Services
const runs: Record<string, string> = {}

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

const small = { epochs: 4, embeddingSize: 4, batchSize: 64 }
const trainings = {
  mf: { method: 'mf', recipe: { splitBy: 'randomised' }, params: small },
  dr: { method: 'dr-jl', recipe: { splitBy: 'randomised' }, params: { ...small, propensityFloor: 0.2 } },
  clev: { method: 'clev', recipe: { splitBy: 'randomised' }, params: small },
  ratings: { method: 'mf', recipe: { splitBy: 'randomised' }, params: { ...small, preference: 'continuous' } },
  otherSplit: { method: 'mf', recipe: {}, params: small },
  ranking: { method: 'multi-vae', recipe: { splitBy: 'randomised' }, params: { epochs: 2, hidden: 8, latent: 4, batchSize: 16 } }, // prettier-ignore
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-selection-'))
  const files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(join(directory, 'workspace'), 'write'),
    shell: 'web',
    files,
    entries: builtEntries(),
  })
  const imported = await request('data:import', { files: [files.add(writeRandomisedLog(directory)).id], name: 'log' })
  expect((await services.jobs.ended(imported.id)).error).toBeNull()
  for (const [name, training] of Object.entries(trainings)) {
    const job = await request('train:start', { ...training, dataset: 'log', backend: 'wasm', seed: 1 })
    expect((await services.jobs.ended(job.id)).error).toBeNull()
    runs[name] = job.run!
  }
}, 120_000)
afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('propensities', () => {
  it('are those of the model where it has some, under the floor it was trained with, and under any other', async () => {
    const own = await request('selection:propensities', { run: runs['dr']! })
    expect(own).toMatchObject({ run: runs['dr'], source: 'model', drawn: 1200, areAllPairs: true })
    expect(propensityDiagnosticsSchema.parse(own.diagnostics).weights.floor).toBe(0.2)
    expect(own.diagnostics.weights.largest).toBeLessThanOrEqual(5.0001)
    const other = await request('selection:propensities', { run: runs['dr']!, floor: 0.5 })
    expect(other.diagnostics.weights.floor).toBe(0.5)
    expect(other.diagnostics.weights.clippedShare).toBeGreaterThan(own.diagnostics.weights.clippedShare)
    expect(other.diagnostics.calibration).toEqual(own.diagnostics.calibration)
  })

  it('are those of the split otherwise: the same for every method without', async () => {
    const mf = await request('selection:propensities', { run: runs['mf']! })
    const ranking = await request('selection:propensities', { run: runs['ranking']! })
    expect(mf.source).toBe('logistic')
    expect({ ...ranking, run: '' }).toEqual({ ...mf, run: '' })
    expect((await request('selection:propensities', { run: runs['clev']! })).source).toBe('model')
  })

  it('have a floor above 0, and a run that is there', async () => {
    await expect(request('selection:propensities', { run: runs['mf']!, floor: 0 })).rejects.toMatchObject({ code: 'badRequest' }) // prettier-ignore
    await expect(request('selection:propensities', { run: 'none' })).rejects.toMatchObject({ code: 'notFound' })
  })
})

describe('estimates', () => {
  it('stand beside the mean over the randomised part, DR where errors are imputed', async () => {
    const dr = await request('selection:estimates', { run: runs['dr']! })
    expect(dr.imputed).toEqual({ pairs: 1200, areAllPairs: true })
    expect(dr.randomisedPairs).toBeGreaterThan(50)
    for (const { naive, ips, snips, dr: own, randomised } of dr.errors)
      for (const estimate of [naive, ips, snips, own!, randomised!]) {
        expect(estimate.value).toBeGreaterThan(0)
        expect(estimate.standardError).toBeGreaterThan(0)
      }
    const mf = await request('selection:estimates', { run: runs['mf']! })
    expect(mf.imputed).toBeNull()
    expect(mf.errors.map(({ error, dr: none }) => [error, none])).toEqual([
      ['crossEntropy', null],
      ['squared', null],
    ])
  })

  it('of ratings are squared errors, without a randomised part there is no truth, and a ranking has none', async () => {
    const ratings = await request('selection:estimates', { run: runs['ratings']! })
    expect(ratings.errors.map(({ error }) => error)).toEqual(['squared'])
    const other = await request('selection:estimates', { run: runs['otherSplit']! })
    expect([other.randomisedPairs, other.errors[0]!.randomised]).toEqual([null, null])
    await expect(request('selection:estimates', { run: runs['ranking']! })).rejects.toMatchObject({
      code: 'badRequest',
    })
  })
})

describe('sensitivity', () => {
  const ask = (a: string, b: string, more: Partial<RequestInput<'selection:sensitivity'>> = {}) =>
    request('selection:sensitivity', { runs: [runs[a]!, runs[b]!], error: 'squared', ...more })

  it('turns around with the runs, and its band reaches 0 at the flip point', async () => {
    const there = await ask('mf', 'dr', { gammaMax: 50 })
    const back = await ask('dr', 'mf', { gammaMax: 50, floor: there.floor })
    expect(back.difference.snips).toBeCloseTo(-there.difference.snips, 12)
    expect(back.interval.low).toBeCloseTo(-there.interval.high, 12)
    expect(back.flip! / there.flip!).toBeCloseTo(1, 9)
    const [a, b] = there.runs
    expect([a.run, b.run, a.method]).toEqual([runs['mf'], runs['dr'], 'mf'])
    expect(a.mean - b.mean).toBeCloseTo(there.difference.snips, 9)
    expect(there.interval.low).toBeLessThan(there.difference.snips)
    expect(there.interval.high).toBeGreaterThan(there.difference.snips)
    const { points, flip } = there
    expect([points[0]!.gamma, points.at(-1)!.gamma]).toEqual([1, expect.closeTo(50, 9)])
    for (const { gamma, snips, ips } of points)
      if (Math.abs(gamma - flip!) > 1e-6)
        for (const { low, high } of [snips, ips]) expect(low <= 0 && high >= 0).toBe(gamma > flip!)
  })

  it('is of the SNIPS error that the estimates tell of a model without propensities of its own', async () => {
    const { errors } = await request('selection:estimates', { run: runs['mf']! })
    const { runs: means } = await ask('mf', 'clev')
    expect(means[0].mean).toBeCloseTo(errors[1]!.snips.value, 9)
  })

  it('refuses what has no pairs or no error in common', async () => {
    await expect(ask('mf', 'mf')).rejects.toThrow(/does not differ from itself/)
    await expect(ask('mf', 'otherSplit')).rejects.toThrow(/different splits/)
    await expect(ask('mf', 'ratings')).rejects.toThrow(/two of a kind/)
    await expect(ask('mf', 'ranking')).rejects.toThrow(/does not predict ratings/)
    await expect(ask('mf', 'dr', { gammaMax: 1 })).rejects.toMatchObject({ code: 'badRequest' })
  })
})

it('the report of a run has a section on selection, where its method predicts ratings', async () => {
  const subject = { kind: 'run' as const, run: runs['dr']! }
  const sections = await request('report:sections', { subject })
  expect(sections.find(({ id }) => id === 'selection')!.missing).toBeNull()
  const { markdown } = await request('report:markdown', { subject, sections: ['selection'] })
  expect(markdown).toContain('Effective sample size')
  expect(markdown).toMatch(/\| cross-entropy \| DR \| [\d.]+ ± [\d.]+ \|/)
  const { html } = await request('report:html', { subject, sections: ['selection'] })
  expect(html).toContain('Estimates from logged pairs')
  const ranking = await request('report:sections', { subject: { kind: 'run', run: runs['ranking']! } })
  expect(ranking.find(({ id }) => id === 'selection')!.missing).toMatch(/a method that predicts ratings/)
})

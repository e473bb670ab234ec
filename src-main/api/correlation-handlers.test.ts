import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EventMap, RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import { correlationGrid } from '../../src-shared/domain/correlation'
import { builtEntries } from '../../tests/support/built'
import { importDemo } from '../pipeline/ingest/demo'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

/** The services over real trainer processes, on a small CLEV trained on the built-in data set. */

let directory: string
let services: Services
let run: string
let user: string
const stages: string[] = []

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>
const train = async (method: string, params: Record<string, number | string>): Promise<string> => {
  const job = await request('train:start', { method, dataset: 'demo', backend: 'wasm', seed: 2, params })
  expect((await services.jobs.ended(job.id)).error).toBeNull()
  return job.run!
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-correlation-'))
  const workspace = openWorkspace(join(directory, 'workspace'), 'write')
  await importDemo(workspace.path)
  services = createServices({ workspace, shell: 'cli', files: new FileRegistry(), entries: builtEntries() })
  services.events.subscribe((name, payload) => {
    if (name === 'intervene:progress') stages.push((payload as EventMap['intervene:progress']).stage)
  })
  run = await train('clev', { epochs: 3, warmUp: 0, embeddingSize: 8, batchSize: 512, debias: 'naive' })
  user = (await request('recommend:users', { run, query: '', limit: 1 }))[0]!.id
}, 120_000)
afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('the learned correlation', () => {
  it('lies with the run, is logged, reported, and without an interval until one is asked for', async () => {
    const estimate = (await request('correlation:get', { run }))!
    expect(estimate.bootstrap).toBeNull()
    const { log, points } = await request('runs:get', { run })
    expect(Math.abs(estimate.correlation)).toBeGreaterThan(0)
    const { manifest } = await request('runs:get', { run })
    // The curve tells the mean over the steps of an epoch.
    const kept = points.find(({ epoch }) => epoch === manifest.bestEpoch)!
    expect(kept.values['correlation']).toBeCloseTo(estimate.correlation, 1)
    expect(log.some(({ text }) => text.startsWith('Correlation of the exogenous variables'))).toBe(true)
    const { markdown } = await request('report:markdown', { subject: { kind: 'run', run } })
    expect(markdown).toContain('Learned correlation ρ')
    expect(markdown).toContain('nobody has asked for a bootstrap')
  })

  it(
    'has an interval of trainings on resampled users, which goes on where it stopped',
    { timeout: 120_000 },
    async () => {
      const job = await request('runs:bootstrap', { run, resamples: 4 })
      expect(job).toMatchObject({ kind: 'bootstrap', run, title: `Bootstrap the correlation of ${run}` })
      await expect
        .poll(async () => (await request('correlation:get', { run }))!.bootstrap!.done.length)
        .toBeGreaterThan(0)
      await request('jobs:pause', { job: job.id })
      await services.jobs.ended(job.id)
      const before = (await request('correlation:get', { run }))!.bootstrap!
      expect(before.resamples).toBe(4)
      const again = await request('runs:bootstrap', { run })
      expect(await services.jobs.ended(again.id)).toMatchObject({ state: 'completed', error: null })
      const { done, interval } = (await request('correlation:get', { run }))!.bootstrap!
      expect(done.map(({ resample }) => resample)).toEqual([0, 1, 2, 3])
      expect(done.slice(0, before.done.length)).toEqual(before.done)
      const values = done.map(({ correlation }) => correlation).sort((a, b) => a - b)
      expect(new Set(values).size).toBe(4)
      // Between the two outermost of four: at 7.5 % of the way.
      expect(interval!.low).toBeCloseTo(values[0]! + 0.075 * (values[1]! - values[0]!), 10)
      expect(interval!.high).toBeCloseTo(values[3]! - 0.075 * (values[3]! - values[2]!), 10)
    },
  )
})

describe('a correlation that is set', () => {
  it('moves the list of items come to by choice; that at 0 is what the run recommends', async () => {
    const effect = await request('correlation:effect', { run, user, k: 5, rho: 0.9 })
    const { items: recommended } = await request('recommend:topK', { run, user, k: 5 })
    const listOf = (list: 'zero' | 'learned' | 'set') =>
      effect.items
        .filter(({ places }) => places[list].rank <= 5)
        .sort((a, b) => a.places[list].rank - b.places[list].rank)
    expect(listOf('zero').map(({ id }) => id)).toEqual(recommended.map(({ id }) => id))
    expect(listOf('set').map(({ id }) => id)).toEqual(effect.items.slice(0, 5).map(({ id }) => id))
    for (const list of ['zero', 'learned', 'set'] as const)
      expect(listOf(list).map(({ places }) => places[list].rank)).toEqual([1, 2, 3, 4, 5])
    for (const { places } of effect.items) {
      // What users choose, they like more where the correlation is positive.
      expect(places.set.expected).toBeGreaterThan(places.zero.expected)
      expect(places.set.expected).toBeLessThanOrEqual(1)
    }
    expect(effect.likeness.zero.jaccard).toBeLessThanOrEqual(1)
    const { correlation } = (await request('correlation:get', { run }))!
    expect(effect.learned).toBeCloseTo(correlation, 6)
  })

  it('moves nothing where it is set to what was learned', async () => {
    const { correlation: rho } = (await request('correlation:get', { run }))!
    const effect = await request('correlation:effect', { run, user, k: 5, rho })
    expect(effect.likeness.learned).toEqual({ jaccard: 1, tau: 1 })
    for (const { places } of effect.items) expect(places.set.expected).toBeCloseTo(places.learned.expected, 6)
  })

  it('is measured over a grid, once', async () => {
    const rhos = [...correlationGrid]
    const curve = await request('correlation:curve', { run, rhos, task: 'first' })
    expect(stages).toContain('Measuring over the correlation')
    expect(curve.points.map(({ rho }) => rho)).toEqual(rhos)
    const at = new Map(curve.points.map((point) => [point.rho, point]))
    const { metrics } = (await request('runs:get', { run })).manifest
    // At 0 the order is that of the scores which the run was evaluated by.
    for (const name of ['ratedAuc', 'ratedRecall@5', 'ratedNdcg@5'])
      expect(at.get(0)!.test[name], name).toBeCloseTo(metrics![name]!, 6)
    expect(curve.learned.logLikelihood!).toBeGreaterThan(at.get(0.95)!.logLikelihood!)
    expect(curve.learned.logLikelihood!).toBeGreaterThan(at.get(-0.95)!.logLikelihood!)
    const { bestEpoch } = (await request('runs:get', { run })).manifest
    const { points } = await request('runs:get', { run })
    const reported = points.find(({ epoch }) => epoch === bestEpoch)!.values
    expect(curve.learned.logLikelihood).toBeCloseTo(reported['heldOutLikelihood']!, 5)
    expect(curve.learned.validationAuc).toBeCloseTo(reported['ratedAuc']!, 5)

    const again = await request('correlation:curve', { run, rhos: [...rhos, 0.33], task: 'second' })
    expect(again.points.slice(0, -1)).toEqual(curve.points)
  })

  it('is refused out of range, and of runs that learned none', async () => {
    await expect(request('correlation:effect', { run, user, k: 5, rho: 1 })).rejects.toMatchObject({
      code: 'badRequest',
    })
    await expect(request('correlation:effect', { run, user: 'nobody', k: 5, rho: 0 })).rejects.toMatchObject({
      code: 'notFound',
    })
    const other = await train('ncf', { epochs: 1, embeddingSize: 4 })
    expect(await request('correlation:get', { run: other })).toBeNull()
    await expect(request('correlation:effect', { run: other, user, k: 5, rho: 0 })).rejects.toThrow(/CLEV/)
    await expect(request('runs:bootstrap', { run: other })).rejects.toThrow(/nothing to bootstrap/)
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { unwrap } from '../../src-shared/contract/errors'
import { answer } from '../../src-shared/contract/rpc'
import type { ComparisonRequest } from '../../src-shared/domain/comparison'
import type { Intervention, UserSelection } from '../../src-shared/domain/intervention'
import { reportSections, type ReportSubject } from '../../src-shared/domain/report'
import { bundleElementId, reproductionBundleSchema } from '../../src-shared/domain/reproduction'
import { builtEntries } from '../../tests/support/built'
import { writeTinyInteractions } from '../../tests/support/tiny-interactions'
import { openWorkspace } from '../storage/workspace'
import { createServices, type Services } from './create-services'
import { FileRegistry } from './file-registry'

/** Reports over real trainings: two methods with two seeds each, on users whose ids cannot be mistaken for anything else. */

let directory: string
let services: Services
const printed: string[] = []
const runs = { csc: [] as string[], 'multi-vae': [] as string[] }

const request = async <N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> =>
  unwrap(await answer(services.handlers, name, input)) as RequestOutput<N>

const small = { epochs: 3, hidden: 32, latent: 8, batchSize: 16 }

async function done(job: { id: string }): Promise<void> {
  expect((await services.jobs.ended(job.id)).error).toBeNull()
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-report-'))
  const files = new FileRegistry()
  services = createServices({
    workspace: openWorkspace(join(directory, 'workspace'), 'write'),
    shell: 'cli',
    files,
    entries: builtEntries(),
    printPdf: (html) => {
      printed.push(html)
      return Promise.resolve(new TextEncoder().encode('%PDF-of the test'))
    },
  })
  const written = writeTinyInteractions(directory)
  const handles = Object.values(written).map((path) => files.add(path).id)
  await done(await request('data:import', { files: handles, name: 'tiny' }))
  for (const method of ['csc', 'multi-vae'] as const)
    for (const seed of [1, 2]) {
      const params = method === 'csc' ? { ...small, confounders: 3 } : small
      const job = await request('train:start', { method, dataset: 'tiny', backend: 'wasm', seed, params })
      await done(job)
      runs[method].push(job.run!)
    }
}, 240_000)
afterAll(async () => {
  await services.close()
  rmSync(directory, { recursive: true, force: true })
})

const ofRun = (run: string): ReportSubject => ({ kind: 'run', run })
const comparison = (users: UserSelection = { kind: 'all' }): ComparisonRequest => ({
  runs: Object.values(runs).flat(),
  metrics: ['ndcg@10', 'recall@10'],
  users,
  baseline: null,
  level: 0.95,
})
const ofAll = (users?: UserSelection): ReportSubject => ({ kind: 'comparison', comparison: comparison(users) })

describe('the sections of a report', () => {
  it('are all there are, in order, each with its reason where it would be empty', async () => {
    const csc = await request('report:sections', { subject: ofRun(runs.csc[0]!) })
    expect(csc.map(({ id }) => id)).toEqual(reportSections)
    expect(csc.filter(({ missing }) => missing !== null).map(({ id }) => id)).toEqual([
      'experiment',
      'comparison',
      'selection',
      'interventions',
    ])
    const baseline = await request('report:sections', { subject: ofRun(runs['multi-vae'][0]!) })
    expect(baseline.find(({ id }) => id === 'graph')!.missing).toMatch(/Multi-VAE learns no causal graph/)
    const several = await request('report:sections', { subject: ofAll() })
    expect(several.find(({ id }) => id === 'comparison')!.missing).toBeNull()
  })

  it('of a run that is not there are none', async () => {
    await expect(request('report:sections', { subject: ofRun('nothing') })).rejects.toMatchObject({ code: 'notFound' })
  })
})

describe('the report of a run', () => {
  it('has every metric with its interval over users, and the hashes of weights and evaluation', async () => {
    const { name, html } = await request('report:html', { subject: ofRun(runs.csc[0]!) })
    const { manifest } = await request('runs:get', { run: runs.csc[0]! })
    expect(name).toBe(`report-${runs.csc[0]}`)
    const { metrics } = await request('runs:evaluation', { run: runs.csc[0]! })
    const ndcg = metrics.find((metric) => metric.name === 'ndcg@10')!
    expect(html).toContain(`${ndcg.interval!.low.toFixed(4)} to ${ndcg.interval!.high.toFixed(4)}`)
    for (const text of ['NDCG@30', 'Average popularity@10', 'Gini', manifest.weightsHash!, manifest.evaluation!.hash])
      expect(html).toContain(text)
    expect(html).not.toMatch(/NaN|undefined|\[object/)
  })
})

describe('the report of several runs', () => {
  it('compares the methods over their seeds, with tests, and carries every run', async () => {
    const { html } = await request('report:html', { subject: ofAll(), title: 'Two methods' })
    const { metrics, groups } = await request('compare:runs', comparison())
    expect(groups.map(({ label }) => label)).toEqual(['CSC', 'Multi-VAE'])
    for (const { mean, sd } of metrics.flatMap(({ cells }) => cells))
      expect(html).toContain(`${mean!.toFixed(4)} ± ${sd!.toFixed(4)}`)
    expect(html).toContain('Wilcoxon, users')
    expect(html).toContain('fewer than 3 seeds')
    const json = new RegExp(`id="${bundleElementId}">(.*?)</script>`, 's').exec(html)![1]!
    const bundle = reproductionBundleSchema.parse(JSON.parse(json))
    expect(bundle.title).toBe('Two methods')
    expect(bundle.runs.map(({ run }) => run).sort()).toEqual(Object.values(runs).flat().sort())
    expect(await request('reproduce:bundle', { subject: ofAll() })).toMatchObject({ runs: bundle.runs })
  })

  it('draws the mean over seeds with a band', async () => {
    const { html } = await request('report:html', { subject: ofAll(), sections: ['training'] })
    expect(html.match(/<polygon class="band/g)!.length).toBeGreaterThanOrEqual(2)
    expect(html).toContain('NDCG@10 on the validation part')
  })
})

describe('a report of aggregates only', () => {
  const all = { kind: 'all' } as const
  const zeroed: Intervention = {
    factors: [
      [1, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
    ],
    holds: [],
  }
  beforeAll(async () => {
    const run = runs.csc[0]!
    const many: UserSelection = { kind: 'users', users: ['u1', 'u2', 'u3', 'u4', 'u5', 'u6'] }
    const save = (name: string, users: UserSelection, intervention: Intervention) =>
      request('intervene:save', { run, name, users, intervention, task: name })
    await save('of everyone', all, zeroed)
    await save('of six', many, zeroed)
    await save('of one', { kind: 'users', users: ['u7'] }, zeroed)
    await save('held as one', all, { factors: null, holds: [{ node: 0, at: { kind: 'user', user: 'u8' } }] })
  }, 60_000)
  /** Every id of the data set, as a word of its own. */
  const ids = /\bu\d+\b/g

  it('names no user and tells no result of a single one, in any form', async () => {
    const run = runs.csc[0]!
    for (const subject of [ofRun(run), ofAll(), ofAll({ kind: 'users', users: ['u1', 'u2', 'u3', 'u4', 'u5'] })]) {
      const told = await request('report:html', { subject, aggregatesOnly: true })
      expect(told.html.match(ids)).toBeNull()
      const { markdown } = await request('report:markdown', { subject, aggregatesOnly: true })
      expect(markdown.match(ids)).toBeNull()
      expect(markdown).toContain('### of everyone')
      expect(markdown).toContain('### of six')
      expect(markdown).not.toMatch(/### (of one|held as one)/)
      expect(markdown).toContain('2 results of single users or of fewer than 5 are left out')
    }
    // Left to itself the report does name them: the test above would see it.
    const { html } = await request('report:html', { subject: ofRun(run) })
    expect([...new Set(html.match(ids))].sort()).toEqual(['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8'])
  })

  it('leaves a comparison for fewer than five users out', async () => {
    const subject = ofAll({ kind: 'users', users: ['u1', 'u2'] })
    const { html } = await request('report:html', { subject, aggregatesOnly: true, sections: ['comparison'] })
    expect(html).toContain('fewer than 5 users and is left out')
    expect(html).not.toContain('Wilcoxon, users')
    expect(html.match(ids)).toBeNull()
  })
})

describe('a report as PDF', () => {
  it('is the HTML, printed by the shell', async () => {
    const file = await request('report:pdf', { subject: ofRun(runs['multi-vae'][0]!), title: 'To print' })
    expect(file).toMatchObject({ name: `report-${runs['multi-vae'][0]}.pdf`, mediaType: 'application/pdf' })
    expect(new TextDecoder().decode(file.bytes)).toBe('%PDF-of the test')
    expect(printed.at(-1)).toContain('<h1>To print</h1>')
  })
})

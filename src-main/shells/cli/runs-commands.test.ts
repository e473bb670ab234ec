import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateRuns } from '../../../scripts/generate-runs.mjs'
import type { Reproduction, ReproductionBundle } from '../../../src-shared/domain/reproduction'
import type { RunManifest } from '../../../src-shared/domain/run'
import { parseReportBundle } from '../../../src-shared/report-bundle'
import { builtEntries, root } from '../../../tests/support/built'
import { writeTinyInteractions } from '../../../tests/support/tiny-interactions'
import { parseCondition, parseSort } from './runs-commands'

let directory: string
beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-cli-runs-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function causeway(workspace: string, ...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'causeway.mjs'), '--workspace', workspace, ...args],
    { encoding: 'utf8', env: { ...process.env, CAUSEWAY_SKIP_BUILD: '1' } },
  )
  return { code: status, stdout, stderr }
}
function json<T>(workspace: string, code: number, ...args: string[]): T {
  const ended = causeway(workspace, ...args, '--json')
  expect(ended, ended.stderr).toMatchObject({ code })
  return JSON.parse(ended.stdout) as T
}

describe('conditions and orders', () => {
  it.each([
    ['ndcg@10>0.3', { column: 'ndcg@10', is: '>', value: '0.3' }],
    ['metric:avp:price@10 <= 5', { column: 'metric:avp:price@10', is: '<=', value: '5' }],
    ['method=csc', { column: 'method', is: '=', value: 'csc' }],
    ['seed!=0', { column: 'seed', is: '!=', value: '0' }],
    ['experiment~sweep = one', { column: 'experiment', is: 'contains', value: 'sweep = one' }],
    ['bestEpoch=', { column: 'bestEpoch', is: '=', value: null }],
  ])('%s is read', (text, condition) => {
    expect(parseCondition(text)).toEqual(condition)
  })

  it('that are none are refused', () => {
    for (const text of ['', 'ndcg@10', '>0.3'])
      expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: 'badRequest' }))
  })

  it('go up unless they say otherwise', () => {
    expect(parseSort('ndcg@10')).toEqual({ column: 'ndcg@10', descending: false })
    expect(parseSort('metric:ndcg@10:desc')).toEqual({ column: 'metric:ndcg@10', descending: true })
    expect(parseSort('param:rate:asc')).toEqual({ column: 'param:rate', descending: false })
  })
})

describe('causeway runs list', () => {
  it('filters, sorts, cuts and chooses columns by the names that the analyst uses', () => {
    const workspace = join(directory, 'many')
    const manifests = generateRuns(workspace, { runs: 600, metrics: 12, epochs: 1 }).map(
      (id) => JSON.parse(readFileSync(join(workspace, 'runs', id, 'manifest.json'), 'utf8')) as RunManifest,
    )
    // More than one page of rows.
    expect(json<unknown[]>(workspace, 0, 'runs', 'list')).toHaveLength(600)
    const found = json<Record<string, unknown>[]>(
      workspace,
      0,
      ...['runs', 'list', '--filter', 'method=csc', '--filter', 'ndcg@10>0.25', '--sort', 'ndcg@10:desc'],
      ...['--columns', 'ndcg@10,seed,learningRate', '--limit', '5'],
    )
    const expected = manifests
      .filter(({ method, metrics }) => method === 'csc' && (metrics?.['ndcg@10'] ?? 0) > 0.25)
      .sort((a, b) => b.metrics!['ndcg@10']! - a.metrics!['ndcg@10']!)
      .slice(0, 5)
    expect(expected).toHaveLength(5)
    expect(found).toEqual(
      expected.map((run) => ({
        id: run.id,
        method: 'csc',
        state: 'completed',
        'metric:ndcg@10': run.metrics!['ndcg@10'],
        seed: run.seed,
        'param:learningRate': run.params.learningRate,
      })),
    )
    const cut = causeway(workspace, 'runs', 'list', '--limit', '3')
    expect(cut.stdout.trimEnd().split('\n')).toHaveLength(5)
    expect(cut.stderr).toContain('Showing 3 of 600 runs.')
    expect(causeway(workspace, 'runs', 'list', '--filter', 'ndcg@10>9').stdout).toBe('No run passes the filter.\n')
    const unknown = causeway(workspace, 'runs', 'list', '--sort', 'nDCG')
    expect(unknown).toMatchObject({ code: 2, stdout: '' })
    expect(unknown.stderr).toMatch(/No run has a column "nDCG"/)
  })
})

describe('causeway reproduce', () => {
  it('confirms a report by training its run again, and fails where the report was altered', () => {
    const workspace = join(directory, 'workspace')
    const { interactions } = writeTinyInteractions(directory)
    expect(causeway(workspace, 'data', 'import', interactions, '--name', 'tiny')).toMatchObject({ code: 0 })
    const { run } = json<{ run: string }>(
      workspace,
      0,
      ...['train', 'multi-vae', '--data', 'tiny', '--backend', 'wasm', '--seed', '5'],
      ...['epochs=2', 'batchSize=16', 'hidden=16', 'latent=4'].flatMap((setting) => ['--set', setting]),
    )
    const report = join(directory, 'report.html')
    expect(causeway(workspace, 'report', run, '--out', report)).toMatchObject({ code: 0 })

    const confirmed = causeway(workspace, 'reproduce', report)
    expect(confirmed, confirmed.stderr).toMatchObject({ code: 0 })
    expect(confirmed.stdout).toMatch(/identical in split, epochs.*weights, evaluation/)
    expect(confirmed.stdout).toContain('Confirmed: the run came out the same.')

    const bundle: ReproductionBundle = parseReportBundle(readFileSync(report, 'utf8'), report)
    const altered = join(directory, 'bundle.json')
    writeFileSync(
      altered,
      JSON.stringify({ ...bundle, runs: bundle.runs.map((recorded) => ({ ...recorded, seed: 6 })) }),
    )
    const differs = json<Reproduction>(workspace, 1, 'reproduce', altered, '--only', run)
    expect(differs).toMatchObject({ confirmed: false, runs: [{ verdict: 'differs', run: null }] })
    expect(differs.runs[0]!.differences.length).toBeGreaterThan(2)
    expect(json<unknown[]>(workspace, 0, 'runs', 'list')).toHaveLength(1)

    expect(causeway(workspace, 'reproduce', report, '--only', 'none')).toMatchObject({ code: 2 })
    expect(causeway(workspace, 'reproduce', interactions)).toMatchObject({ code: 2 })
    expect(causeway(workspace, 'reproduce', join(directory, 'gone.html'))).toMatchObject({ code: 1 })
    expect(causeway(workspace, 'reproduce', 'no-such-run')).toMatchObject({ code: 1 })
    expect(existsSync(join(workspace, '.lock'))).toBe(false)
  })
})

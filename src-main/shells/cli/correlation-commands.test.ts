import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  CorrelationEffect,
  CorrelationEstimate,
  CorrelationMeasures,
} from '../../../src-shared/domain/correlation'
import { builtEntries, root } from '../../../tests/support/built'

/** The correlation of exogenous variables on the command line: the built program, spawned. */

let directory: string
let run: string
let user: string

function causeway(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'causeway.mjs'), '--workspace', join(directory, 'workspace'), ...args],
    { encoding: 'utf8', env: { ...process.env, CAUSEWAY_SKIP_BUILD: '1' } },
  )
  return { code: status, stdout, stderr }
}
function json<T>(code: number, ...args: string[]): T {
  const ended = causeway(...args, '--json')
  expect(ended, ended.stderr).toMatchObject({ code })
  return JSON.parse(ended.stdout) as T
}

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-correlation-'))
  json(0, 'data', 'demo')
  const settings = ['epochs=2', 'warmUp=0', 'embeddingSize=8', 'batchSize=512'].flatMap((set) => ['--set', set])
  const trained = json<{ run: string; correlation: number }>(
    0,
    ...['train', 'clev', '--data', 'demo', '--backend', 'wasm', '--seed', '3', ...settings],
  )
  run = trained.run
  expect(Math.abs(trained.correlation)).toBeLessThan(1)
  user = 'u001'
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Printed {
  rho: number
  pairs: { validation: number; test: number }
  measures: Record<'zero' | 'learned' | 'set', CorrelationMeasures>
  effect?: CorrelationEffect
}

describe('causeway effect correlation', () => {
  it('tells the measures at 0, as learned and as set, with or without the lists of a user', () => {
    const set = json<Printed>(0, 'effect', 'correlation', run, '--rho', '0.6')
    expect(set).toMatchObject({ rho: 0.6, measures: { zero: { rho: 0 }, set: { rho: 0.6 } } })
    expect(set.effect).toBeUndefined()
    expect(set.measures.zero.test['ratedAuc']).toBeGreaterThan(0)

    const withUser = json<Printed>(0, 'effect', 'correlation', run, '--rho', '-0.4', '--user', user, '--k', '3')
    expect(withUser.effect).toMatchObject({ user, k: 3, rho: -0.4, expects: 'probability' })
    const words = causeway('effect', 'correlation', run, '--rho', '-0.4', '--user', user, '--k', '3').stdout
    expect(words).toContain('set ρ = −0.40')
    expect(words).toContain('log-likelihood, validation')
    expect(words).toContain(withUser.effect!.items[0]!.title)
  })

  it('refuses what cannot be a correlation, as bad usage', () => {
    for (const rho of ['1', 'much', '']) {
      const ended = causeway('effect', 'correlation', run, '--rho', rho)
      expect(ended.code).toBe(2)
      expect(ended.stderr).toContain('-0.99 to 0.99')
    }
  })

  it('of a run that learned none says which method does', () => {
    const other = json<{ run: string }>(
      0,
      ...['train', 'ncf', '--data', 'demo', '--backend', 'wasm', '--set', 'epochs=1', '--set', 'embeddingSize=4'],
    )
    const refused = json<{ error: { message: string } }>(2, 'effect', 'correlation', other.run, '--rho', '0.1')
    expect(refused.error.message).toContain('CLEV')
    const bootstrap = json<{ error: { message: string } }>(2, 'correlation', 'bootstrap', other.run)
    expect(bootstrap.error.message).toContain('learned no correlation')
  })
})

describe('causeway correlation bootstrap', () => {
  it('gives the interval with its values, which the run then shows', { timeout: 60_000 }, () => {
    const estimate = json<CorrelationEstimate>(0, 'correlation', 'bootstrap', run, '--resamples', '3')
    expect(estimate.bootstrap!.done).toHaveLength(3)
    const { low, high } = estimate.bootstrap!.interval!
    expect(low).toBeLessThan(high)
    expect(json<{ correlation: CorrelationEstimate }>(0, 'runs', 'show', run).correlation).toMatchObject({
      correlation: estimate.correlation,
      bootstrap: { interval: { low, high } },
    })
    const shown = causeway('runs', 'show', run).stdout
    expect(shown).toMatch(/Correlation ρ +\S+ \(\S+ to \S+\)/)
    expect(shown).toContain('the middle 95 % of 3 trainings on users')
  })
})

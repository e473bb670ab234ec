import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunEstimates, RunPropensities, Sensitivity } from '../../../src-shared/domain/selection'
import { builtEntries, root } from '../../../tests/support/built'
import { writeRandomisedLog } from '../../../tests/support/randomised-log'

/** What selection does to what is known of runs, as a script asks for it. */

let directory: string
const runs: string[] = []

function causeway(code: number, ...args: string[]): { stdout: string; stderr: string } {
  const ended = spawnSync(
    process.execPath,
    [join(root, 'bin', 'causeway.mjs'), '--workspace', join(directory, 'workspace'), ...args],
    { encoding: 'utf8', env: { ...process.env, CAUSEWAY_SKIP_BUILD: '1' } },
  )
  expect(ended.status, ended.stderr).toBe(code)
  return ended
}
const json = <T>(...args: string[]): T => JSON.parse(causeway(0, ...args, '--json').stdout) as T

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-cli-selection-'))
  causeway(0, 'data', 'import', writeRandomisedLog(directory), '--name', 'log')
  const small = ['epochs=3', 'embeddingSize=4', 'data.splitBy=randomised'].flatMap((pair) => ['--set', pair])
  for (const method of ['ips', 'dr-jl'])
    runs.push(json<{ run: string }>('train', method, '--data', 'log', '--backend', 'wasm', ...small).run)
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('on the command line', { timeout: 60_000 }, () => {
  it('propensities are judged, under any floor', () => {
    const judged = json<RunPropensities>('propensities', runs[0]!, '--floor', '0.5')
    expect(judged).toMatchObject({ run: runs[0], source: 'model', diagnostics: { weights: { floor: 0.5 } } })
    const { stdout } = causeway(0, 'propensities', runs[0]!, '--floor', '0.5')
    expect(stdout).toContain('over all 1,200 pairs')
    expect(stdout).toMatch(/Clipped at the floor +[\d.]+ % +worry/)
  })

  it('estimates stand beside what was shown at random', () => {
    const { errors } = json<RunEstimates>('estimates', runs[1]!)
    expect(errors[0]!.dr!.value).toBeGreaterThan(0)
    const { stdout } = causeway(0, 'estimates', runs[1]!)
    expect(stdout).toMatch(/cross-entropy +DR +[\d.]+ ± [\d.]+ +[+−][\d.]+ ± [\d.]+/)
    expect(stdout).toMatch(/squared error +Randomised/)
  })

  it('a comparison has its band, and a sentence on what turns it around', () => {
    const sensitivity = json<Sensitivity>('sensitivity', ...runs, '--gamma-max', '4', '--error', 'squared')
    expect(sensitivity.points.at(-1)!.gamma).toBeCloseTo(4, 9)
    expect(sensitivity.error).toBe('squared')
    const { stdout } = causeway(0, 'sensitivity', ...runs)
    expect(stdout).toMatch(new RegExp(`^By SNIPS on \\d+ logged validation pairs, ${runs[0]} has a`))
    expect(stdout).toMatch(/turn(s)? this around\./)
    expect(stdout).toMatch(/\n1\.00 /)
  })

  it.each([
    ['one run twice', (): string[] => ['sensitivity', runs[0]!, runs[0]!], /does not differ/],
    ['a floor of nothing', (): string[] => ['propensities', runs[0]!, '--floor', '0'], /Allowed: number/],
    ['a reach that is none', (): string[] => ['sensitivity', ...runs, '--gamma-max', '1'], /Allowed: number/],
    ['an unknown error', (): string[] => ['sensitivity', ...runs, '--error', 'cubic'], /crossEntropy, squared/],
  ])('%s is bad usage', (_, args, message) => expect(causeway(2, ...args()).stderr).toMatch(message))
})

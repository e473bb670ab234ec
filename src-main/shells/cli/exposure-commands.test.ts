import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  ExposedUser,
  ExposureCheck,
  ItemExposureEffects,
  SegmentExposureEffects,
  StrongestExposureEffects,
} from '../../../src-shared/domain/exposure'
import { builtEntries, root } from '../../../tests/support/built'

/** What exposing items does, on the command line: the built program, spawned. */

let directory: string
let run: string
const user = 'u001'
let item: string
let items: number

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
  directory = mkdtempSync(join(tmpdir(), 'causeway-exposure-'))
  json(0, 'data', 'demo')
  const settings = ['epochs=2', 'latent=8', 'batchSize=512'].flatMap((set) => ['--set', set])
  const trained = ['train', 'deep-deconf', '--data', 'demo', '--backend', 'wasm', '--seed', '3', ...settings]
  run = json<{ run: string }>(0, ...trained).run
  const found = json<{ id: string }[]>(0, 'effects', 'items', run, '--limit', '200')
  item = found[0]!.id
}, 120_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('causeway effects', () => {
  it('check says whether the exposure model fits, and what is assumed', () => {
    const { check, verdict } = json<{ check: ExposureCheck; verdict: { passed: boolean } }>(0, 'effects', 'check', run)
    expect(verdict.passed).toBe(check.pValue >= 0.1 && check.pValue <= 0.9)
    const words = causeway('effects', 'check', run).stdout
    expect(words).toContain(`The exposure model ${verdict.passed ? 'passes' : 'fails'} its check`)
    expect(words).toContain('no single-cause confounders')
  })

  it('of tells what rises and falls, and writes all of it as CSV', () => {
    const everyone = json<ItemExposureEffects>(0, 'effects', 'of', run, item, '--top', '3')
    expect(everyone).toMatchObject({ user: null, item: { id: item } })
    expect(everyone.raised.length).toBeLessThanOrEqual(3)
    const words = causeway('effects', 'of', run, item, '--user', user).stdout
    expect(words).toContain('(CATE)')
    expect(words).toContain('in train part')

    const file = join(directory, 'effects.csv')
    items = json<{ items: number }>(0, 'effects', 'of', run, item, '--out', file).items
    const lines = readFileSync(file, 'utf8').trim().split('\r\n')
    expect(lines).toHaveLength(items + 1)
    expect(lines[0]).toBe('item,title,effect,outcome')
    const strongest = [...everyone.raised, ...everyone.lowered].sort(
      (a, b) => Math.abs(b.effect) - Math.abs(a.effect),
    )[0]!
    expect(lines.slice(1, 3).some((line) => line.startsWith(`${strongest.id},`))).toBe(true)
  })

  it('strongest gives so many pairs, with a user other ones', () => {
    const found = json<StrongestExposureEffects>(0, 'effects', 'strongest', run, '--count', '4')
    expect(found.pairs).toHaveLength(4)
    expect(found.pairs.every(({ from, to }) => from.id !== to.id)).toBe(true)
    expect(causeway('effects', 'strongest', run, '--count', '4', '--user', user).stdout).toContain('4 strongest of')
  })

  it('expose tells before and after, and refuses what cannot be set', () => {
    const shown = json<ExposedUser>(0, 'effects', 'expose', run, '--user', user, '--expose', freeItem())
    expect(shown.listed.some(({ set }) => set === 'exposed') || shown.moved.length > 0).toBe(true)
    const withdraw = ['--withdraw', shown.exposures[0]!.id, '--k', '3']
    const taken = json<ExposedUser>(0, 'effects', 'expose', run, '--user', user, ...withdraw)
    expect(taken.k).toBe(3)
    expect(causeway('effects', 'expose', run, '--user', user, '--expose', freeItem()).stdout).toContain(
      'What moves most',
    )
    const refused = causeway('effects', 'expose', run, '--user', user, '--withdraw', freeItem())
    expect(refused).toMatchObject({ code: 2 })
    expect(refused.stderr).toContain('is not exposed')
    expect(causeway('effects', 'expose', run, '--user', user).stderr).toContain('--expose or to --withdraw')
  })

  it('segments compares them', () => {
    const choices = json<Record<'texts' | 'numbers', { attribute: string }[]>>(0, 'segments', run)
    const { attribute } = [...choices.texts, ...choices.numbers][0]!
    const found = json<SegmentExposureEffects>(0, 'effects', 'segments', run, item, '--by', attribute, '--top', '2')
    expect(found.items).toHaveLength(2)
    const words = causeway('effects', 'segments', run, item, '--by', attribute).stdout
    expect(words).toContain('Less the mean over users')
    expect(words).toMatch(/log-odds .*in this exposure, the substitute confounder/)
  })

  it('matrix writes a row and a column for each item, block by block, and leaves nothing half written', () => {
    const file = join(directory, 'matrix.csv')
    json(0, 'effects', 'matrix', run, '--out', file)
    const lines = readFileSync(file, 'utf8').trim().split('\r\n')
    expect(lines).toHaveLength(items + 1)
    const head = lines[0]!.split(',')
    expect(head[0]).toBe('effect on log-odds: rated \\ exposed')
    expect(head).toHaveLength(items + 1)
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(head.slice(1))
    const { own } = json<ItemExposureEffects>(0, 'effects', 'of', run, item)
    const at = head.indexOf(item)
    expect(Number(lines[at]!.split(',')[at])).toBeCloseTo(own, 5)
    expect(existsSync(`${file}.tmp`)).toBe(false)
    expect(causeway('effects', 'matrix', run, '--out', join(directory, 'no', 'such.csv')).stderr).toContain(
      'There is no folder',
    )
  })
})

/** An item that the user was not shown. */
function freeItem(): string {
  const file = join(directory, 'user.csv')
  json(0, 'effects', 'of', run, item, '--user', user, '--out', file)
  const free = readFileSync(file, 'utf8')
    .trim()
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(','))
    .find((cells) => cells.at(-1) === '0')!
  return free[0]!
}

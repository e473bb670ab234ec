import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildEntry, type BuiltEntry } from '../../tests/support/build-entry'
import { defaultParams, resolveParams } from '../../src-shared/params/params'
import { findMethod, methods } from './registry'

test('an unknown method is refused with the list of those there are', () => {
  expect(() => findMethod('no-such')).toThrow('There is no method "no-such". Available: csc, clev, deep-deconf, ')
})

test('every method folder is in the table, under its own name', () => {
  const folders = ['causal', 'baselines'].flatMap((family) =>
    readdirSync(join(import.meta.dirname, family), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name),
  )
  expect(methods.map(({ info }) => info.id).sort()).toEqual(folders.sort())
})

describe.each(methods.map(({ info }) => [info.id, info] as const))('%s', (_, info) => {
  test('has parameters with defaults inside their ranges, a help text each, and epochs', () => {
    expect(resolveParams(info.params, defaultParams(info.params))).toEqual(defaultParams(info.params))
    for (const spec of info.params) expect(spec.help.length).toBeGreaterThan(20)
    expect(new Set(info.params.map(({ key }) => key)).size).toBe(info.params.length)
    expect(info.params.some(({ key }) => key === 'epochs')).toBe(true)
  })

  test('says what it assumes where it makes a causal claim', () =>
    expect(info.assumptions.length > 0).toBe(info.family === 'causal'))

  test('survives structured clone and JSON, as the contract asks', () => {
    expect(structuredClone(info)).toEqual(info)
    expect(JSON.parse(JSON.stringify(info))).toEqual(info)
  })
})

describe('the table in a fresh process', () => {
  let built: BuiltEntry
  beforeAll(async () => {
    built = await buildEntry('tests/fixtures/list-methods.ts')
  })
  afterAll(() => built.remove())

  test('loads no tensor library until a method is loaded', () => {
    const run = (argument: string): { methods: string[]; tensorflow: boolean } =>
      JSON.parse(execFileSync(process.execPath, [built.file, argument], { encoding: 'utf8' })) as {
        methods: string[]
        tensorflow: boolean
      }
    const ids = methods.map(({ info }) => info.id)
    expect(run('list')).toEqual({ methods: ids, tensorflow: false })
    expect(run('load')).toEqual({ methods: ids, tensorflow: true })
  })
})

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunManifest } from '../../src-shared/domain/run'
import type { SavedMask } from '../../src-shared/domain/mask'
import { runDirectory, runFiles } from './layout'
import { RunStore } from './run-store'
import { Saved } from './saved'
import { openWorkspace, type Workspace } from './workspace'

let directory: string
let workspace: Workspace
let store: RunStore
let saved: Saved

const manifest: RunManifest = {
  type: 'causeway-run',
  version: 1,
  id: 'r1',
  method: 'csc',
  dataset: 'demo',
  recipe: {},
  params: {},
  knowledge: null,
  seed: 0,
  backend: 'wasm',
  threads: 1,
  state: 'completed',
  createdAt: '2026-11-20T20:00:00.000Z',
  startedAt: null,
  endedAt: null,
  durationSeconds: 0,
  epochs: 1,
  bestEpoch: 1,
  metrics: {},
  error: null,
  evaluation: null,
  weightsHash: null,
  experiment: null,
  reproduces: null,
  producedBy: { causeway: '0', datasetHash: 'a', splitHash: 'b', platform: 'linux-x64', node: 'v20.20.2' },
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-saved-'))
  workspace = openWorkspace(directory, 'write')
  store = new RunStore(workspace)
  store.create(manifest)
  saved = new Saved(workspace, store)
})
afterEach(() => {
  workspace.close()
  rmSync(directory, { recursive: true, force: true })
})

const maskOf = (name: string, notes = ''): SavedMask => ({
  mask: { type: 'causeway-mask', version: 1, name, notes, nodes: ['c1'], factors: [[1]] },
  savedAt: '2026-11-21T00:00:00.000Z',
})
const masksFolder = (): string => join(runDirectory(directory, 'r1'), runFiles.masks)
const namesOf = (): string[] =>
  saved
    .masks('r1')
    .list()
    .saved.map(({ mask }) => mask.name)

describe('what is saved by name', () => {
  it('comes back as it was, in the order of the names, and is gone when removed', () => {
    expect(saved.masks('r1').list()).toEqual({ saved: [], damaged: [] })
    for (const name of ['zeta', 'Price (draft 2)', 'ölpreis', '価格']) saved.masks('r1').save(maskOf(name), false)
    expect(saved.masks('r1').read('ölpreis')).toEqual(maskOf('ölpreis'))
    expect(new Set(namesOf())).toEqual(new Set(['Price (draft 2)', 'ölpreis', 'zeta', '価格']))
    saved.masks('r1').remove('zeta')
    expect(namesOf()).not.toContain('zeta')
    expect(() => saved.masks('r1').remove('zeta')).toThrow(expect.objectContaining({ code: 'notFound' }))
    expect(() => saved.masks('r1').read('zeta')).toThrow(expect.objectContaining({ code: 'notFound' }))
  })

  it('is replaced only when that is asked for, also under a name that differs in case alone', () => {
    saved.masks('r1').save(maskOf('Mask', 'first'), false)
    for (const name of ['Mask', 'mask', 'MASK'])
      expect(() => saved.masks('r1').save(maskOf(name), false)).toThrow(expect.objectContaining({ code: 'nameTaken' }))
    saved.masks('r1').save(maskOf('mask', 'second'), true)
    // One file, as on a system that takes both names for one.
    expect(readdirSync(masksFolder())).toEqual(['Mask.json'])
    expect(saved.masks('r1').list().saved).toEqual([maskOf('mask', 'second')])
    saved.masks('r1').remove('MASK')
    expect(readdirSync(masksFolder())).toEqual([])
  })

  it.each(['con', 'NUL', 'com1.x', 'aux .y', '価'.repeat(63) + '格'.repeat(10)])('is not named %s', (name) => {
    expect(() => saved.masks('r1').save(maskOf(name), false)).toThrow(expect.objectContaining({ code: 'pathRefused' }))
    expect(existsSync(masksFolder())).toBe(false)
  })

  it('that is damaged is reported with its reason, hides no other, and can be removed or replaced', () => {
    saved.masks('r1').save(maskOf('good'), false)
    const write = (name: string, text: string): void => writeFileSync(join(masksFolder(), `${name}.json`), text)
    write('torn', '{"mask":')
    write('other', '{"mask":{"type":"causeway-mask"},"savedAt":"x"}')
    write('newer', JSON.stringify({ ...maskOf('newer'), mask: { ...maskOf('newer').mask, version: 2 } }))
    const { saved: good, damaged } = saved.masks('r1').list()
    expect(good).toEqual([maskOf('good')])
    expect(damaged).toEqual([
      { what: 'mask', name: 'newer', reason: expect.stringContaining('mask.version') },
      { what: 'mask', name: 'other', reason: expect.stringContaining('mask.') },
      { what: 'mask', name: 'torn', reason: expect.stringContaining('not JSON') },
    ])
    expect(() => saved.masks('r1').read('torn')).toThrow(expect.objectContaining({ code: 'savedInvalid' }))
    expect(() => saved.masks('r1').save(maskOf('torn'), false)).toThrow(expect.objectContaining({ code: 'nameTaken' }))
    saved.masks('r1').save(maskOf('torn'), true)
    saved.masks('r1').remove('other')
    expect(namesOf()).toEqual(['good', 'torn'])
  })

  it('leaves no half-written file, and a stray one is not taken for a mask', () => {
    saved.masks('r1').save(maskOf('a'), false)
    writeFileSync(join(masksFolder(), 'a.json.123.tmp'), '{')
    mkdirSync(join(masksFolder(), 'folder.json'))
    expect(saved.masks('r1').list()).toEqual({ saved: [maskOf('a')], damaged: [] })
  })

  it('is not written through a link that leads out', () => {
    const outside = mkdtempSync(join(tmpdir(), 'causeway-outside-'))
    symlinkSync(outside, masksFolder())
    expect(() => saved.masks('r1').save(maskOf('a'), false)).toThrow(expect.objectContaining({ code: 'pathRefused' }))
    expect(readdirSync(outside)).toEqual([])
    rmSync(outside, { recursive: true })
  })

  it('is not written in a workspace opened for reading', () => {
    saved.masks('r1').save(maskOf('a'), false)
    const reader = openWorkspace(directory, 'read')
    const other = new Saved(reader, new RunStore(reader))
    expect(other.masks('r1').list().saved).toEqual([maskOf('a')])
    for (const change of [
      () => other.masks('r1').save(maskOf('b'), false),
      () => other.masks('r1').remove('a'),
      () => other.annotate('r1', saved.annotations('r1')),
      () => other.planBootstrap('r1', 5),
    ])
      expect(change).toThrow(expect.objectContaining({ code: 'workspaceLocked' }))
    expect(namesOf()).toEqual(['a'])
  })

  it('needs a run that is there', () => {
    expect(() => saved.masks('none')).toThrow(expect.objectContaining({ code: 'notFound' }))
    expect(() => saved.masks('../datasets')).toThrow(expect.objectContaining({ code: 'pathRefused' }))
  })
})

describe('names and notes', () => {
  const annotations = { type: 'causeway-annotations' as const, version: 1 as const, names: { c1: 'Price' }, notes: {} }

  it('are none at first, then what was written', () => {
    expect(saved.annotations('r1').names).toEqual({})
    saved.annotate('r1', annotations)
    expect(saved.annotations('r1')).toEqual(annotations)
  })

  it('that are damaged are refused by name, and told of beside the masks', () => {
    const path = join(runDirectory(directory, 'r1'), runFiles.annotations)
    writeFileSync(path, '{')
    expect(() => saved.annotations('r1')).toThrow(expect.objectContaining({ code: 'savedInvalid' }))
    expect(saved.damaged('r1')).toMatchObject([{ what: 'names and notes', name: 'annotations.json' }])
    expect(readFileSync(path, 'utf8')).toBe('{')
  })
})

describe('the plan of a bootstrap', () => {
  it('is remembered', () => {
    expect(saved.bootstrapPlan('r1')).toBeNull()
    saved.planBootstrap('r1', 30)
    expect(saved.bootstrapPlan('r1')).toBe(30)
  })
})

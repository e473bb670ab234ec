import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtEntries, root } from '../../../tests/support/built'

/** Exports on the command line as a script asks for them: the built program, spawned. */

const program = join(root, 'bin', 'causeway.mjs')
const environment = { ...process.env, CAUSEWAY_SKIP_BUILD: '1' }

let directory: string
let workspace: string
let run: string

function causeway(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, '--workspace', workspace, ...args], {
    encoding: 'utf8',
    env: environment,
  })
  return { code: status, stdout, stderr }
}

function json<T>(code: number, ...args: string[]): T {
  const ended = causeway(...args, '--json')
  expect(ended, ended.stderr).toMatchObject({ code })
  return JSON.parse(ended.stdout) as T
}

const at = (name: string): string => join(directory, name)

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-export-'))
  workspace = at('workspace')
  json(0, 'data', 'demo')
  const settings = ['epochs=2', 'confounders=3', 'hidden=32', 'latent=12'].flatMap((set) => ['--set', set])
  run = json<{ run: string }>(0, 'train', 'csc', '--data', 'demo', '--backend', 'wasm', '--seed', '3', ...settings).run
}, 120_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('causeway export', () => {
  it('writes a model into a folder, a zip, or a file with the rest beside it', () => {
    expect(causeway('export', 'model', run, '--format', 'tfjs', '--out', at('tfjs')).code).toBe(0)
    for (const file of ['model.json', 'weights.bin', 'model-card.json', 'items.json'])
      expect(existsSync(join(directory, 'tfjs', file))).toBe(true)

    const zipped = json<{ files: { file: string }[] }>(
      0,
      'export',
      'model',
      run,
      '--format',
      'onnx',
      '--out',
      at('m.zip'),
    )
    expect(zipped.files.map(({ file }) => file)).toEqual([at('m.zip')])
    expect(Object.keys(unzipSync(readFileSync(at('m.zip'))))).toEqual(['model.onnx', 'model-card.json', 'items.json'])

    const single = json<{ format: string; files: { file: string }[] }>(
      0,
      'export',
      'model',
      run,
      '--out',
      at('m.safetensors'),
    )
    expect(single.format).toBe('safetensors')
    const files = ['m.safetensors', 'm.model-card.json', 'm.items.json'].map(at)
    expect(single.files.map(({ file }) => file)).toEqual(files)
    expect(files.every(existsSync)).toBe(true)
  })

  it('writes the lists of all users, and says of how many', () => {
    const lists = json<{ users: number; file: string }>(0, 'export', 'lists', run, '--k', '3', '--out', at('lists.csv'))
    const rows = readFileSync(lists.file, 'utf8').trimEnd().split('\r\n')
    expect(lists.users).toBe(300)
    expect(rows).toHaveLength(1 + 3 * lists.users)
    expect(causeway('export', 'lists', run, '--out', at('lists.parquet')).code).toBe(0)
    expect(readFileSync(at('lists.parquet')).subarray(0, 4).toString()).toBe('PAR1')
  })

  it('writes the graph under a mask; the ending says in which format', () => {
    const factors = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]
    const mask = { type: 'causeway-mask', version: 1, name: 'none', notes: '', nodes: ['c1', 'c2', 'c3'], factors }
    writeFileSync(at('mask.json'), JSON.stringify(mask))
    const all = ['--threshold', '0', '--out']
    for (const [file, start] of [
      ['g.json', '{'],
      ['g.dot', 'digraph'],
      ['g.graphml', '<?xml'],
      ['g.dagitty.txt', 'dag {'],
      ['g.tetrad.txt', 'Graph Nodes:'],
    ] as const) {
      expect(causeway('export', 'graph', run, ...all, at(file)).code).toBe(0)
      expect(readFileSync(at(file), 'utf8').startsWith(start)).toBe(true)
    }
    expect(readFileSync(at('g.dagitty.txt'), 'utf8')).toContain('->')
    expect(causeway('export', 'graph', run, '--mask', at('mask.json'), ...all, at('m.dagitty.txt')).code).toBe(0)
    expect(readFileSync(at('m.dagitty.txt'), 'utf8')).not.toContain('->')
  })

  it('refuses what cannot be meant', () => {
    expect(causeway('export', 'model', run, '--out', at('folder')).code).toBe(2)
    expect(causeway('export', 'model', run, '--format', 'tfjs', '--out', at('m.onnx')).code).toBe(2)
    expect(causeway('export', 'graph', run, '--threshold', '2', '--out', at('g.dot')).code).toBe(2)
    expect(causeway('export', 'lists', run, '--out', at('lists.txt')).code).toBe(2)
    expect(json<{ error: { code: string } }>(1, 'export', 'lists', 'nothing', '--out', at('l.csv')).error.code).toBe(
      'notFound',
    )
  })
})

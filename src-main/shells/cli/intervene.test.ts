import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtEntries, root } from '../../../tests/support/built'

/** Interventions on the command line as a script asks for them: the built program, spawned. */

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

interface Done {
  users: number
  k: number
  baseline: Record<string, number>
  intervened: Record<string, number>
  change: Record<string, { mean: number; low: number; high: number }>
  changedLists: number
  noDifference: boolean
  mask: number[][] | null
  holds: unknown[]
  words: string[]
  metricDefinitions: Record<string, string>
}
interface Failure {
  error: { code: string; message: string; details: Record<string, unknown>; help: string }
}
/** An answer without what differs from one asking to the next. */
const numbers = ({ baseline, intervened, change, changedLists }: Done) => ({
  baseline,
  intervened,
  change,
  changedLists,
})

const masked = (name: string, factors: number[][]): string => {
  const file = join(directory, `${name.replaceAll(' ', '-')}.json`)
  const nodes = factors.map((_, node) => `c${node + 1}`)
  writeFileSync(file, JSON.stringify({ type: 'causeway-mask', version: 1, name, notes: '', nodes, factors }))
  return file
}

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-do-'))
  workspace = join(directory, 'workspace')
  json(0, 'data', 'demo')
  const settings = ['epochs=3', 'confounders=3', 'hidden=32', 'latent=12'].flatMap((set) => ['--set', set])
  run = json<{ run: string }>(0, 'train', 'csc', '--data', 'demo', '--backend', 'wasm', '--seed', '3', ...settings).run
}, 120_000)

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('causeway do', () => {
  it('answers with the quantities before and after, their change with an interval, and what they mean', () => {
    const done = json<Done>(0, 'do', run, '--zero-row', 'c1', '--users', 'all')
    expect(done).toMatchObject({
      users: 300,
      k: 10,
      noDifference: false,
      holds: [],
      words: [expect.stringContaining('c1')],
    })
    expect(done.mask).toEqual([
      [1, 0, 0],
      [1, 1, 1],
      [1, 1, 1],
    ])
    const ids = Object.keys(done.baseline)
    expect(ids).toEqual(
      expect.arrayContaining([
        'recall@10',
        'recallFull@10',
        'ndcg@10',
        'avp@10:price',
        'avp@10:popularity',
        'coverage@10',
      ]),
    )
    for (const part of [done.intervened, done.change, done.metricDefinitions]) expect(Object.keys(part)).toEqual(ids)
    for (const id of ids) {
      const { mean, low, high } = done.change[id]!
      expect(mean).toBeCloseTo(done.intervened[id]! - done.baseline[id]!, 10)
      expect(low).toBeLessThanOrEqual(high)
      expect(done.metricDefinitions[id]!.length).toBeGreaterThan(10)
    }
    expect(done.changedLists).toBeGreaterThan(0)
  })

  it('gives a baseline that is what the evaluation says', () => {
    const { metrics } = json<{ metrics: Record<string, number> }>(0, 'eval', run)
    const { baseline } = json<Done>(0, 'do', run, '--zero-row', 'c1')
    for (const id of ['recall@10', 'recallFull@10', 'ndcg@10']) expect(baseline[id]).toBeCloseTo(metrics[id]!, 10)
  })

  it(
    'gives the same numbers for a mask file, a saved mask, another format and the row named',
    { timeout: 90_000 },
    () => {
      const file = masked('row two', [
        [1, 1, 1],
        [0, 1, 0],
        [1, 1, 1],
      ])
      const byRow = numbers(json<Done>(0, 'do', run, '--zero-row', 'c2'))
      expect(numbers(json<Done>(0, 'do', run, '--mask', file))).toEqual(byRow)
      expect(numbers(json<Done>(0, 'do', run, '--remove-edge', 'c2->c1', '--remove-edge', 'c2->c3'))).toEqual(byRow)
      json(0, 'masks', 'import', run, file)
      expect(numbers(json<Done>(0, 'do', run, '--mask', 'row two'))).toEqual(byRow)
      const out = join(directory, 'mask.graphml')
      expect(json(0, 'masks', 'export', run, 'row two', '--out', out)).toMatchObject({ format: 'graphml', lost: [] })
      expect(numbers(json<Done>(0, 'do', run, '--mask', out))).toEqual(byRow)
      expect(json<{ mask: { name: string } }[]>(0, 'masks', 'list', run).map(({ mask }) => mask.name)).toEqual([
        'row two',
      ])
      expect(json<Failure>(1, 'masks', 'import', run, file).error.code).toBe('nameTaken')
      json(0, 'masks', 'import', run, file, '--replace')
      json(0, 'masks', 'remove', run, 'row two')
      expect(json(0, 'masks', 'list', run)).toEqual([])
    },
  )

  it('with a mask of ones changes nothing, to the bit', () => {
    const file = masked('ones', [
      [1, 1, 1],
      [1, 1, 1],
      [1, 1, 1],
    ])
    const done = json<Done>(0, 'do', run, '--mask', file)
    expect(done).toMatchObject({ noDifference: true, changedLists: 0 })
    expect(done.intervened).toEqual(done.baseline)
    for (const change of Object.values(done.change)) expect(change).toEqual({ mean: 0, low: 0, high: 0 })
  })

  it('holds confounders, for users chosen by what they are', () => {
    const segment = json<{ users: number; texts: { attribute: string; values: { value: string; users: number }[] }[] }>(
      0,
      'segments',
      run,
    )
    const city = segment.texts.find(({ attribute }) => attribute === 'city')!.values[0]!
    const held = ['--hold', 'c1=+2sd', '--hold', `c2=mean:city=${city.value}`]
    const done = json<Done>(0, 'do', run, ...held, '--users', `city=${city.value}`, '--k', '5')
    expect(done).toMatchObject({ users: city.users, k: 5, mask: null })
    expect(done.holds).toEqual([
      { node: 0, at: { kind: 'sd', sd: 2 } },
      { node: 1, at: { kind: 'mean', users: { kind: 'attribute', attribute: 'city', value: city.value } } },
    ])
    expect(Object.keys(done.baseline)).toContain('recall@5')
    const active = json<Done>(0, 'do', run, '--zero-row', 'c1', '--users', 'activity>=25')
    expect(active.users).toBeGreaterThan(0)
    expect(active.users).toBeLessThan(300)
  })

  it('--each-row has one row a confounder, each what do(c) gives alone', () => {
    const table = json<{ rows: ({ node: string } & Done)[] }>(0, 'do', run, '--each-row')
    expect(table.rows.map(({ node }) => node)).toEqual(['c1', 'c2', 'c3'])
    expect(numbers(table.rows[1]!)).toEqual(numbers(json<Done>(0, 'do', run, '--zero-row', 'c2')))
  })

  it('knows nodes by the names they were given', () => {
    json(0, 'confounders', run, '--rename', 'c2=Taste for the new', '--note', 'c2=Seen in spring')
    const named = json<Done>(0, 'do', run, '--zero-row', 'Taste for the new')
    expect(numbers(named)).toEqual(numbers(json<Done>(0, 'do', run, '--zero-row', 'c2')))
    expect(named.words.join()).toContain('Taste for the new')
  })

  it('keeps a result with the run, and the report has it', () => {
    const done = json<Done>(0, 'do', run, '--zero-row', 'c1', '--save', 'row one', '--notes', 'As in the paper')
    expect(json<Failure>(1, 'do', run, '--zero-row', 'c1', '--save', 'Row One').error.code).toBe('nameTaken')
    const saved = json<{ name: string; effect: { changedLists: number } }[]>(0, 'effects', 'list', run)
    expect(saved).toMatchObject([
      { name: 'row one', notes: 'As in the paper', effect: { changedLists: done.changedLists } },
    ])
    const file = join(directory, 'report.md')
    json(0, 'report', run, '--out', file)
    expect(readFileSync(file, 'utf8')).toContain('## Interventions')
    json(0, 'effects', 'remove', run, 'row one')
    expect(json(0, 'effects', 'list', run)).toEqual([])
  })

  it('prints a table for people', () => {
    const { code, stdout } = causeway('do', run, '--zero-row', 'c1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/avp@10:price +\d+ +[\d.]+ +[\d.]+ +[+-]?[\d.]+ +[+-]?[\d.]+ … [+-]?[\d.]+/)
  })

  it('is cancelled by Ctrl-C', { timeout: 60_000 }, async () => {
    const args = ['--workspace', workspace, 'do', run, '--each-row', '--json']
    const child = spawn(process.execPath, [program, ...args], { env: environment })
    let stdout = ''
    let stderr = ''
    let asked = false
    child.stdout.on('data', (data) => (stdout += String(data)))
    child.stderr.on('data', (data) => {
      stderr += String(data)
      // Once: a second signal would end the process by force.
      if (!asked && stderr.includes('%')) asked = child.kill('SIGINT')
    })
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toMatchObject({ code: 130 })
    expect((JSON.parse(stdout) as Failure).error.code).toBe('cancelled')
  })
})

describe('what goes wrong', () => {
  const broken = (): string => {
    const file = join(directory, 'broken.json')
    writeFileSync(file, '{"type":"causeway-mask","version":1,"name":"x","nodes":["c1"],"factors":[[1,1]]}')
    return file
  }
  it.each<[string, number, string, string, () => string[]]>([
    ['no change', 2, 'badRequest', 'Say what to change', () => []],
    ['an unknown node', 2, 'badRequest', 'c1', () => ['--zero-row', 'c9']],
    ['an edge to itself', 2, 'badRequest', 'itself', () => ['--remove-edge', 'c1->c1']],
    ['an edge that is none', 2, 'badRequest', 'FROM->TO', () => ['--remove-edge', 'c1']],
    ['a value that is none', 2, 'badRequest', '--hold takes', () => ['--hold', 'c1=high']],
    ['a node held twice', 2, 'badRequest', 'twice', () => ['--hold', 'c1=1sd', '--hold', 'c1=2sd']],
    ['a held value of an unknown user', 1, 'notFound', 'nobody', () => ['--hold', 'c1=user:nobody']],
    [
      'a mask of another size',
      2,
      'badRequest',
      'c3',
      () => [
        '--mask',
        masked('small', [
          [1, 1],
          [1, 1],
        ]),
      ],
    ],
    ['a mask that is none', 2, 'badRequest', 'mask', () => ['--mask', broken()]],
    ['a mask there is none of', 1, 'notFound', 'neither a file', () => ['--mask', 'none']],
    ['an unknown user', 1, 'notFound', 'nobody', () => ['--zero-row', 'c1', '--users', 'nobody']],
    ['an unknown attribute', 2, 'badRequest', 'city', () => ['--zero-row', 'c1', '--users', 'height>=2']],
    ['a range of text', 2, 'badRequest', 'is text', () => ['--zero-row', 'c1', '--users', 'city>=2']],
    ['nobody', 2, 'badRequest', 'city = Atlantis', () => ['--zero-row', 'c1', '--users', 'city=Atlantis']],
    ['nobody so active', 2, 'badRequest', 'at least 100000', () => ['--zero-row', 'c1', '--users', 'activity>=100000']],
    ['a list of no items', 2, 'badRequest', 'Allowed', () => ['--zero-row', 'c1', '--k', '0']],
    ['a name that leads out', 2, 'badRequest', 'name', () => ['--zero-row', 'c1', '--save', '../x']],
  ])('%s ends with its code and what was asked for', (_, exitCode, code, words, args) => {
    const { error } = json<Failure>(exitCode, 'do', run, ...args())
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) })
    expect(error.help.length).toBeGreaterThan(10)
  })
})

describe('causeway paths', () => {
  it('add up to the score, the remainder shown', () => {
    const id = 'u001'
    const list = json<{ items: { id: string; score: number }[] }>(0, 'recommend', run, '--user', id)
    const pathsOf = (item: string) =>
      json<{
        score: number
        preference: number
        remainder: number
        confounders: { flow: number; own: number; remainder: number }[]
      }>(0, 'paths', run, '--user', id, '--item', item)
    const [first, second] = [list.items[0]!, list.items[1]!]
    const paths = pathsOf(first.id)
    // Counted from the mean item, scores lie as far apart as in the list.
    expect(paths.score - pathsOf(second.id).score).toBeCloseTo(first.score - second.score, 5)
    const sum = paths.preference + paths.confounders.reduce((total, { flow }) => total + flow, 0) + paths.remainder
    expect(sum).toBeCloseTo(paths.score, 6)
  })
})

describe('knowledge', () => {
  const file = (content: Record<string, unknown>): string => {
    const path = join(directory, 'knowledge.json')
    const whole = {
      type: 'causeway-knowledge',
      version: 1,
      name: 'first',
      notes: '',
      nodes: ['c1', 'c2', 'c3'],
      required: [],
      forbidden: [],
      tiers: [],
    }
    writeFileSync(path, JSON.stringify({ ...whole, ...content }))
    return path
  }
  const train = (...more: string[]): string[] => [
    ...['train', 'csc', '--data', 'demo', '--backend', 'wasm', '--set', 'epochs=1', '--set', 'hidden=16'],
    ...['--set', 'latent=12', '--set', 'confounders=3', ...more],
  ]

  it('is honoured exactly by a training, and kept with its run', { timeout: 60_000 }, () => {
    json(0, 'knowledge', 'import', file({ required: [['c1', 'c2']], forbidden: [['c2', 'c3']] }))
    const trained = json<{ run: string }>(0, ...train('--knowledge', 'first'))
    const { probabilities } = json<{ probabilities: number[][] }>(0, 'graph', trained.run)
    expect(probabilities[0]![1]).toBe(1)
    expect(probabilities[1]![2]).toBe(0)
    json(0, 'knowledge', 'remove', 'first')
    expect(json(0, 'runs', 'show', trained.run)).toMatchObject({
      manifest: { knowledge: { name: 'first', required: [['c1', 'c2']] } },
    })
  })

  it('that no training could honour is refused before one starts', () => {
    const runs = json<unknown[]>(0, 'runs', 'list').length
    const contradiction = file({ required: [['c1', 'c2']], forbidden: [['c1', 'c2']] })
    expect(json<Failure>(2, ...train('--knowledge', contradiction)).error.message).toContain('c1 → c2')
    expect(json<Failure>(2, ...train('--knowledge', file({}), '--set', 'confounders=4')).error.message).toContain('3')
    const other = ['train', 'multi-vae', '--data', 'demo', '--knowledge', file({})]
    expect(json<Failure>(2, ...other).error.message).toContain('learns no graph')
    expect(json<Failure>(1, ...train('--knowledge', 'none')).error.code).toBe('notFound')
    expect(json<unknown[]>(0, 'runs', 'list')).toHaveLength(runs)
  })
})

describe('domain graphs', () => {
  it('are checked, saved, listed, exported as they were and removed', () => {
    const file = join(directory, 'drawn.txt')
    const text = 'dag { price [exposure] like [outcome] taste [latent] taste -> price taste -> like price -> like }'
    writeFileSync(file, text)
    const answers = json<{ adjustment: { sets: string[][] }; advice: { method: string }[] }>(0, 'domain', 'check', file)
    expect(answers.adjustment.sets).toEqual([])
    json(0, 'domain', 'save', file, '--name', 'prices')
    expect(json(0, 'domain', 'check', 'prices')).toEqual(answers)
    expect(causeway('domain', 'check', 'prices').stdout).toContain('taste')
    expect(json(0, 'domain', 'list')).toMatchObject([{ name: 'prices', text }])
    const out = join(directory, 'exported.txt')
    json(0, 'domain', 'export', 'prices', '--out', out)
    expect(readFileSync(out, 'utf8')).toBe(text)
    json(0, 'domain', 'remove', 'prices')
    expect(json<Failure>(1, 'domain', 'export', 'prices', '--out', out).error.code).toBe('notFound')
    expect(existsSync(join(workspace, 'domain-graphs', 'prices.json'))).toBe(false)
  })

  it('that cannot be read say on which line', () => {
    const file = join(directory, 'torn.txt')
    writeFileSync(file, 'dag {\n price -> \n}')
    expect(json<Failure>(2, 'domain', 'check', file).error.message).toMatch(/line \d/i)
  })
})

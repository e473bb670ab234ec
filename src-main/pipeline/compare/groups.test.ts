import { describe, expect, test } from 'vitest'
import type { RunManifest } from '../../../src-shared/domain/run'
import { comparabilityWarnings, groupKey, groupRuns } from './groups'

const base: RunManifest = {
  type: 'causeway-run',
  version: 1,
  id: 'csc-0',
  method: 'csc',
  dataset: 'ml-100k',
  recipe: { threshold: 4, splitSeed: 0 },
  params: { confounders: 4, hidden: 600 },
  knowledge: null,
  seed: 0,
  backend: 'wasm',
  threads: 1,
  state: 'completed',
  createdAt: '2026-01-01T10:00:00.000Z',
  startedAt: null,
  endedAt: null,
  durationSeconds: 60,
  epochs: 10,
  bestEpoch: 7,
  metrics: { 'ndcg@10': 0.25 },
  error: null,
  evaluation: { protocol: 'full-ranking/1', users: 942, hash: 'e' },
  weightsHash: null,
  experiment: null,
  reproduces: null,
  producedBy: { causeway: '0.1.0', datasetHash: 'data', splitHash: 'split', platform: 'linux-x64', node: 'v20' },
}
const runOf = (id: string, change: Partial<RunManifest> = {}): RunManifest => ({ ...base, id, ...change })
const labels: Record<string, string> = { csc: 'CSC', 'multi-vae': 'Multi-VAE' }
const grouped = (...runs: RunManifest[]) => groupRuns(runs, (method) => labels[method]!)
const labelsOf = (...runs: RunManifest[]) => grouped(...runs).groups.map(({ group }) => group.label)
const madeBy = (change: Partial<RunManifest['producedBy']>) => ({ producedBy: { ...base.producedBy, ...change } })

describe('groups', () => {
  test('hold runs that differ in their seed only, by seed', () => {
    const { groups, repeated } = grouped(
      runOf('a1', { seed: 1 }),
      runOf('b0', { params: { confounders: 8, hidden: 600 } }),
      runOf('a0', { createdAt: '2026-02-01T10:00:00.000Z', threads: 2 }),
    )
    expect(groups.map(({ group }) => group.runs)).toEqual([
      [
        { run: 'a0', seed: 0 },
        { run: 'a1', seed: 1 },
      ],
      [{ run: 'b0', seed: 0 }],
    ])
    expect(repeated).toEqual([])
  })

  test('are the same whatever the order of the parameters, and others for anything but the seed', () => {
    expect(groupKey(runOf('a', { params: { hidden: 600, confounders: 4 }, seed: 7 }))).toBe(groupKey(base))
    const others: Partial<RunManifest>[] = [
      { method: 'multi-vae' },
      { recipe: { threshold: 3, splitSeed: 0 } },
      { backend: 'cpu' },
      { evaluation: { protocol: 'sampled/1', users: 942, hash: 'e' } },
      madeBy({ datasetHash: 'other' }),
      madeBy({ splitHash: null }),
    ]
    expect(new Set([base, ...others.map((change) => runOf('a', change))].map(groupKey)).size).toBe(7)
  })

  test('count a repeated run once, the newer one', () => {
    const { groups, repeated } = grouped(
      runOf('old'),
      runOf('new', { createdAt: '2026-01-02T10:00:00.000Z' }),
      runOf('older', { createdAt: '2025-01-02T10:00:00.000Z' }),
    )
    expect(groups[0]!.group.runs).toEqual([{ run: 'new', seed: 0 }])
    expect(repeated.map(({ id }) => id)).toEqual(['old', 'older'])
  })

  test('take runs from before protocols were recorded for those of the first one', () =>
    expect(groupKey(runOf('a', { evaluation: null }))).toBe(groupKey(base)))
})

describe('labels', () => {
  const vae: Partial<RunManifest> = { method: 'multi-vae', params: { hidden: 200 } }

  test('name only what differs', () => {
    expect(labelsOf(base)).toEqual(['CSC'])
    expect(labelsOf(base, runOf('b', vae))).toEqual(['CSC', 'Multi-VAE'])
    expect(labelsOf(base, runOf('b', vae), runOf('c', { params: { confounders: 8, hidden: 600 } }))).toEqual([
      'CSC (confounders=4)',
      'Multi-VAE',
      'CSC (confounders=8)',
    ])
    expect(labelsOf(base, runOf('b', { backend: 'cpu' }))).toEqual(['CSC (backend=wasm)', 'CSC (backend=cpu)'])
    expect(
      labelsOf(base, runOf('b', { recipe: { threshold: 4, splitSeed: 1 }, ...madeBy({ splitHash: 'other' }) })),
    ).toEqual(['CSC (splitSeed=0)', 'CSC (splitSeed=1)'])
    expect(labelsOf(base, runOf('b', madeBy({ datasetHash: 'otherdata', splitHash: 'othersplit' })))).toEqual([
      'CSC (dataHash=data, split=split)',
      'CSC (dataHash=otherdat, split=othersp)'.replace('othersp)', 'otherspl)'),
    ])
  })

  test('tell groups apart that no word tells apart', () => {
    const knowledge = {
      type: 'causeway-knowledge',
      version: 1,
      name: 'k',
      notes: '',
      nodes: ['c1', 'c2'],
      required: [],
      forbidden: [],
      tiers: [],
    } as unknown as NonNullable<RunManifest['knowledge']>
    const [first, second] = labelsOf(
      runOf('a', { knowledge }),
      runOf('b', { knowledge: { ...knowledge, required: [['c1', 'c2']] } }),
    )
    expect(first).toMatch(/^CSC #[0-9a-f]{4}$/)
    expect(second).not.toBe(first)
  })

  test('are those of the experiment where its author gave some', () => {
    const trial = (label: string, phase: 'search' | 'final' = 'final', name = 'sizes') => ({
      experiment: { name, trial: 1, phase, label },
    })
    const small = runOf('a', trial('small'))
    const large = { params: { confounders: 8, hidden: 600 } }
    expect(labelsOf(small, runOf('b', { ...large, ...trial('large') }))).toEqual(['small', 'large'])
    const words = ['CSC (confounders=4)', 'CSC (confounders=8)']
    expect(labelsOf(small, runOf('b', { ...large, ...trial('small') }))).toEqual(words)
    expect(labelsOf(small, runOf('b', { ...large, ...trial('large', 'search') }))).toEqual(words)
    expect(labelsOf(small, runOf('b', { ...large, ...trial('large', 'final', 'other') }))).toEqual(words)
    expect(labelsOf(runOf('a', trial('csc')), runOf('b', { ...vae, ...trial('multi-vae') }))).toEqual([
      'CSC',
      'Multi-VAE',
    ])
  })
})

describe('comparability', () => {
  const codes = (...runs: RunManifest[]) =>
    comparabilityWarnings(grouped(...runs).groups).map(({ code, forbidsRanking, runs: ofRuns }) => [
      code,
      forbidsRanking,
      ofRuns,
    ])

  test('has nothing to say of groups that are alike', () =>
    expect(codes(base, runOf('b', { method: 'multi-vae' }))).toEqual([]))

  test.each<[string, Partial<RunManifest>, string, boolean]>([
    ['other data', madeBy({ datasetHash: 'other', splitHash: 'another' }), 'otherData', true],
    ['another split', madeBy({ splitHash: 'other' }), 'otherSplit', true],
    ['other candidates', { evaluation: { protocol: 'sampled/1', users: 9, hash: '' } }, 'otherCandidates', true],
    ['other code', { method: 'multi-vae', ...madeBy({ causeway: '0.2.0' }) }, 'otherCode', false],
    ['another backend', { backend: 'cpu' }, 'otherBackend', false],
    ['other seeds', { method: 'multi-vae', seed: 1 }, 'otherSeeds', false],
    [
      'another budget',
      { method: 'multi-vae', experiment: { name: 'e', trial: 1, phase: 'final', label: 'x' } },
      'otherBudget',
      false,
    ],
  ])('warns of %s, and which runs they are', (_, change, code, forbids) =>
    expect(codes(base, runOf('b', change))).toEqual([[code, forbids, ['b']]]),
  )

  test('says what differs, what it means and what to do', () => {
    const [warning] = comparabilityWarnings(
      grouped(base, runOf('b', { method: 'multi-vae', ...madeBy({ splitHash: 'other' }) })).groups,
    )
    expect(warning!.text).toBe(
      'The groups were tested on different splits: split (CSC (split=split)); other (Multi-VAE (split=other)). A difference may be one of the test parts. Their numbers stand side by side without a ranking, a test or a mark. Train on one recipe and split seed.',
    )
  })

  test('name the first groups of many, and count the others', () => {
    const runs = Array.from({ length: 9 }, (_, at) =>
      runOf(`r${at}`, {
        params: { confounders: at + 1, hidden: 600 },
        ...madeBy({ datasetHash: at < 8 ? 'one' : 'two' }),
      }),
    )
    const { text, runs: others } = comparabilityWarnings(grouped(...runs).groups)[0]!
    expect(text).toMatch(/ml-100k one \(.*confounders=2[^;]*, and 6 more\); ml-100k two \(/)
    expect(text).not.toContain('confounders=3')
    expect(others).toEqual(['r8'])
  })
})

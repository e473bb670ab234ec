import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { generateRuns } from '../../scripts/generate-runs.mjs'
import { csrOf } from '../../tests/support/csr'
import { writeSplit } from '../pipeline/split/split-store'
import { runDirectory, runFiles } from '../storage/layout'
import { RunStore } from '../storage/run-store'
import { openWorkspace, type Workspace } from '../storage/workspace'
import { runCurves } from './run-curves'

let path: string
let workspace: Workspace
let store: RunStore
let runs: string[]

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'causeway-curves-')), 'workspace')
  runs = generateRuns(path, { runs: 3, metrics: 3, epochs: 1 })
  workspace = openWorkspace(path, 'write')
  store = new RunStore(workspace)
})
afterEach(() => {
  workspace.close()
  rmSync(join(path, '..'), { recursive: true, force: true })
})

const write = (run: string, losses: (number | null)[]): void =>
  writeFileSync(
    join(runDirectory(path, run), runFiles.metrics),
    losses
      .map((loss, at) => JSON.stringify({ epoch: at + 1, seconds: 2, values: loss === null ? {} : { loss } }) + '\n')
      .join(''),
  )
const curves = (points = 500, series = 'loss') => runCurves(store, path, { runs, series, points })

it('are read by epoch and by time, with the epochs that have no value left out', async () => {
  write(runs[0]!, [3, null, 1])
  const [curve] = await curves()
  expect(curve).toEqual({
    run: runs[0],
    series: 'loss',
    points: 2,
    shown: 2,
    epochs: [1, 3],
    steps: null,
    seconds: [2, 6],
    values: [3, 1],
  })
  expect((await curves(500, 'no such series')).map(({ points, values }) => [points, values])).toEqual(
    runs.map(() => [0, []]),
  )
})

it('are thinned with their extremes kept, and say of how many points', async () => {
  const losses = Array.from({ length: 3000 }, (_, at) => 100 - at / 100)
  losses[777] = 500
  losses[2001] = -500
  write(runs[1]!, losses)
  const curve = (await curves(60))[1]!
  expect(curve.points).toBe(3000)
  expect(curve.shown).toBe(curve.values.length)
  expect(curve.shown).toBeLessThanOrEqual(60)
  expect(curve.values).toEqual(expect.arrayContaining([100, 500, -500, losses[2999]]))
  expect(curve.epochs).toEqual([...curve.epochs].sort((a, b) => a - b))
  expect(curve.epochs).toContain(778)
})

it('know their steps from the split: batches of those users who have something to train on', async () => {
  const manifest = store.update(runs[0]!, { params: { batchSize: 2 } })
  write(runs[0]!, [3, 2])
  // Three of four users have a train interaction: two batches an epoch.
  const empty = csrOf([[], [], [], []], 3)
  await writeSplit(
    path,
    { hash: manifest.producedBy.splitHash!, train: csrOf([[0], [], [1], [2]], 3), validation: empty, test: empty },
    { users: ['a', 'b', 'c', 'd'], items: ['x', 'y', 'z'] },
    {
      type: 'causeway-split',
      version: 1,
      hash: manifest.producedBy.splitHash!,
      dataset: 'log',
      datasetHash: 'd',
      recipe: {},
      users: 4,
      items: 3,
      nnz: { train: 3, validation: 0, test: 0 },
      coldUsers: 4,
    },
  )
  expect((await curves())[0]).toMatchObject({ epochs: [1, 2], steps: [2, 4] })
})

it('that are damaged say so and keep no other back', async () => {
  write(runs[0]!, [1, 2])
  writeFileSync(join(runDirectory(path, runs[1]!), runFiles.metrics), 'nonsense\n{"epoch":1,"seconds":1,"values":{}}\n')
  const [good, bad] = await curves()
  expect(good).toMatchObject({ points: 2 })
  expect(good).not.toHaveProperty('error')
  expect(bad).toMatchObject({ points: 0, values: [], error: expect.stringMatching(/line 1 of metrics\.jsonl/) })
  await expect(runCurves(store, path, { runs: ['none'], series: 'loss', points: 100 })).rejects.toMatchObject({
    code: 'notFound',
  })
})

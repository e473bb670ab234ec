import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tinySplit } from '../../tests/support/tiny-split'
import { nnzOf } from '../../src-shared/domain/split'
import type { RunOnDisk } from '../jobs/trainer-contract'
import { runFiles, splitDirectory } from '../storage/layout'
import { readGraph } from './run-files'
import { runPipeline } from './run-pipeline'
import { writeSplit } from './split/split-store'

let workspace: string
const split = tinySplit()
const silent = {
  progress: () => undefined,
  points: () => undefined,
  log: () => undefined,
  exposureCheck: () => undefined,
}

beforeAll(async () => {
  workspace = mkdtempSync(join(tmpdir(), 'causeway-pipeline-'))
  const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))
  await writeSplit(
    workspace,
    split,
    { users: ids(split.train.rows), items: ids(split.train.cols) },
    {
      type: 'causeway-split',
      version: 1,
      hash: split.hash,
      dataset: 'tiny',
      datasetHash: 'none',
      recipe: {},
      users: split.train.rows,
      items: split.train.cols,
      nnz: { train: nnzOf(split.train), validation: nnzOf(split.validation), test: nnzOf(split.test) },
      coldUsers: 0,
    },
  )
})
afterAll(() => rmSync(workspace, { recursive: true, force: true }))

const newRun = (
  name: string,
  method: string,
  params: RunOnDisk['params'],
  knowledge: RunOnDisk['knowledge'],
): RunOnDisk => {
  const runDirectory = join(workspace, 'runs', name)
  mkdirSync(runDirectory, { recursive: true })
  return {
    runDirectory,
    splitDirectory: splitDirectory(workspace, split.hash),
    method,
    params: { epochs: 2, batchSize: 32, hidden: 8, latent: 4, ...params },
    seed: 1,
    backend: 'wasm',
    threads: 2,
    knowledge,
  }
}

test('the graph of a run has what was known before, exactly', async () => {
  const run = newRun('knowing', 'csc', { confounders: 3 }, Int8Array.of(0, 1, -1, -1, 0, 0, 0, 1, 0))
  const result = await runPipeline({ ...run, resume: false, attributes: null }, { requested: null }, silent)
  expect(result.end).toBe('completed')
  const { probabilities } = readGraph(run.runDirectory)
  expect([probabilities[0]![1], probabilities[2]![1]]).toEqual([1, 1])
  expect([probabilities[0]![2], probabilities[1]![0]]).toEqual([0, 0])
  expect(probabilities[1]![2]).toBeGreaterThan(0)
})

test('a method that learns no graph refuses knowledge of one, before anything is written', async () => {
  const run = newRun('unknowing', 'multi-vae', {}, new Int8Array(9))
  await expect(
    runPipeline({ ...run, resume: false, attributes: null }, { requested: null }, silent),
  ).rejects.toMatchObject({
    code: 'badRequest',
    message: 'Multi-VAE cannot be given required or forbidden edges.',
  })
  expect(existsSync(join(run.runDirectory, runFiles.log))).toBe(false)
})

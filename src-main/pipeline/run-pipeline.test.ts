import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tinySplit } from '../../tests/support/tiny-split'
import { nnzOf } from '../../src-shared/domain/split'
import type { AttributeTables, RunOnDisk } from '../jobs/trainer-contract'
import type { StopSignal } from '../methods/method'
import { runFiles, splitDirectory } from '../storage/layout'
import { noAttributes } from './intervene/attributes'
import { readGraph } from './run-files'
import { runPipeline } from './run-pipeline'
import { writeSplit } from './split/split-store'
import { trainerHandlers } from './trainer-handlers'

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

const small = { epochs: 2, batchSize: 32, hidden: 8, latent: 4 }

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
    params,
    seed: 1,
    backend: 'wasm',
    threads: 2,
    knowledge,
  }
}

test('the graph of a run has what was known before, exactly', async () => {
  const run = newRun('knowing', 'csc', { ...small, confounders: 3 }, Int8Array.of(0, 1, -1, -1, 0, 0, 0, 1, 0))
  const result = await runPipeline({ ...run, resume: false, attributes: null }, { requested: null }, silent)
  expect(result.end).toBe('completed')
  const { probabilities } = readGraph(run.runDirectory)
  expect([probabilities[0]![1], probabilities[2]![1]]).toEqual([1, 1])
  expect([probabilities[0]![2], probabilities[1]![0]]).toEqual([0, 0])
  expect(probabilities[1]![2]).toBeGreaterThan(0)
})

test('a method that learns no graph refuses knowledge of one, before anything is written', async () => {
  const run = newRun('unknowing', 'multi-vae', small, new Int8Array(9))
  await expect(
    runPipeline({ ...run, resume: false, attributes: null }, { requested: null }, silent),
  ).rejects.toMatchObject({
    code: 'badRequest',
    message: 'Multi-VAE cannot be given required or forbidden edges.',
  })
  expect(existsSync(join(run.runDirectory, runFiles.log))).toBe(false)
})

describe('a run that was trained with a feature of users', () => {
  const ages = Float64Array.from({ length: 60 }, (_, user) => user % 7)
  const described = (...numbers: Float64Array<ArrayBuffer>[]): AttributeTables => ({
    items: noAttributes,
    users: { numbers: numbers.map((values, at) => ({ name: `number ${at}`, values })), texts: [] },
  })
  const refusal = (found: string): object => ({
    code: 'runInvalid',
    message: `The run was trained with features of users (1) that are not those found in the data set now (${found}). Import the data set again as it was.`,
  })
  const others = [
    ['is gone', described(), 'none'],
    ['is another', described(ages, ages.map(Math.sqrt)), '2'],
  ] as const

  test.each(others)('and stopped before it was read does not go on where the data set %s', async (how, now, found) => {
    const run = newRun(`stopped ${how}`, 'deep-deconf', { epochs: 2, latent: 4, batchSize: 32 }, null)
    const fit = (resume: boolean, attributes: AttributeTables, signal: StopSignal = { requested: null }) =>
      runPipeline({ ...run, resume, attributes }, signal, silent)
    expect(await fit(false, described(ages), { requested: 'pause' })).toMatchObject({ end: 'paused', epochs: 0 })
    await expect(fit(true, now)).rejects.toMatchObject(refusal(found))
    expect(await fit(true, described(ages))).toMatchObject({ end: 'completed' })
  })

  test.each(others)('is not opened to score users without it where the data set %s', async (how, now, found) => {
    const run = newRun(`completed ${how}`, 'wmf', { epochs: 2, factors: 4 }, null)
    await runPipeline({ ...run, resume: false, attributes: described(ages) }, { requested: null }, silent)
    const { open } = trainerHandlers(() => undefined)
    await expect(open({ ...run, attributes: now })).rejects.toMatchObject(refusal(found))
    expect(await open({ ...run, attributes: described(ages) })).toEqual({ users: 60, items: 31 })
  })
})

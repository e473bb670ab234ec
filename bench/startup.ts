import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nnzOf } from '../src-shared/domain/split'
import { entriesIn, startProcess } from '../src-main/jobs/process-host'
import { threadsOf } from '../src-main/jobs/threads'
import type { RunOnDisk, TrainerCalls, TrainerEventMap } from '../src-main/jobs/trainer-contract'
import { writeSplit } from '../src-main/pipeline/split/split-store'
import { splitDirectory } from '../src-main/storage/layout'
import { Rng } from '../src-main/tensor/rng'
import { median, printLine, rounded } from './line'
import { root } from './serve'
import { drawInteractions, splitRandomly } from './shapes'

/**
 * How long the built trainer takes until it can work: from forking its process to the answer to `open`, which loads the backend, proves a
 * product on it, and loads a run so small that the run itself costs nothing.
 */
const repeats = 5

const { trainer } = entriesIn(join(root, 'out/main'))
const start = (): ReturnType<typeof startProcess<TrainerCalls, TrainerEventMap>> => startProcess(trainer)

/** A run of a method without much to load, trained by the trainer itself. */
async function trainRun(workspace: string): Promise<RunOnDisk> {
  const split = splitRandomly(
    drawInteractions({ users: 60, items: 50, meanInteractions: 12 }, Rng.seeded(0)),
    Rng.seeded(1),
  )
  const { rows: users, cols: items } = split.train
  const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))
  await writeSplit(
    workspace,
    split,
    { users: ids(users), items: ids(items) },
    {
      type: 'causeway-split',
      version: 1,
      hash: split.hash,
      dataset: 'synthetic',
      datasetHash: 'synthetic',
      recipe: {},
      users,
      items,
      nnz: { train: nnzOf(split.train), validation: nnzOf(split.validation), test: nnzOf(split.test) },
      coldUsers: 0,
    },
  )
  const runDirectory = join(workspace, 'run')
  await mkdir(runDirectory)
  const run: RunOnDisk = {
    runDirectory,
    splitDirectory: splitDirectory(workspace, split.hash),
    method: 'multi-vae',
    params: { epochs: 1, hidden: 16, latent: 8 },
    seed: 0,
    backend: 'wasm',
    threads: threadsOf('wasm'),
    knowledge: null,
  }
  const host = start()
  const { end } = await host.call('fit', { ...run, resume: false, attributes: null })
  await host.kill()
  if (end !== 'completed') throw new Error(`The training of the run to open ended as ${end}.`)
  return run
}

const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
try {
  const run = await trainRun(folder)
  const answered: number[] = []
  const ready: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const started = performance.now()
    const host = start()
    // Answered at once by a process that is there and trains nothing.
    await host.call('stop', { how: 'cancel' })
    answered.push((performance.now() - started) / 1000)
    await host.call('open', run)
    ready.push((performance.now() - started) / 1000)
    await host.kill()
  }
  printLine('startup/trainer', {
    backend: run.backend,
    process_seconds: rounded(median(answered)),
    seconds: rounded(median(ready)),
    seconds_all: ready.map(rounded),
    target_seconds: 1,
    within_targets: median(ready) < 1,
  })
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

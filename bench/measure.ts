import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendIds, type BackendId } from '../src-shared/domain/backend'
import { nnzOf, type Split } from '../src-shared/domain/split'
import { resolveParams } from '../src-shared/params/params'
import { findMethod } from '../src-main/methods/registry'
import type { FitContext, FittedModel } from '../src-main/methods/method'
import { evaluate } from '../src-main/pipeline/evaluate/evaluate'
import { importTables } from '../src-main/pipeline/ingest/import-tables'
import { useBackend } from '../src-main/tensor/backends'
import { Rng } from '../src-main/tensor/rng'
import { drawInteractions, shapes, splitRandomly } from './shapes'

/**
 * One measurement in one process, so that its peak memory is its own: `node measure.js NAME [BACKEND]` prints one JSON line.
 * Seconds are medians; an epoch is training only, validation left out, as the PyTorch side measures it.
 */
type Line = Record<string, string | number | number[]>

/** Multi-VAE as the PyTorch side has it: [I-600-200-600-I], batch 500, dropout 0.5, Adam 1e-3, KL annealed to 0.2. */
const peerSettings = {
  batchSize: 500,
  hidden: 600,
  latent: 200,
  dropout: 0.5,
  learningRate: 1e-3,
  klCap: 0.2,
  annealSteps: 20000,
}

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
const rounded = (value: number): number => Number(value.toPrecision(4))
const peakRssMb = (): number => Math.round(process.resourceUsage().maxRSS / 1024)

/** A data set of a named shape with everything in the train part, so that an epoch is nothing but training. */
function trainOnly(shape: keyof typeof shapes): Split {
  const train = drawInteractions(shapes[shape], Rng.seeded(0))
  const none = { ...train, indptr: new Int32Array(train.rows + 1), indices: new Int32Array(0) }
  return { hash: 'synthetic', train, validation: none, test: none }
}

/** Trains for `epochs` and gives the seconds of each. */
async function train(
  method: string,
  split: Split,
  settings: Record<string, unknown>,
): Promise<{ seconds: number[]; losses: number[]; model: FittedModel }> {
  const descriptor = findMethod(method)
  const seconds: number[] = []
  const losses: number[] = []
  const context: FitContext = {
    split,
    params: resolveParams(descriptor.info.params, settings),
    rng: Rng.seeded(0),
    signal: { requested: null },
    report: {
      progress: () => undefined,
      epoch: (point) => {
        seconds.push(point.seconds)
        losses.push(rounded(point.values['loss']!))
      },
      checkpoint: async () => undefined,
      log: () => undefined,
    },
    knowledge: null,
    resume: null,
  }
  const outcome = await (await descriptor.load()).fit(context)
  if (outcome.end !== 'completed') throw new Error(`The training ended as ${outcome.end}.`)
  return { seconds, losses, model: outcome.model }
}

async function measureTraining(
  method: string,
  shape: keyof typeof shapes,
  settings: Record<string, unknown>,
): Promise<Line> {
  const split = trainOnly(shape)
  // The first epoch warms up: kernels are compiled and buffers found.
  const { seconds, losses, model } = await train(method, split, { ...settings, epochs: 4 })
  model.dispose()
  const { users, items } = shapes[shape]
  return {
    users,
    items,
    nnz: nnzOf(split.train),
    seconds_per_epoch: rounded(median(seconds.slice(1))),
    seconds_all: seconds.slice(1).map(rounded),
    loss: losses,
  }
}

async function measureEvaluation(): Promise<Line> {
  const split = splitRandomly(drawInteractions(shapes['ml-1m'], Rng.seeded(0)), Rng.seeded(1))
  const { model } = await train('multi-vae', split, { ...peerSettings, epochs: 1 })
  const seconds: number[] = []
  let users = 0
  for (let repeat = 0; repeat < 4; repeat++) {
    const started = performance.now()
    const result = await evaluate(model, split, 'test')
    seconds.push((performance.now() - started) / 1000)
    users = result?.users ?? 0
  }
  model.dispose()
  return {
    users,
    items: split.train.cols,
    seconds: rounded(median(seconds.slice(1))),
    seconds_all: seconds.slice(1).map(rounded),
  }
}

async function measureImport(): Promise<Line> {
  const workspace = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
  try {
    const rng = Rng.seeded(0)
    const path = join(workspace, 'ratings.csv')
    const file = createWriteStream(path)
    file.write('userId,movieId,rating,timestamp\n')
    const rows = 1_000_000
    for (let from = 0; from < rows; from += 10_000) {
      let text = ''
      for (let row = from; row < Math.min(rows, from + 10_000); row++)
        text += `${rng.integer(6040)},${rng.integer(3706)},${1 + rng.integer(5)},${978300000 + row}\n`
      if (!file.write(text)) await once(file, 'drain')
    }
    file.end()
    await once(file, 'finish')
    const handle = { id: 'bench', name: 'ratings.csv', sizeBytes: file.bytesWritten }
    const seconds: number[] = []
    for (let repeat = 0; repeat < 3; repeat++) {
      const started = performance.now()
      await importTables({ workspace, name: `bench-${repeat}`, files: [{ path, handle }] })
      seconds.push((performance.now() - started) / 1000)
    }
    return { rows, seconds: rounded(median(seconds)), seconds_all: seconds.map(rounded) }
  } finally {
    await rm(workspace, { recursive: true, force: true })
  }
}

const measurements: Record<string, () => Promise<Line>> = {
  'multi-vae/ml-1m': () => measureTraining('multi-vae', 'ml-1m', peerSettings),
  'csc/ml-1m': () => measureTraining('csc', 'ml-1m', { ...peerSettings, confounders: 4 }),
  'multi-vae/ml-100k': () => measureTraining('multi-vae', 'ml-100k', peerSettings),
  'evaluate/ml-1m': measureEvaluation,
  'import/1m': measureImport,
}

const [name, asked] = process.argv.slice(2)
const measure = measurements[name ?? '']
if (!measure) {
  console.error(`There is no measurement "${name}". Available: ${Object.keys(measurements).join(', ')}.`)
  process.exit(2)
}
const backend = backendIds.find((id) => id === asked) ?? ('wasm' satisfies BackendId)
if (name !== 'import/1m') await useBackend(backend)
const line = await measure()
console.log(
  JSON.stringify({
    name,
    ...(name === 'import/1m' ? {} : { backend, threads: 1 }),
    ...line,
    peak_rss_mb: peakRssMb(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
  }),
)
process.exit(0)

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { backendIds } from '../src-shared/domain/backend'
import { nnzOf, takeRows, type Csr, type Split } from '../src-shared/domain/split'
import { resolveParams } from '../src-shared/params/params'
import { findMethod } from '../src-main/methods/registry'
import type { RowIntervention } from '../src-main/jobs/trainer-contract'
import type { FitContext, FittedModel } from '../src-main/methods/method'
import { evaluate } from '../src-main/pipeline/evaluate/evaluate'
import { evaluateFully } from '../src-main/pipeline/evaluate/evaluate-fully'
import { Interventions } from '../src-main/pipeline/intervene/interventions'
import { isIntervenable } from '../src-main/pipeline/intervene/prepared-rows'
import { learnedGraph } from '../src-main/pipeline/structure/structure'
import { importTables } from '../src-main/pipeline/ingest/import-tables'
import { useBackend } from '../src-main/tensor/backends'
import { kernelsFor } from '../src-main/tensor/kernels/kernels'
import { Rng } from '../src-main/tensor/rng'
import { tf, type Tensor2D } from '../src-main/tensor/tf'
import { median, peakRssMb, printLine, rounded, type Figures } from './line'
import { drawInteractions, shapes, splitRandomly, type ShapeName } from './shapes'
import { measureClev, measurePairs } from './pairs'

/**
 * One measurement in one process, so that its peak memory is its own: `node measure.js NAME [--backend ID] [--threads N]` prints one JSON
 * line. Seconds are medians; an epoch is training only, validation left out, as the PyTorch side measures it.
 */
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

/** Where an epoch takes long, so many batches are measured and scaled to the epoch, as the PyTorch side does (`--max-batches 16`). */
const usersOfSixteenBatches = 16 * peerSettings.batchSize

/** The first users of an interaction log as the train part, with nothing in the others: an epoch is nothing but training. */
function trainOnly(log: Csr, users = log.rows): Split {
  const train = takeRows(
    log,
    Array.from({ length: users }, (_, user) => user),
  )
  const none = { ...train, indptr: new Int32Array(users + 1), indices: new Int32Array(0) }
  return { hash: 'synthetic', train, validation: none, test: none }
}

/** Trains for `epochs` and gives the seconds of each, and the most memory held until the first checkpoint was made. */
async function train(
  method: string,
  split: Split,
  settings: Record<string, unknown>,
): Promise<{ seconds: number[]; losses: number[]; trainingRssMb: number; model: FittedModel }> {
  const descriptor = findMethod(method)
  const seconds: number[] = []
  const losses: number[] = []
  let trainingRssMb = 0
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
        trainingRssMb ||= peakRssMb()
      },
      checkpoint: async () => undefined,
      log: () => undefined,
    },
    knowledge: null,
    attributes: null,
    resume: null,
  }
  const outcome = await (await descriptor.load()).fit(context)
  if (outcome.end !== 'completed') throw new Error(`The training ended as ${outcome.end}.`)
  return { seconds, losses, trainingRssMb, model: outcome.model }
}

/** @param trained so many users are trained on; the seconds are scaled to all of them */
async function measureTraining(
  method: string,
  shape: ShapeName,
  settings: Record<string, unknown>,
  trained: number = shapes[shape].users,
): Promise<Figures> {
  const log = drawInteractions(shapes[shape], Rng.seeded(0))
  // The first epoch warms up: kernels are compiled and buffers found.
  const outcome = await train(method, trainOnly(log, trained), { ...settings, epochs: 4 })
  const { seconds, losses, trainingRssMb, model } = outcome
  model.dispose()
  const scaled = seconds.slice(1).map((value) => value * (log.rows / trained))
  return {
    users: log.rows,
    items: log.cols,
    nnz: nnzOf(log),
    trained_users: trained,
    seconds_per_epoch: rounded(median(scaled)),
    seconds_all: scaled.map(rounded),
    loss: losses,
    peak_rss_mb_before_checkpoint: trainingRssMb,
  }
}

/** Full ranking of all users with the metrics that are watched while training; the first of the repeats warms up. */
async function measureWatched(model: FittedModel, split: Split): Promise<Figures> {
  const seconds: number[] = []
  let users = 0
  for (let repeat = 0; repeat < 4; repeat++) {
    const started = performance.now()
    const result = await evaluate(model, split, 'test')
    seconds.push((performance.now() - started) / 1000)
    users = result?.users ?? 0
  }
  return {
    users,
    items: split.train.cols,
    seconds: rounded(median(seconds.slice(1))),
    seconds_all: seconds.slice(1).map(rounded),
  }
}

/** A Multi-VAE after an epoch over some users of a split: whom it is asked about, and how well it ranks, costs no time. */
async function hardlyTrained(split: Split, users: number): Promise<FittedModel> {
  const { model } = await train('multi-vae', trainOnly(split.train, users), { ...peerSettings, epochs: 1 })
  return model
}

async function measureLargeEvaluation(): Promise<Figures> {
  const split = splitRandomly(drawInteractions(shapes['ml-20m-like'], Rng.seeded(0)), Rng.seeded(1))
  const model = await hardlyTrained(split, usersOfSixteenBatches)
  const figures = await measureWatched(model, split)
  model.dispose()
  return figures
}

async function measureEvaluation(): Promise<Figures> {
  const split = splitRandomly(drawInteractions(shapes['ml-1m'], Rng.seeded(0)), Rng.seeded(1))
  const model = await hardlyTrained(split, split.train.rows)
  const watched = await measureWatched(model, split)
  const rng = Rng.seeded(2)
  const items = split.train.cols
  // What the evaluation at the end of a training has to do beside ranking: a number, a category, ratings below the threshold.
  const described = {
    numbers: [{ name: 'year', values: Float64Array.from({ length: items }, () => 1930 + rng.integer(70)) }],
    texts: [
      { name: 'genre', labels: ['a', 'b', 'c|a'], codes: Int32Array.from({ length: items }, () => rng.integer(3)) },
    ],
  }
  const rated = { ...split, negatives: { train: split.test, validation: split.test, test: split.validation } }
  const fullSeconds: number[] = []
  for (let repeat = 0; repeat < 4; repeat++) {
    const started = performance.now()
    await evaluateFully(model, rated, described)
    fullSeconds.push((performance.now() - started) / 1000)
  }
  model.dispose()
  return {
    ...watched,
    seconds_full: rounded(median(fullSeconds.slice(1))),
    seconds_full_all: fullSeconds.slice(1).map(rounded),
  }
}

/** The three large products of a batch of Multi-VAE at the shape of ML-1M: one forwards, two backwards. */
async function measureProducts(): Promise<Figures> {
  const [rows, hidden, items] = [peerSettings.batchSize, peerSettings.hidden, shapes['ml-1m'].items]
  const rng = Rng.seeded(0)
  const matrix = (m: number, n: number): Tensor2D => {
    const values = new Float32Array(m * n)
    for (let i = 0; i < values.length; i++) values[i] = rng.normal()
    return tf.tensor2d(values, [m, n])
  }
  const [states, weights, errors] = [matrix(rows, hidden), matrix(hidden, items), matrix(rows, items)]
  const gigaflop = (2 * rows * hidden * items) / 1e9
  const gflops = async (multiply: () => Tensor2D): Promise<number> => {
    const seconds: number[] = []
    for (let repeat = 0; repeat < 23; repeat++) {
      const started = performance.now()
      const product = multiply()
      // On the WebAssembly backend the product is there when the call returns; on others it is waited for.
      if (tf.getBackend() !== 'wasm') await product.data()
      seconds.push((performance.now() - started) / 1000)
      product.dispose()
    }
    return rounded(gigaflop / median(seconds.slice(3)))
  }
  const figures = {
    shape: [rows, hidden, items],
    gflops_plain: await gflops(() => tf.matMul(states, weights)),
    gflops_transposed_a: await gflops(() => tf.matMul(states, errors, true, false)),
    gflops_transposed_b: await gflops(() => tf.matMul(errors, weights, false, true)),
  }
  tf.dispose([states, weights, errors])
  return figures
}

async function measureImport(): Promise<Figures> {
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

/** What the toggle of an edge may take until its effect is there, on two cores. */
const liveTargets = { userMilliseconds: 100, everyoneMilliseconds: 1000 }

/**
 * Live interventions as the trainer process answers them: a trained CSC with k = 8 at the shape of ML-100K, three numeric
 * attributes (popularity is one) and a category. Each question is another mask, so that no answer is remembered; all users means
 * scores, lists, metrics, attribute effects and their bootstrap intervals.
 */
async function measureLive(): Promise<Figures> {
  const k = 8
  const split = splitRandomly(drawInteractions(shapes['ml-100k'], Rng.seeded(0)), Rng.seeded(1))
  const { model } = await train('csc', split, { ...peerSettings, batchSize: 64, confounders: k, epochs: 2 })
  const graph = await learnedGraph(model, split)
  if (!graph || !isIntervenable(model)) throw new Error('The model cannot be intervened on.')
  const interventions = new Interventions(model, split, graph)
  const rng = Rng.seeded(2)
  const items = split.train.cols
  interventions.describe(
    {
      numbers: [
        { name: 'price', values: Float64Array.from({ length: items }, () => Math.exp(rng.normal())) },
        { name: 'year', values: Float64Array.from({ length: items }, () => 1930 + rng.integer(70)) },
      ],
      texts: [
        {
          name: 'genre',
          labels: Array.from({ length: 19 }, (_, genre) => `genre ${genre}`),
          codes: Int32Array.from({ length: items }, () => rng.integer(19)),
        },
      ],
    },
    { numbers: [], texts: [] },
  )
  const masked = (zero: (i: number, j: number) => boolean): RowIntervention => ({
    factors: Array.from({ length: k }, (_, i) => Array.from({ length: k }, (_, j) => (zero(i, j) ? 0 : 1))),
    holds: [],
  })
  const toggles = Array.from({ length: k * (k - 1) }, (_, edge) => {
    const from = Math.floor(edge / (k - 1))
    const to = edge % (k - 1) < from ? edge % (k - 1) : (edge % (k - 1)) + 1
    return masked((i, j) => i === from && j === to)
  })
  const rows = Array.from({ length: k }, (_, node) => masked((i, j) => i === node && j !== node))
  const step = (): Promise<void> => new Promise(setImmediate)
  const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
    const started = performance.now()
    await work()
    return performance.now() - started
  }
  const everyone = (asked: RowIntervention): Promise<unknown> => interventions.effect(null, 10, asked, step)
  const one = (asked: RowIntervention): Promise<unknown> => interventions.userEffect(7, 10, asked)

  const firstUser = await milliseconds(() => one(toggles[0]!))
  const firstEveryone = await milliseconds(() => everyone(toggles[0]!))
  const user: number[] = []
  for (const toggle of toggles) user.push(await milliseconds(() => one(toggle)))
  const all: number[] = []
  for (const toggle of toggles.slice(0, 12)) all.push(await milliseconds(() => everyone(toggle)))
  const zeroRows: number[] = []
  for (const row of rows) zeroRows.push(await milliseconds(() => everyone(row)))
  // The user in view is asked about while all users are being worked on.
  const meanwhile: number[] = []
  for (const toggle of toggles.slice(0, 8)) {
    const long = everyone(toggle)
    await new Promise((resolve) => setTimeout(resolve, 20))
    meanwhile.push(await milliseconds(() => one(toggle)))
    await long
  }
  interventions.dispose()
  model.dispose()
  return {
    users: split.train.rows,
    items,
    confounders: k,
    user_toggle_ms: rounded(median(user)),
    user_toggle_ms_largest: rounded(Math.max(...user)),
    user_toggle_ms_first: rounded(firstUser),
    user_toggle_ms_while_all_users_are_asked: rounded(median(meanwhile)),
    user_target_ms: liveTargets.userMilliseconds,
    all_users_edge_ms: rounded(median(all)),
    all_users_zero_row_ms: rounded(median(zeroRows)),
    all_users_zero_row_ms_largest: rounded(Math.max(...zeroRows)),
    all_users_ms_first: rounded(firstEveryone),
    all_users_target_ms: liveTargets.everyoneMilliseconds,
    within_targets:
      Math.max(median(user), median(meanwhile)) <= liveTargets.userMilliseconds &&
      Math.max(median(all), median(zeroRows)) <= liveTargets.everyoneMilliseconds,
  }
}

const csc = { ...peerSettings, confounders: 4 }
const measurements: Record<string, () => Promise<Figures>> = {
  'multi-vae/ml-1m': () => measureTraining('multi-vae', 'ml-1m', peerSettings),
  'csc/ml-1m': () => measureTraining('csc', 'ml-1m', csc),
  'multi-vae/ml-20m-like': () => measureTraining('multi-vae', 'ml-20m-like', peerSettings, usersOfSixteenBatches),
  'csc/ml-20m-like': () => measureTraining('csc', 'ml-20m-like', csc, usersOfSixteenBatches),
  'multi-vae/ml-100k': () => measureTraining('multi-vae', 'ml-100k', peerSettings),
  'ncf-ips/coat': measurePairs,
  'clev/coat': measureClev,
  'evaluate/ml-1m': measureEvaluation,
  'evaluate/ml-20m-like': measureLargeEvaluation,
  'product/peak': measureProducts,
  'intervene/ml-100k': measureLive,
  'import/1m': measureImport,
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { backend: { type: 'string', default: 'wasm' }, threads: { type: 'string', default: '2' } },
})
const name = positionals[0] ?? ''
const measure = measurements[name]
if (!measure) {
  console.error(`There is no measurement "${name}". Available: ${Object.keys(measurements).join(', ')}.`)
  process.exit(2)
}
const backend = backendIds.find((id) => id === options.backend)
if (!backend) {
  console.error(`There is no backend "${options.backend}". Available: ${backendIds.join(', ')}.`)
  process.exit(2)
}
const threads = Number(options.threads)
if (!Number.isInteger(threads) || threads < 1) {
  console.error(`--threads takes a whole number from 1 on, not "${options.threads}".`)
  process.exit(2)
}
const usesTensors = name !== 'import/1m'
if (usesTensors) await useBackend(backend, threads)
const figures = await measure()
printLine(name, {
  ...(usesTensors && {
    backend,
    threads,
    tfjs: tf.version_core,
    kernels: kernelsFor('product')?.description ?? 'none of ours',
  }),
  ...figures,
  peak_rss_mb: peakRssMb(),
})
process.exit(0)

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { backendIds, type BackendId } from '../src-shared/domain/backend'
import { nnzOf, type Split } from '../src-shared/domain/split'
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
import { Rng } from '../src-main/tensor/rng'
import { drawInteractions, shapes, splitRandomly } from './shapes'

/**
 * One measurement in one process, so that its peak memory is its own: `node measure.js NAME [BACKEND]` prints one JSON line.
 * Seconds are medians; an epoch is training only, validation left out, as the PyTorch side measures it.
 */
type Line = Record<string, string | number | boolean | number[]>

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
  const seconds: number[] = []
  const fullSeconds: number[] = []
  let users = 0
  for (let repeat = 0; repeat < 4; repeat++) {
    let started = performance.now()
    const result = await evaluate(model, split, 'test')
    seconds.push((performance.now() - started) / 1000)
    users = result?.users ?? 0
    started = performance.now()
    await evaluateFully(model, rated, described)
    fullSeconds.push((performance.now() - started) / 1000)
  }
  model.dispose()
  return {
    users,
    items,
    seconds: rounded(median(seconds.slice(1))),
    seconds_all: seconds.slice(1).map(rounded),
    seconds_full: rounded(median(fullSeconds.slice(1))),
    seconds_full_all: fullSeconds.slice(1).map(rounded),
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

/** What the toggle of an edge may take until its effect is there, on two cores. */
const liveTargets = { userMilliseconds: 100, everyoneMilliseconds: 1000 }

/**
 * Live interventions as the trainer process answers them: a trained CSC with k = 8 at the shape of ML-100K, three numeric
 * attributes (popularity is one) and a category. Each question is another mask, so that no answer is remembered; all users means
 * scores, lists, metrics, attribute effects and their bootstrap intervals.
 */
async function measureLive(): Promise<Line> {
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

const measurements: Record<string, () => Promise<Line>> = {
  'multi-vae/ml-1m': () => measureTraining('multi-vae', 'ml-1m', peerSettings),
  'csc/ml-1m': () => measureTraining('csc', 'ml-1m', { ...peerSettings, confounders: 4 }),
  'multi-vae/ml-100k': () => measureTraining('multi-vae', 'ml-100k', peerSettings),
  'evaluate/ml-1m': measureEvaluation,
  'intervene/ml-100k': measureLive,
  'import/1m': measureImport,
}

const [name, asked] = process.argv.slice(2)
const measure = measurements[name ?? '']
if (!measure) {
  console.error(`There is no measurement "${name}". Available: ${Object.keys(measurements).join(', ')}.`)
  process.exit(2)
}
const backend = backendIds.find((id) => id === asked) ?? ('wasm' satisfies BackendId)
const threads = Number(process.env['CAUSEWAY_BENCH_THREADS'] ?? 2)
if (name !== 'import/1m') await useBackend(backend, threads)
const line = await measure()
console.log(
  JSON.stringify({
    name,
    ...(name === 'import/1m' ? {} : { backend, threads }),
    ...line,
    peak_rss_mb: peakRssMb(),
    cpu: cpus()[0]?.model ?? 'unknown',
    node: process.version,
  }),
)
process.exit(0)

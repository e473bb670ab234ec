// `node scripts/generate-runs.mjs DIR [--runs 5000] [--metrics 300] [--epochs 40] [--seed 0]`: a workspace full of runs nobody trained,
// for measuring and looking at the table of runs. The numbers are drawn, the files are as a training writes them, without weights.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const methods = [
  {
    id: 'csc',
    params: { confounders: [4, 8, 16], variant: ['g', 'g+l'], alpha: [10, 50], hidden: [200, 600], latent: 200 },
  },
  { id: 'multi-vae', params: { hidden: [200, 600], latent: [64, 200], dropout: [0.3, 0.5], klCap: [0.2, 0.5, 1] } },
  { id: 'ease', params: { lambda: [50, 100, 250, 500] } },
  { id: 'popularity', params: {} },
]
const datasets = ['ml-100k', 'ml-1m', 'store-log']
const states = ['failed', 'cancelled', 'interrupted', 'paused']

/** mulberry32: small, seeded, and good enough for made-up numbers. */
function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Names of the shapes there are (`id`, `id@k`, `id:attribute@k`), those of every evaluation first. */
export function metricNamesOf(count) {
  const ids = [
    'recall',
    'recallFull',
    'ndcg',
    'precision',
    'map',
    'mrr',
    'hitRate',
    'coverage',
    'gini',
    'novelty',
    'diversity',
    'calibration',
  ]
  const names = []
  for (const k of [10, 30, 5, 20, 50, 100]) for (const id of ids) names.push(`${id}@${k}`)
  names.push('auc')
  for (let attribute = 1; names.length < count; attribute++)
    for (const k of [10, 30])
      for (const id of ['avp', 'mean', 'spread']) names.push(`${id}:attribute ${attribute}@${k}`)
  return names.slice(0, count)
}

const hashOf = (text) => createHash('sha256').update(text).digest('hex')

/**
 * Writes a workspace into an empty or new folder.
 * @param {string} directory
 * @param {{ runs?: number, metrics?: number, epochs?: number, seed?: number }} options
 * @returns {string[]} the ids of the runs
 */
export function generateRuns(directory, { runs = 5000, metrics = 300, epochs = 40, seed = 0 } = {}) {
  if (existsSync(directory) && readdirSync(directory).length > 0) throw new Error(`${directory} is not empty.`)
  for (const folder of ['datasets', 'runs']) mkdirSync(join(directory, folder), { recursive: true })
  writeFileSync(
    join(directory, 'workspace.json'),
    JSON.stringify({ type: 'causeway-workspace', version: 1 }, null, 2) + '\n',
  )
  const random = generator(seed)
  const choice = (values) => values[Math.floor(random() * values.length)]
  const names = metricNamesOf(metrics)
  const ids = []
  for (let run = 0; run < runs; run++) {
    const method = choice(methods)
    const dataset = choice(datasets)
    const splitSeed = choice([0, 1])
    const created = new Date(Date.UTC(2026, 0, 1) + run * 3_600_000 + Math.floor(random() * 3_000_000))
    const stamp = created.toISOString()
    const id = `${method.id}-${stamp.slice(0, 10).replaceAll('-', '')}-${stamp.slice(11, 19).replaceAll(':', '')}-${run.toString(16).padStart(4, '0')}`
    const state = random() < 0.94 ? 'completed' : choice(states)
    const done = state === 'completed'
    const trained = Math.max(1, Math.round(epochs * (0.4 + 1.2 * random())))
    const params = Object.fromEntries(
      Object.entries({
        epochs: 200,
        batchSize: [64, 128, 500],
        learningRate: [1e-4, 3e-4, 1e-3, 3e-3],
        weightDecay: 1e-6,
        patience: 10,
        ...method.params,
      }).map(([key, values]) => [key, Array.isArray(values) ? choice(values) : values]),
    )
    const quality = 0.1 + 0.3 * random()
    const experiment = random() < 0.6 ? `search ${1 + Math.floor(random() * 40)}` : null
    const manifest = {
      type: 'causeway-run',
      version: 1,
      id,
      method: method.id,
      dataset,
      recipe: {
        threshold: 4,
        duplicates: 'last',
        kCore: choice([0, 5]),
        splitBy: 'random',
        splitSeed,
        validationShare: 0.1,
        testShare: 0.2,
      },
      params,
      knowledge: null,
      seed: run % 5,
      backend: 'wasm',
      threads: 1,
      state,
      createdAt: stamp,
      startedAt: stamp,
      endedAt: new Date(created.getTime() + trained * 1500).toISOString(),
      durationSeconds: trained * (1 + random()),
      epochs: trained,
      bestEpoch: done ? Math.max(1, trained - 10) : null,
      metrics: done ? Object.fromEntries(names.map((name) => [name, quality * (0.5 + random())])) : null,
      error:
        state === 'failed' ? { code: 'diverged', message: `The loss was not a number in epoch ${trained}.` } : null,
      evaluation: done ? { protocol: 'full-ranking/1', users: 943, hash: hashOf(`evaluation ${id}`) } : null,
      weightsHash: done ? hashOf(`weights ${id}`) : null,
      experiment: experiment && {
        name: experiment,
        trial: run % 30,
        phase: random() < 0.7 ? 'search' : 'final',
        label: method.id,
      },
      reproduces: null,
      producedBy: {
        causeway: '0.1.0',
        datasetHash: hashOf(dataset),
        splitHash: hashOf(`${dataset} ${splitSeed}`).slice(0, 32),
        platform: 'linux-x64',
        node: 'v24.21.0',
      },
    }
    const folder = join(directory, 'runs', id)
    mkdirSync(folder)
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 2) + '\n')
    let lines = ''
    for (let epoch = 1; epoch <= trained; epoch++) {
      const learned = 1 - Math.exp(-epoch / 8)
      const values = { loss: 300 + 300 * Math.exp(-epoch / 6) + 5 * random() }
      for (const [at, name] of [
        'recall@10',
        'recallFull@10',
        'ndcg@10',
        'recall@30',
        'recallFull@30',
        'ndcg@30',
      ].entries())
        values[name] = quality * (0.6 + at / 20) * learned + 0.01 * random()
      lines += JSON.stringify({ epoch, seconds: 1 + random(), values }) + '\n'
    }
    writeFileSync(join(folder, 'metrics.jsonl'), lines)
    writeFileSync(join(folder, 'log.jsonl'), '')
    ids.push(id)
  }
  return ids
}

// Not where it was bundled into something else that was started.
if (basename(process.argv[1] ?? '') === 'generate-runs.mjs') {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      metrics: { type: 'string' },
      epochs: { type: 'string' },
      seed: { type: 'string' },
    },
  })
  if (positionals.length !== 1) {
    console.error('Usage: node scripts/generate-runs.mjs DIR [--runs N] [--metrics N] [--epochs N] [--seed N]')
    process.exit(2)
  }
  const numbers = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Number(value)]))
  const ids = generateRuns(resolve(positionals[0]), numbers)
  console.log(`${ids.length} runs in ${resolve(positionals[0])}`)
}

// Trains methods over several seeds through the command line and prints mean ± sd and a paired t-test, as a table on stderr
// and as one JSON document on stdout:
//   node scripts/seeds.mjs --data ml --methods csc,multi-vae --seeds 5 --workspace DIR [--backend wasm] [--set key=value] [--set METHOD:key=value]
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureBuilt } from './ensure-built.mjs'

const names = ['recall@10', 'recallFull@10', 'ndcg@10', 'recall@30', 'recallFull@30', 'ndcg@30']

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    methods: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    workspace: { type: 'string' },
    backend: { type: 'string', default: 'wasm' },
    set: { type: 'string', multiple: true, default: [] },
  },
})
if (!options.data || !options.methods) {
  process.stderr.write(
    'Usage: node scripts/seeds.mjs --data NAME --methods csc,multi-vae [--seeds 5] [--workspace DIR] [--set …]\n',
  )
  process.exit(2)
}

/** The settings of one method: all without a prefix, and those under its own name. */
const settingsOf = (method) =>
  options.set
    .map((pair) => /^([\w-]+):(.*)$/s.exec(pair) ?? [pair, method, pair])
    .filter(([, owner]) => owner === method)
    .flatMap(([, , pair]) => ['--set', pair])

function train(method, seed) {
  const command = [
    'train',
    method,
    '--data',
    options.data,
    '--seed',
    String(seed),
    '--backend',
    options.backend,
    '--json',
  ]
  if (options.workspace) command.push('--workspace', resolve(options.workspace))
  const cli = join(import.meta.dirname, '..', 'bin', 'causeway.mjs')
  const started = performance.now()
  const run = spawnSync(process.execPath, [cli, ...command, ...settingsOf(method)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CAUSEWAY_SKIP_BUILD: '1' },
  })
  if (run.status !== 0) throw new Error(`${method} with seed ${seed} ended with ${run.status}: ${run.stdout}`)
  return { seed, seconds: (performance.now() - started) / 1000, ...JSON.parse(run.stdout) }
}

const mean = (xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length
/** Sample standard deviation. */
const deviation = (xs) => Math.sqrt(xs.reduce((sum, x) => sum + (x - mean(xs)) ** 2, 0) / (xs.length - 1))

/** ln Γ(x), Lanczos. */
function lnGamma(x) {
  const c = [
    76.18009172947146, -86.50532032941677, 24.01409824083091, -1.231739572450155, 0.001208650973866179,
    -5.395239384953e-6,
  ]
  const t = x + 5.5 - (x + 0.5) * Math.log(x + 5.5)
  return (
    -t + Math.log((2.5066282746310005 * c.reduce((sum, value, j) => sum + value / (x + 1 + j), 1.000000000190015)) / x)
  )
}

/** Regularised incomplete beta function by its continued fraction (Numerical Recipes 6.4). */
function incompleteBeta(a, b, x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x)
  const front = Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log(1 - x)) / a
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 200; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d)
    c = 1 + even / c
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d)
    c = 1 + odd / c
    const change = d * c
    h *= change
    if (Math.abs(change - 1) < 1e-12) break
  }
  return front * h
}

/** Two-sided paired t-test of equal means. */
function pairedTest(a, b) {
  const differences = a.map((x, i) => x - b[i])
  const sd = deviation(differences)
  const df = differences.length - 1
  const t = sd === 0 ? null : mean(differences) / (sd / Math.sqrt(differences.length))
  return { difference: mean(differences), t, df, p: t === null ? null : incompleteBeta(df / 2, 0.5, df / (df + t * t)) }
}

ensureBuilt()
const methods = options.methods.split(',')
const count = Number(options.seeds)
const results = methods.map((method) => {
  const runs = Array.from({ length: count }, (_, seed) => train(method, seed))
  const metrics = Object.fromEntries(
    names.map((name) => {
      const values = runs.map((run) => run.metrics[name])
      return [name, { mean: mean(values), sd: count > 1 ? deviation(values) : null, values }]
    }),
  )
  return { method, metrics, runs: runs.map(({ run, seed, epochs, seconds }) => ({ run, seed, epochs, seconds })) }
})

const tests = methods.slice(1).map((method, index) => ({
  methods: [methods[0], method],
  metrics: Object.fromEntries(
    names.map((name) => [
      name,
      count > 1 ? pairedTest(results[0].metrics[name].values, results[index + 1].metrics[name].values) : null,
    ]),
  ),
}))

const row = (cells) =>
  process.stderr.write(cells.map((cell, at) => (at === 0 ? cell.padEnd(16) : cell.padStart(20))).join('') + '\n')
row(['metric', ...methods, ...tests.map((test) => `p ${test.methods.join(' / ')}`)])
for (const name of names) {
  row([
    name,
    ...results.map(({ metrics }) => `${metrics[name].mean.toFixed(4)} ± ${(metrics[name].sd ?? 0).toFixed(4)}`),
    ...tests.map((test) => test.metrics[name]?.p?.toPrecision(3) ?? '-'),
  ])
}
process.stdout.write(
  JSON.stringify(
    { data: options.data, backend: options.backend, set: options.set, seeds: count, results, tests },
    null,
    2,
  ) + '\n',
)

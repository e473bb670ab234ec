// The comparison behind `npm run bench -- --peer`: our measurements and PyTorch's in turn (A B A B …), each in a process of its own, and a table of
// the ratios of each turn. PyTorch's side lies beside the repository; the reference of each row is said in docs/performance.md.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const fewestPairs = 5

const shapes = {
  'ml-1m': { users: 6040, items: 3706, mean: 165, more: [] },
  'ml-20m-like': { users: 20000, items: 26744, mean: 144, more: ['--max-batches', '16'] },
}

const atMost = (bound) => ({ text: `≤ ${bound}`, isMet: (value) => value <= bound })
const below = (bound, unit = '') => ({ text: `< ${bound}${unit}`, isMet: (value) => value < bound })

/** A figure of a side: the name of the side, and of the field in the line it prints. */
const ours = (name, field) => ({ side: name, field, label: 'ours' })
const torch = (name, field) => ({ side: `torch ${name}`, field, label: 'PyTorch' })

/**
 * The rows, in groups that are measured together. `of` is divided by `by`; without `by` the figure itself is held against the target.
 * Rows of one name are chosen together.
 */
const groups = [
  ...Object.keys(shapes).map((shape) => {
    const epoch = ours(`multi-vae/${shape}`, 'seconds_per_epoch')
    const torchEpoch = torch(shape, 's_per_epoch')
    const evaluation = ours(`evaluate/${shape}`, 'seconds')
    return {
      order: [evaluation.side, `csc/${shape}`, epoch.side, torchEpoch.side],
      rows: [
        {
          name: `multi-vae/${shape}`,
          what: 'Multi-VAE, an epoch',
          unit: 's',
          of: epoch,
          by: torchEpoch,
          target: atMost(0.7),
        },
        {
          name: `memory/${shape}`,
          what: 'Multi-VAE, peak memory',
          unit: 'MB',
          of: ours(epoch.side, 'peak_rss_mb'),
          by: torch(shape, 'rss_mb'),
          target: below(1),
        },
        // PyTorch's side makes no checkpoint; ours makes one after every epoch, and the row above holds it.
        {
          name: `memory/${shape}`,
          what: 'the same before the first checkpoint',
          unit: 'MB',
          of: ours(epoch.side, 'peak_rss_mb_before_checkpoint'),
          by: torch(shape, 'rss_mb'),
          target: null,
        },
        {
          name: `csc/${shape}`,
          what: 'CSC (k = 4), an epoch',
          unit: 's',
          of: ours(`csc/${shape}`, 'seconds_per_epoch'),
          by: { ...epoch, label: 'our Multi-VAE' },
          target: atMost(1.3),
        },
        {
          name: `evaluate/${shape}`,
          what: 'full ranking of all users',
          unit: 's',
          of: evaluation,
          by: { ...epoch, label: "our Multi-VAE's epoch" },
          target: atMost(0.25),
        },
        {
          name: `evaluate/${shape}`,
          what: 'full ranking of all users',
          unit: 's',
          of: evaluation,
          by: { ...torchEpoch, label: "PyTorch's epoch" },
          target: null,
        },
      ],
    }
  }),
  {
    order: ['ncf-ips/coat', 'torch coat'],
    rows: [
      {
        name: 'ncf-ips/coat',
        what: 'NCF with IPS, an epoch, 1 thread',
        unit: 's',
        of: ours('ncf-ips/coat', 'seconds_per_epoch'),
        by: torch('coat', 's_per_epoch'),
        target: atMost(0.2),
      },
    ],
  },
  {
    order: ['clev/coat', 'torch coat-drjl'],
    rows: [
      {
        name: 'clev/coat',
        what: 'CLEV with DR, an epoch, 1 thread (PyTorch: DR-JL)',
        unit: 's',
        of: ours('clev/coat', 'seconds_per_epoch'),
        by: torch('coat-drjl', 's_per_epoch'),
        target: atMost(0.2),
      },
    ],
  },
  ...[1, 2].map((threads) => ({
    order: [`product/peak ${threads}`, `torch product ${threads}`],
    rows: ['plain', 'transposed_a', 'transposed_b'].map((product) => ({
      name: 'product/peak',
      what: `product, ${product.replace('_', ' ')}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
      unit: 'GFLOP/s',
      of: ours(`product/peak ${threads}`, `gflops_${product}`),
      by: torch(`product ${threads}`, `gflops_${product}`),
      target: null,
      // What PyTorch reaches on a large square product is the nearest to the machine's peak that can be measured here.
      peak: torch(`product ${threads}`, 'gflops_square_best'),
    })),
  })),
  {
    order: ['startup/trainer', 'runs-table/window'],
    // These start what they measure five times by themselves.
    once: true,
    rows: [
      {
        name: 'startup/trainer',
        what: 'trainer, from fork to ready',
        unit: 's',
        of: ours('startup/trainer', 'seconds'),
        target: below(1, ' s'),
      },
      ...['launch_ms', 'launch_without_index_ms'].map((field) => ({
        name: 'startup/window',
        what: `window with 5,000 runs, from start to the first row${field === 'launch_ms' ? '' : ', without the index'}`,
        unit: 'ms',
        of: ours('runs-table/window', field),
        target: below(2000, ' ms'),
      })),
    ],
  },
]

/** What `--only` takes. */
export const peerRows = [...new Set(groups.flatMap(({ rows }) => rows.map(({ name }) => name)))]

// The products of `product/peak`, and a large square one.
const productScript = `
import json, os, statistics, sys, time
threads = int(sys.argv[1])
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'): os.environ[name] = str(threads)
import torch
torch.set_num_threads(threads); torch.manual_seed(0)
rows, hidden, items = 500, 600, 3706
states, weights, errors = torch.randn(rows, hidden), torch.randn(hidden, items), torch.randn(rows, items)
def seconds(multiply, repeats, warm):
    found = []
    for _ in range(warm + repeats):
        started = time.perf_counter(); multiply(); found.append(time.perf_counter() - started)
    return found[warm:]
def gflops(multiply): return 2e-9 * rows * hidden * items / statistics.median(seconds(multiply, 20, 3))
n = 2048
a, b = torch.randn(n, n), torch.randn(n, n)
print(json.dumps(dict(tool='torch ' + torch.__version__, threads=threads,
    gflops_plain=gflops(lambda: states @ weights),
    gflops_transposed_a=gflops(lambda: states.t() @ errors),
    gflops_transposed_b=gflops(lambda: errors @ weights.t()),
    gflops_square_best=2e-9 * n ** 3 / min(seconds(lambda: a @ b, 7, 1)))))
`

const describeScript = `
import json, re
import numpy, scipy, torch
torch.ones(64, 64) @ torch.ones(64, 64)
try:
    with open('/proc/self/maps') as maps: loaded = sorted({path for path in (line.split()[-1] for line in maps) if re.search('blas|mkl', path)})
except OSError: loaded = []
blas = re.search('BLAS_INFO=([^,]*)', torch.__config__.show())
print(json.dumps(dict(torch=torch.__version__, blas=blas.group(1) if blas else 'unknown', loaded=loaded)))
`

/**
 * Measures the chosen rows and prints the table; the lines of all processes go to out/bench/peer.json.
 * @returns whether every row got its figures; whether a target is met is said in the table
 */
export async function compareWithPeer({ root, chosen, pairs, threads, argumentsOf }) {
  const scripts = resolve(root, '../shared/bench')
  const python = process.env.CAUSEWAY_BENCH_PYTHON || 'python3'
  const selected = groups
    .map((group) => ({ ...group, rows: group.rows.filter(({ name }) => chosen.includes(name)) }))
    .map((group) => ({
      ...group,
      sides: group.order.filter((side) => figuresOf(group.rows).some((figure) => figure.side === side)),
    }))
    .filter(({ sides }) => sides.length > 0)
  const sides = selected.flatMap((group) => group.sides)

  let peer = null
  if (sides.some((side) => side.startsWith('torch '))) {
    peer = describePeer(python)
    if (!peer) return false
    const missing = ['multvae_torch.py', 'pairwise_torch.py'].find((file) => !existsSync(join(scripts, file)))
    if (missing && sides.some((side) => side.startsWith('torch ') && !side.startsWith('torch product'))) {
      console.error(
        `PyTorch's side of the comparison is not there: ${missing} is looked for in ../shared/bench, beside the repository. Put it there, or choose rows without it: --only product/peak --only startup/trainer --only startup/window.`,
      )
      return false
    }
    if (peer.warning) console.error(peer.warning)
  }

  const commandOf = (side) => {
    const [name, count] = side.replace(/^torch /, '').split(' ')
    if (!side.startsWith('torch '))
      return [process.execPath, argumentsOf(name, count ?? (name.endsWith('/coat') ? 1 : threads))]
    if (name === 'product') return [python, ['-c', productScript, count]]
    if (name === 'coat' || name === 'coat-drjl') {
      const loss = name === 'coat' ? 'ips' : 'drjl'
      return [python, [join(scripts, 'pairwise_torch.py'), '--loss', loss, '--threads', '1']]
    }
    const { users, items, mean, more } = shapes[name]
    const size = ['--users', users, '--items', items, '--mean-interactions', mean].map(String)
    return [python, [join(scripts, 'multvae_torch.py'), ...size, '--threads', String(threads), ...more]]
  }

  const lines = []
  const file = join(root, 'out/bench/peer.json')
  mkdirSync(dirname(file), { recursive: true })
  const machine = describeMachine(peer)
  for (const group of selected) {
    const turns = group.once ? 1 : pairs
    for (let turn = 1; turn <= turns; turn++)
      for (const side of group.sides) {
        process.stderr.write(`${turn} of ${turns}: ${side} …\n`)
        const line = run(...commandOf(side))
        if (line) lines.push({ side, turn, line })
        // After every line: what was measured outlives an interruption.
        writeFileSync(file, `${JSON.stringify({ machine, pairs, threads, lines }, null, 2)}\n`)
      }
  }

  const results = selected.flatMap(({ rows }) => rows.map((row) => ({ row, ...resultOf(row, lines) })))
  console.log(tableOf(results))
  console.log(`\n${describeRun({ machine, pairs, threads, lines, peer })}`)
  const unmeasured = results.filter(({ of }) => of === null)
  if (unmeasured.length > 0)
    console.error(
      `\nNot measured: ${[...new Set(unmeasured.map(({ row }) => row.name))].join(', ')}. The reasons are above.`,
    )
  return unmeasured.length === 0
}

const figuresOf = (rows) => rows.flatMap(({ of, by, peak }) => [of, by, peak].filter(Boolean))

/** The line that a process prints last; null where it failed, which it has said itself. */
function run(command, commandArguments) {
  const { status, error, stdout } = spawnSync(command, commandArguments, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (error) console.error(`${command} could not be started: ${error.message}`)
  if (status !== 0) return null
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1))
  } catch {
    console.error(`It printed no figures: ${stdout.slice(-500)}`)
    return null
  }
}

/** What computes on PyTorch's side; null, and said why, where it cannot. */
function describePeer(python) {
  const { status, error, stdout, stderr } = spawnSync(python, ['-c', describeScript], { encoding: 'utf8' })
  if (status !== 0) {
    const reason = error ? error.message : stderr.trim().split('\n').at(-1)
    console.error(
      `PyTorch's side of the comparison cannot run with "${python}": ${reason}
It needs torch, numpy and scipy: "pip install torch numpy scipy" (torch 2.x for the CPU), else Debian's python3-torch python3-numpy python3-scipy
with libopenblas0-openmp. Set CAUSEWAY_BENCH_PYTHON to the Python that has them.`,
    )
    return null
  }
  const { torch, blas, loaded } = JSON.parse(stdout)
  const isPthread = loaded.some((path) => path.includes('openblas-pthread'))
  const openmp = loaded.some((path) => path.includes('openblas-openmp'))
  return {
    torch,
    blas: isPthread ? 'OpenBLAS with pthreads' : openmp ? 'OpenBLAS with OpenMP' : blas,
    warning: isPthread
      ? 'PyTorch computes with the pthread build of OpenBLAS here: its threads fight those of libgomp, and two are slower than one, which flatters us. Do not quote these ratios. Install libopenblas0-openmp, or use a torch wheel from pip (CAUSEWAY_BENCH_PYTHON).'
      : null,
  }
}

function describeMachine(peer) {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    node: process.versions.node,
    v8: process.versions.v8,
    ...(peer && { torch: peer.torch, blas: peer.blas }),
  }
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

/** The medians of a row over the turns in which all its sides have a figure; nulls where there is none. */
function resultOf(row, lines) {
  const byTurn = (figure) => {
    const own = lines.filter(({ side, line }) => side === figure.side && Number.isFinite(line[figure.field]))
    return new Map(own.map(({ turn, line }) => [turn, line[figure.field]]))
  }
  const columns = figuresOf([row]).map(byTurn)
  const turns = [...columns[0].keys()].filter((turn) => columns.every((column) => column.has(turn)))
  if (turns.length === 0) return { of: null, by: null, ratios: [], share: null }
  const of = turns.map((turn) => columns[0].get(turn))
  const by = row.by ? turns.map((turn) => columns[1].get(turn)) : null
  return {
    of: median(of),
    by: by && median(by),
    ratios: by ? of.map((value, at) => value / by[at]) : [],
    // The best of all turns: a peak is what was reached once.
    share: row.peak ? median(of) / Math.max(...columns[2].values()) : null,
  }
}

/** Three digits, and all of those before the point. */
const figure = (value) => (value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3))))

function tableOf(results) {
  const cells = results.map(({ row, of, by, ratios, share }) => {
    if (of === null) return [row.name, row.what, 'not measured', '', '', row.target?.text ?? '', '', '']
    const ratio = ratios.length > 0 ? median(ratios) : null
    const range = `${figure(Math.min(...ratios))} to ${figure(Math.max(...ratios))}`
    return [
      row.name,
      row.what,
      `${figure(of)} ${row.unit}`,
      by === null ? '' : `${figure(by)} ${row.unit} (${row.by.label})`,
      ratio === null ? '' : `${figure(ratio)} (${range})`,
      row.target?.text ?? '',
      row.target ? (row.target.isMet(ratio ?? of) ? 'yes' : 'no') : '',
      share === null ? '' : `${Math.round(100 * share)} %`,
    ]
  })
  const head = ['row', 'what', 'ours', 'against', 'ratio (range)', 'target', 'met', 'share of proxy peak']
  // A column that no row fills is left out.
  const filled = head.map((_, at) => at).filter((at) => cells.some((row) => row[at] !== ''))
  const all = [head, head.map(() => '---'), ...cells]
  return all.map((row) => `| ${filled.map((at) => row[at]).join(' | ')} |`).join('\n')
}

/** On what, with what and how often was measured. */
function describeRun({ machine, pairs, threads, lines, peer }) {
  const line = lines.find((one) => one.line.kernels)?.line
  const parts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB`,
    `Node ${machine.node}, V8 ${machine.v8}`,
    ...(line ? [`tfjs ${line.tfjs}, backend ${line.backend}, kernels: ${line.kernels}`] : []),
    ...(peer ? [`torch ${machine.torch} (${machine.blas})`] : []),
    `both sides on ${threads === 1 ? '1 thread' : `${threads} threads`} where the row says nothing else`,
    `medians of ${pairs === 1 ? '1 turn' : `${pairs} alternating turns`}`,
  ]
  const text = `${parts.join('; ')}.`
  const few = pairs < fewestPairs ? ` Fewer than ${fewestPairs} turns: not to be quoted.` : ''
  return `${text}${few}${peer?.warning ? `\n\n${peer.warning}` : ''}`
}

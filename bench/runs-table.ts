import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { generateRuns, metricNamesOf } from '../scripts/generate-runs.mjs'
import { runFilterSchema, type RunFilter, type RunSort } from '../src-shared/domain/run-table'
import { runCurves } from '../src-main/api/run-curves'
import { runIndexFile } from '../src-main/storage/layout'
import { RunIndex } from '../src-main/storage/run-index'
import { RunStore } from '../src-main/storage/run-store'
import { openWorkspace } from '../src-main/storage/workspace'
import { median, peakRssMb, printLine, rounded } from './line'

/**
 * The table of 5,000 runs with 300 metrics each, as the services answer for it: from opening the workspace to the columns and the first
 * page, without and with the copy of the index on disk; then the questions of somebody who sorts, filters, groups and scrolls.
 */
const shape = { runs: 5000, metrics: 300, epochs: 40, seed: 0 }
const targetMilliseconds = 1000
const repeats = 5

const milliseconds = async (work: () => unknown): Promise<number> => {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const metrics = metricNamesOf(shape.metrics).map((name) => `metric:${name}`)
const inView = ['method', 'dataset', 'experiment', 'seed', 'createdAt', 'param:learningRate', ...metrics.slice(0, 8)]
const everyRun: RunFilter = runFilterSchema.parse({})
const newest: RunSort[] = [{ column: 'createdAt', descending: true }]
const rows = (index: RunIndex, change: { filter?: RunFilter; sort?: RunSort[]; columns?: string[]; offset?: number }) =>
  index.rows({ filter: everyRun, sort: newest, columns: inView, offset: 0, limit: 60, ...change })

/** From opening the workspace to the columns and the first page. */
async function open(workspacePath: string): Promise<{ index: RunIndex; store: RunStore; close: () => Promise<void> }> {
  const workspace = openWorkspace(workspacePath, 'write')
  const store = new RunStore(workspace)
  const index = new RunIndex(workspace, store)
  await Promise.all([rows(index, {}), index.columns(everyRun)])
  return {
    index,
    store,
    close: async () => {
      await index.close()
      workspace.close()
    },
  }
}

async function measureOpening(workspace: string, withCopy: boolean): Promise<{ all: number[]; longestBlock: number }> {
  const all: number[] = []
  const delay = monitorEventLoopDelay({ resolution: 5 })
  for (let repeat = 0; repeat < repeats; repeat++) {
    if (!withCopy) await rm(runIndexFile(workspace), { force: true })
    let opened: Awaited<ReturnType<typeof open>> | null = null
    delay.enable()
    all.push(await milliseconds(async () => (opened = await open(workspace))))
    delay.disable()
    await opened!.close()
  }
  return { all, longestBlock: delay.max / 1e6 }
}

async function repeated(work: (repeat: number) => unknown): Promise<number> {
  const all: number[] = []
  for (let repeat = 0; repeat < 20; repeat++) all.push(await milliseconds(() => work(repeat)))
  return median(all)
}

const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
try {
  const workspace = join(folder, 'workspace')
  const ids = generateRuns(workspace, shape)
  const without = await measureOpening(workspace, false)
  const withCopy = await measureOpening(workspace, true)
  const { index, store, close } = await open(workspace)
  const sort = await repeated((at) => rows(index, { sort: [{ column: metrics[at]!, descending: true }] }))
  const filter = await repeated((at) =>
    rows(index, {
      filter: {
        ...everyRun,
        text: 'csc',
        conditions: [{ column: metrics[at]!, is: '>', value: 0.3 }],
      },
    }),
  )
  const page = await repeated((at) => rows(index, { offset: at * 200 }))
  const everyColumn = await repeated((at) => rows(index, { offset: at * 200, columns: metrics }))
  const group = await repeated(() => index.groups({ filter: everyRun, by: ['method', 'dataset'], columns: inView }))
  const columns = await repeated(() => index.columns(everyRun))
  const curves = await milliseconds(() =>
    runCurves(store, workspace, { runs: ids.slice(0, 20), series: 'ndcg@10', points: 500 }),
  )
  await close()
  printLine('runs-table/5000x300', {
    runs: shape.runs,
    metrics: shape.metrics,
    open_with_index_ms: rounded(median(withCopy.all)),
    open_with_index_ms_all: withCopy.all.map(rounded),
    open_without_index_ms: rounded(median(without.all)),
    open_without_index_ms_all: without.all.map(rounded),
    open_without_index_longest_block_ms: rounded(without.longestBlock),
    open_target_ms: targetMilliseconds,
    sort_ms: rounded(sort),
    filter_ms: rounded(filter),
    page_ms: rounded(page),
    page_of_300_columns_ms: rounded(everyColumn),
    group_ms: rounded(group),
    columns_ms: rounded(columns),
    curves_of_20_runs_ms: rounded(curves),
    within_targets: median(withCopy.all) <= targetMilliseconds,
    peak_rss_mb: peakRssMb(),
  })
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

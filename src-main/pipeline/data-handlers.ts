import type { JobProgress } from '../../src-shared/domain/job'
import type { ChildHandlers } from '../jobs/child-channel'
import type { DataWorkerCalls, DataWorkerEventMap } from '../jobs/data-worker-contract'
import { makeCard } from './dataset/card'
import { readItemCards, readRows, readUserAttributes } from './dataset/catalog'
import { readDataset } from './dataset/dataset'
import { writeRatings } from './experiment/simulate-ranking/write-ratings'
import { writePreferences } from './experiment/simulate/write-preferences'
import { listsCsv, listsParquet } from './export/lists-file'
import { importDemo } from './ingest/demo'
import { importTables } from './ingest/import-tables'
import { previewImport } from './ingest/preview'
import { prepareSplit } from './split/prepare-split'

type Send = <N extends keyof DataWorkerEventMap & string>(name: N, payload: DataWorkerEventMap[N]) => void

const progressIntervalMs = 100

/** The calls of the data worker. Several pieces of work may run at once; each is cancelled by its own name. */
export function makeDataHandlers(send: Send): ChildHandlers<DataWorkerCalls> {
  const running = new Map<string, AbortController>()

  /** Runs a piece of work under its name, with a signal and throttled progress. */
  async function watched<T>(
    task: string,
    work: (watch: { signal: AbortSignal; onProgress: (progress: JobProgress) => void }) => Promise<T>,
  ): Promise<T> {
    const controller = new AbortController()
    running.set(task, controller)
    let lastStage = ''
    let lastAt = -Infinity
    try {
      return await work({
        signal: controller.signal,
        onProgress: (progress) => {
          const now = performance.now()
          if (progress.stage === lastStage && now - lastAt < progressIntervalMs) return
          lastStage = progress.stage
          lastAt = now
          send('progress', { task, progress })
        },
      })
    } finally {
      running.delete(task)
    }
  }

  return {
    preview: ({ files, text }) => previewImport(files, text),
    import: ({ task, ...request }) => watched(task, (watch) => importTables({ ...request, ...watch })),
    demo: ({ task, workspace }) => watched(task, (watch) => importDemo(workspace, watch)),
    prepare: ({ task, workspace, dataset, recipe }) =>
      watched(task, (watch) => prepareSplit(workspace, dataset, recipe, watch)),
    card: ({ task, workspace, dataset, recipe }) =>
      watched(task, (watch) => makeCard(workspace, dataset, recipe, watch)),
    preferences: ({ task, workspace, dataset, file, preferences }) =>
      watched(task, (watch) => writePreferences(workspace, dataset, file, preferences, watch)),
    ratings: ({ task, workspace, dataset, file }) =>
      watched(task, (watch) => writeRatings(workspace, dataset, file, watch)),
    rows: ({ workspace, dataset, table, offset, limit }) => readRows(workspace, dataset, table, offset, limit),
    catalog: async ({ workspace, dataset }) => readItemCards(workspace, await readDataset(workspace, dataset)),
    userAttributes: async ({ workspace, dataset }) =>
      readUserAttributes(workspace, await readDataset(workspace, dataset)),
    lists: ({ task, format, properties, ...lists }) =>
      watched(task, ({ signal }) =>
        format === 'csv' ? listsCsv(lists, signal) : listsParquet(lists, properties, signal),
      ),
    stop: async ({ task }) => {
      running.get(task)?.abort()
      return null
    },
  }
}

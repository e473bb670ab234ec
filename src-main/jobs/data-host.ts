import { randomUUID } from 'node:crypto'
import type { JobProgress } from '../../src-shared/domain/job'
import type { DataWorkerCalls, DataWorkerEventMap } from './data-worker-contract'
import { startProcess, type Entries, type HostedProcess } from './process-host'
import { WarmProcess } from './warm-process'

export type DataWorker = HostedProcess<DataWorkerCalls, DataWorkerEventMap>

/** How a task is watched and stopped. */
export interface TaskWatch {
  progress(progress: JobProgress): void
  /** Registers what asks the task to stop; it then ends with `cancelled`. */
  onStop(stop: () => void): void
  /** Registers what ends the task by force. */
  onKill(kill: () => void): void
}

const idleSeconds = 300

/** Data workers: one kept warm for queries, and one of its own for every task that can be stopped. */
export class DataHost {
  private readonly queries: WarmProcess<DataWorkerCalls, DataWorkerEventMap>

  constructor(private readonly entries: Entries) {
    this.queries = new WarmProcess(entries.dataWorker, idleSeconds)
  }

  /** Runs a query. */
  query<T>(work: (worker: DataWorker) => Promise<T>): Promise<T> {
    return this.queries.use(work)
  }

  /** Runs a task in a process of its own, which is gone when it ends. */
  async task<T>(watch: TaskWatch | null, work: (worker: DataWorker, task: string) => Promise<T>): Promise<T> {
    const worker = startProcess<DataWorkerCalls, DataWorkerEventMap>(this.entries.dataWorker)
    const task = randomUUID()
    try {
      if (watch) {
        worker.on('progress', (event) => watch.progress(event.progress))
        watch.onKill(() => void worker.kill())
        // A worker that dies before it answers rejects the task itself.
        watch.onStop(() => void worker.call('stop', { task }).catch(() => undefined))
      }
      return await work(worker, task)
    } finally {
      await worker.kill()
    }
  }

  close(): Promise<void> {
    return this.queries.close()
  }
}

import { randomUUID } from 'node:crypto'
import { CausewayError } from '../../src-shared/contract/errors'
import type { Trainer } from '../jobs/inference'

/** Takes what ends the part of the work that comes now, where no trainer does it. @throws CausewayError `cancelled` */
export type OnStop = (stop: () => void) => void

/** Takes the trainer that is to be asked; answers with the name of the task there. @throws CausewayError `cancelled` */
export type Begin = (trainer: Trainer) => string

interface RunningTask {
  name: string
  stopped: boolean
  /** Asks whoever works on it to end. */
  stop: () => void
}

/** Questions that may take long: their progress goes to who asked, and who asked can end them. */
export class Tasks {
  /** By the name they have in their trainer, so that two questions that were given one name are told apart. */
  private readonly running = new Map<string, RunningTask>()
  private readonly heard = new WeakSet<Trainer>()

  constructor(private readonly progress: (task: string, stage: string, fraction: number) => void) {}

  /**
   * The task can be stopped from this call on.
   * @param work calls `begin` once it has a trainer, and asks it under the name it gets
   * @throws CausewayError `cancelled` when it was stopped
   */
  async run<T>(name: string, work: (begin: Begin, onStop: OnStop) => Promise<T>): Promise<T> {
    const id = randomUUID()
    const task: RunningTask = { name, stopped: false, stop: () => undefined }
    this.running.set(id, task)
    const onStop: OnStop = (stop) => {
      if (task.stopped) throw new CausewayError('cancelled', 'The question was withdrawn.')
      task.stop = stop
    }
    try {
      return await work((trainer) => {
        // A trainer that dies before it answers rejects the question itself.
        onStop(() => void trainer.call('stopTask', { task: id }).catch(() => undefined))
        this.hear(trainer)
        return id
      }, onStop)
    } finally {
      this.running.delete(id)
    }
  }

  stop(name: string): void {
    for (const task of this.running.values()) {
      if (task.name !== name) continue
      task.stopped = true
      task.stop()
    }
  }

  private hear(trainer: Trainer): void {
    if (this.heard.has(trainer)) return
    this.heard.add(trainer)
    trainer.on('task', ({ task, stage, fraction }) => {
      const running = this.running.get(task)
      if (running && !running.stopped) this.progress(running.name, stage, fraction)
    })
  }
}

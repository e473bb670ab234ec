import { CausewayError } from '../../../src-shared/contract/errors'
import { throttle } from '../../jobs/event-hub'
import type { TrainerEventMap } from '../../jobs/trainer-contract'

const progressEveryMilliseconds = 100

/**
 * Called between two pieces of a long work, with what is done and the share that is: lets messages in.
 * @throws CausewayError `cancelled` once the work is to end
 */
export type Step = (stage: string, fraction: number) => Promise<void>

/** The steps of a work that is one part of a larger one. */
export const partOf =
  (step: Step, from: number, to: number): Step =>
  (stage, fraction) =>
    step(stage, from + fraction * (to - from))

/** The long questions that are being answered, by name. */
export class Tasks {
  private readonly running = new Map<string, { stopped: boolean }>()

  constructor(private readonly send: (progress: TrainerEventMap['task']) => void) {}

  /** @throws CausewayError `cancelled` after `stop`, `badRequest` where a task of that name is running */
  async run<T>(task: string, work: (step: Step) => Promise<T>): Promise<T> {
    if (this.running.has(task)) throw new CausewayError('badRequest', `A task "${task}" is running already.`)
    const state = { stopped: false }
    this.running.set(task, state)
    let latest = { stage: '', fraction: 0 }
    const progress = throttle(() => {
      if (this.running.get(task) === state) this.send({ task, ...latest })
    }, progressEveryMilliseconds)
    try {
      return await work(async (stage, fraction) => {
        latest = { stage, fraction }
        progress.request()
        await new Promise(setImmediate)
        if (state.stopped) throw new CausewayError('cancelled', 'The question was withdrawn before it was answered.')
      })
    } finally {
      this.running.delete(task)
    }
  }

  stop(task: string): void {
    const state = this.running.get(task)
    if (state) state.stopped = true
  }

  stopAll(): void {
    for (const state of this.running.values()) state.stopped = true
  }
}

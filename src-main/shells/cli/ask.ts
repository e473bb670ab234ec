import { randomUUID } from 'node:crypto'
import type { EventMap } from '../../../src-shared/contract/contract'
import { exitCodes } from './output'
import type { Session } from './session'

/**
 * Asks a question that may take long and shows how far it is. The first SIGINT, SIGTERM or SIGHUP withdraws it, which ends it with
 * `cancelled`; the second ends the process.
 * @param question asks under the task it is given
 */
export async function ask<T>(
  { services, output, request }: Session,
  question: (task: string) => Promise<T>,
): Promise<T> {
  const task = randomUUID()
  const unsubscribe = services.events.subscribe((name, payload) => {
    if (name !== 'intervene:progress') return
    const progress = payload as EventMap['intervene:progress']
    if (progress.task === task) output.progress(`${progress.stage}: ${Math.floor(progress.fraction * 100)} %`)
  })
  let stops = 0
  const stop = (): void => {
    stops++
    if (stops > 1) process.exit(exitCodes.interrupted)
    output.note('Cancelling … (once more: at once)')
    void request('intervene:stop', { task })
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    return await question(task)
  } finally {
    unsubscribe()
    for (const signal of signals) process.off(signal, stop)
    output.endProgress()
  }
}

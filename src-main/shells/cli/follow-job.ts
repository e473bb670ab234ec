import { isActive, type JobSnapshot } from '../../../src-shared/domain/job'
import { bytes, duration } from './format'
import type { Session } from './session'

/** A job's state in one line: stage, share, time to go, memory. */
export function progressLine(job: JobSnapshot): string {
  const { stage, fraction, etaSeconds } = job.progress
  return [
    `${job.title}: ${stage}`,
    fraction === null ? null : `${Math.floor(fraction * 100)} %`,
    etaSeconds === null ? null : `${duration(etaSeconds)} to go`,
    job.memoryBytes === null ? null : bytes(job.memoryBytes),
  ]
    .filter((part) => part !== null)
    .join(' · ')
}

/**
 * Shows a job's progress until it has ended. The first SIGINT, SIGTERM or SIGHUP stops it at once with a checkpoint, the
 * second ends it by force.
 */
export async function followJob(session: Session, job: JobSnapshot): Promise<JobSnapshot> {
  const { services, output } = session
  const unsubscribe = services.events.subscribe((name, payload) => {
    if (name === 'job:changed') {
      const changed = payload as JobSnapshot
      if (changed.id === job.id && isActive(changed.state)) output.progress(progressLine(changed))
    }
    if (name === 'run:log') {
      const { run, lines } = payload as { run: string; lines: { level: string; text: string }[] }
      if (run === job.run)
        for (const line of lines) output.note(`${line.level === 'info' ? '' : `${line.level}: `}${line.text}`)
    }
  })
  let stops = 0
  const stop = (): void => {
    stops++
    if (stops === 1) {
      output.note('Stopping at a checkpoint … (once more: stop by force)')
      services.jobs.interrupt(job.id)
    } else services.jobs.kill(job.id)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  try {
    return await services.jobs.ended(job.id)
  } finally {
    unsubscribe()
    for (const signal of signals) process.off(signal, stop)
    output.endProgress()
  }
}

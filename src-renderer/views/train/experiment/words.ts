import type { ExperimentSummary, Trial } from '../../../../src-shared/domain/experiment'
import { isActive, type JobSnapshot, type JobState } from '../../../../src-shared/domain/job'
import type { ParamSchema, ParamValues } from '../../../../src-shared/params/params'
import { valueText } from '../../../components/param-text'
import { formatNumber, plural } from '../../../format'

/** The state of an experiment: that of its job while it works, and `planned` before its first start. */
export function stateOf(
  experiment: Pick<ExperimentSummary, 'state' | 'trials'>,
  job: Pick<JobSnapshot, 'state'> | null,
): JobState | 'planned' {
  // The job is heard of first.
  if (job && (isActive(job.state) || isActive(experiment.state))) return job.state
  const { completed, pruned, failed } = experiment.trials
  return experiment.state === 'queued' && completed + pruned + failed === 0 ? 'planned' : experiment.state
}

/** What a method is called on screen: its label in the file, or its name where the file gives none. */
export const shownLabel = (label: string, method: string, labelOf: (method: string) => string): string =>
  label === method ? labelOf(method) : label

/** The share of trials that have ended, 0..1. */
export const shareDone = ({ planned, completed, pruned, failed }: ExperimentSummary['trials']): number =>
  planned === 0 ? 0 : Math.min(1, (completed + pruned + failed) / planned)

/** "5 of 12 trials, 1 ended early, 2 failed". */
export function countsText({ planned, completed, pruned, failed }: ExperimentSummary['trials']): string {
  const parts = [`${completed + pruned + failed} of ${plural(planned, 'trial')}`]
  if (pruned > 0) parts.push(`${pruned} ended early`)
  if (failed > 0) parts.push(`${failed} failed`)
  return parts.join(', ')
}

/** The values of some parameters, by their labels: "Confounders 4, Learning rate 0.001". */
export const paramsText = (keys: readonly string[], params: ParamValues, schema: ParamSchema): string =>
  keys
    .map((key) => {
      const spec = schema.find((one) => one.key === key)
      const value = params[key]
      const text =
        typeof value === 'number'
          ? formatNumber(Number(value.toPrecision(4)))
          : spec
            ? valueText(spec, value)
            : String(value)
      return `${spec?.label ?? key} ${text}`
    })
    .join(', ')

/** Trials that failed, with the same reason together. */
export function failuresOf(trials: readonly Trial[]): { code: string; message: string; numbers: number[] }[] {
  const byMessage = new Map<string, { code: string; message: string; numbers: number[] }>()
  for (const { state, reason, number } of trials) {
    if (state !== 'failed' || !reason) continue
    const known = byMessage.get(reason.message) ?? { ...reason, numbers: [] }
    known.numbers.push(number)
    byMessage.set(reason.message, known)
  }
  return [...byMessage.values()]
}

import type { ExperimentPlan } from '../../../../src-shared/domain/experiment'
import { request } from '../../../client'

/** How long an experiment may take, going by earlier runs. */
export interface TimeEstimate {
  seconds: number
  /** Earlier runs it goes by. */
  runs: number
}

/** What an earlier completed training took. */
export interface EarlierRun {
  method: string
  epochs: number
  seconds: number
}

/** As many of the newest runs as are looked at. */
const mostRuns = 200

/** The newest completed trainings on a data set. @throws CausewayError */
export async function earlierRuns(dataset: string): Promise<EarlierRun[]> {
  const { rows } = await request('runs:rows', {
    filter: { states: ['completed'], conditions: [{ column: 'dataset', is: '=', value: dataset }] },
    columns: ['epochs', 'durationSeconds'],
    offset: 0,
    limit: mostRuns,
  })
  return rows.flatMap(({ method, cells: [epochs, seconds] }) =>
    typeof epochs === 'number' && typeof seconds === 'number' && epochs > 0 ? [{ method, epochs, seconds }] : [],
  )
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * The time of all trials if each takes as long as earlier completed runs of its method on the same data: the median of seconds an
 * epoch times the median of epochs, at most those that the budget and the parameters allow. Null where a method has no such run.
 * Early termination is not counted on.
 */
export function estimateTime(plan: ExperimentPlan, earlier: readonly EarlierRun[]): TimeEstimate | null {
  const { budget, methods } = plan.file
  let seconds = 0
  for (const [i, method] of plan.methods.entries()) {
    const own = earlier.filter((run) => run.method === method.method)
    if (own.length === 0) return null
    const fixed = methods[i]?.params.epochs
    const most = Math.min(budget.epochsPerTrial ?? Infinity, typeof fixed === 'number' ? fixed : Infinity)
    const trialSeconds =
      median(own.map((run) => run.seconds / run.epochs)) * Math.min(most, median(own.map((run) => run.epochs)))
    const searchSeconds = Math.min(method.searchTrials * trialSeconds, (budget.searchMinutesPerMethod ?? Infinity) * 60)
    seconds += searchSeconds + method.finalTrials * trialSeconds
  }
  const used = new Set(plan.methods.map(({ method }) => method))
  return { seconds, runs: earlier.filter((run) => used.has(run.method)).length }
}

import { existsSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { keptPositions } from '../../src-shared/chart/thin'
import { CausewayError } from '../../src-shared/contract/errors'
import type { RunCurve } from '../../src-shared/domain/run-table'
import type { RunManifest } from '../../src-shared/domain/run'
import { countTrainedUsers } from '../pipeline/split/split-store'
import { splitDirectory } from '../storage/layout'
import { assertSafeName } from '../storage/safe-paths'
import type { RunStore } from '../storage/run-store'

/**
 * One series of several runs, each thinned to about `points` with its extremes kept. Reads the curves of these runs and of no others; one
 * whose files are damaged says so and keeps no other back.
 * @throws CausewayError `notFound` for a run that is not there
 */
export async function runCurves(
  store: RunStore,
  workspace: string,
  asked: { runs: readonly string[]; series: string; points: number },
): Promise<RunCurve[]> {
  const trainedUsers = new Map<string, Promise<number | null>>()
  const usersOf = (splitHash: string): Promise<number | null> => {
    const known = trainedUsers.get(splitHash) ?? readTrainedUsers(workspace, splitHash)
    trainedUsers.set(splitHash, known)
    return known
  }
  const curves: RunCurve[] = []
  for (const run of asked.runs) {
    store.directory(run)
    try {
      curves.push(await readCurve(store, run, asked, usersOf))
    } catch (thrown) {
      const { message } = CausewayError.from(thrown)
      curves.push({ ...nothing(run, asked.series), error: message })
    }
    // The files of a hundred runs take a while: others are let in between.
    await nextTurn()
  }
  return curves
}

const nothing = (run: string, series: string): RunCurve => ({
  run,
  series,
  points: 0,
  shown: 0,
  epochs: [],
  steps: null,
  seconds: [],
  values: [],
})

async function readCurve(
  store: RunStore,
  run: string,
  asked: { series: string; points: number },
  usersOf: (splitHash: string) => Promise<number | null>,
): Promise<RunCurve> {
  const epochs: number[] = []
  const seconds: number[] = []
  const values: number[] = []
  let elapsed = 0
  for (const point of store.points(run)) {
    elapsed += point.seconds
    const value = point.values[asked.series]
    if (value === undefined) continue
    epochs.push(point.epoch)
    seconds.push(elapsed)
    values.push(value)
  }
  const kept = keptPositions(values, asked.points)
  const pick = (of: readonly number[]): number[] => kept.map((position) => of[position]!)
  const perEpoch = await stepsPerEpoch(store.read(run), usersOf)
  return {
    run,
    series: asked.series,
    points: values.length,
    shown: kept.length,
    epochs: pick(epochs),
    steps: perEpoch === null ? null : pick(epochs).map((epoch) => epoch * perEpoch),
    seconds: pick(seconds),
    values: pick(values),
  }
}

/** Batches of an epoch of a training that draws batches of users; null where that is not known, or not how it was trained. */
async function stepsPerEpoch(
  { params, producedBy }: RunManifest,
  usersOf: (splitHash: string) => Promise<number | null>,
): Promise<number | null> {
  const { batchSize } = params
  if (typeof batchSize !== 'number' || producedBy.splitHash === null) return null
  const users = await usersOf(producedBy.splitHash)
  return users === null ? null : Math.ceil(users / batchSize)
}

/** Null where the split is no longer there: curves are then shown by epoch and time. */
async function readTrainedUsers(workspace: string, splitHash: string): Promise<number | null> {
  const directory = splitDirectory(workspace, assertSafeName(splitHash, 'split'))
  return existsSync(directory) ? countTrainedUsers(directory) : null
}

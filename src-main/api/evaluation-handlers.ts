import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { evaluationProtocol } from '../../src-shared/domain/metric'
import type { RunManifest } from '../../src-shared/domain/run'
import { describeUsers } from '../../src-shared/graph/edit/intervention'
import type { FullEvaluation } from '../jobs/trainer-contract'
import { hasEvaluation, readEvaluation, writeEvaluation, type Evaluation } from '../pipeline/evaluate/evaluation-file'
import { metricsOfUsers, positionsOf } from '../pipeline/evaluate/metrics-of-users'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'
import { selectRows } from './user-selection'

/** Evaluations that could not be stored are kept in memory: those of the last few runs. */
const kept = 2

/** The evaluations of runs: stored ones, and those of runs from before evaluations were stored. */
class Evaluations {
  private readonly computed = new Map<string, Promise<FullEvaluation>>()

  constructor(private readonly core: Core) {}

  /** The metrics of a completed run and what they are the means of; computed where they are not stored, and stored where it can be. */
  async of(manifest: RunManifest): Promise<FullEvaluation> {
    const directory = this.core.store.directory(manifest.id)
    if (manifest.evaluation !== null && hasEvaluation(directory))
      return { metrics: manifest.metrics ?? {}, evaluation: readEvaluation(directory) }
    const computing = this.computed.get(manifest.id) ?? this.compute(manifest)
    this.computed.set(manifest.id, computing)
    for (const other of this.computed.keys()) if (this.computed.size > kept) this.computed.delete(other)
    try {
      return await computing
    } catch (error) {
      if (this.computed.get(manifest.id) === computing) this.computed.delete(manifest.id)
      throw error
    }
  }

  private async compute(manifest: RunManifest): Promise<FullEvaluation> {
    const { inference, catalogs, store, workspace, events } = this.core
    const attributes = await catalogs.tables(manifest)
    const { metrics: found, evaluation } = await inference.use(manifest, (trainer) =>
      trainer.call('evaluateFully', { task: randomUUID(), attributes }),
    )
    // What was recorded when the run was trained stays.
    const metrics = { ...found, ...manifest.metrics }
    if (workspace.locked) {
      const hash = writeEvaluation(store.directory(manifest.id), evaluation)
      const users = evaluation.rows.length
      const { isTestRandomised } = evaluation
      store.update(manifest.id, {
        metrics,
        evaluation: { protocol: evaluationProtocol, users, hash, ...(isTestRandomised && { isTestRandomised }) },
      })
      events.emit('runs:changed', { run: manifest.id })
    }
    return { metrics, evaluation }
  }
}

/** What runs are worth to all or some of their users. */
export function evaluationHandlers(core: Core): Pick<Handlers, 'runs:evaluation'> {
  const { store, splits, catalogs } = core
  const evaluations = new Evaluations(core)
  return {
    'runs:evaluation': async ({ run, users }) => {
      const manifest = requireCompleted(store.read(run))
      const { metrics, evaluation } = await evaluations.of(manifest)
      const rows =
        users.kind === 'all'
          ? null
          : selectRows(users, await splits.view(manifest), (await catalogs.tables(manifest)).users)
      const positions = positionsOf(evaluation, rows)
      if (positions.length === 0)
        throw new CausewayError('badRequest', `None of the chosen users has an item in the test part.`, {
          users: describeUsers(users),
        })
      const names = namesOf(metrics, evaluation)
      const measured = await metricsOfUsers(evaluation, names, positions, () => setImmediate())
      if (users.kind !== 'all') return { run, ...measured }
      // Of everyone the number that was recorded: what is kept by user has single precision, and of pairs nothing is kept.
      const kept = new Map(measured.metrics.map((metric) => [metric.name, metric]))
      const recorded = names.flatMap((name) => {
        const metric = kept.get(name)
        const value = metrics[name] ?? metric?.value
        return value === undefined ? [] : [{ name, value, interval: metric?.interval ?? null }]
      })
      return { run, ...measured, metrics: recorded }
    },
  }
}

/** Every metric there is, in reporting order. */
const namesOf = (metrics: FullEvaluation['metrics'], { values }: Evaluation): string[] => [
  ...new Set([...Object.keys(metrics), ...Object.keys(values)]),
]

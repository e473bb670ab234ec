import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { CorrelationEstimate } from '../../src-shared/domain/correlation'
import type { RunManifest } from '../../src-shared/domain/run'
import { rowOf } from '../../src-shared/domain/split'
import { findMethod, methods } from '../methods/registry'
import { bootstrap, estimate } from '../pipeline/intervene/resample-users'
import { readCorrelation } from '../pipeline/run-files'
import type { Core } from './core'
import { requireCompleted } from './runs-handlers'

type Names = Extract<keyof Handlers, `correlation:${string}`>

/** The correlation of exogenous variables that a run learned: how sure it is, and what becomes of lists and metrics where it is set. */
export function correlationHandlers(core: Core): Pick<Handlers, Names> {
  const { store, inference, splits, catalogs, tasks } = core
  const requireRun = (run: string): RunManifest => requireCorrelation(requireCompleted(store.read(run)))
  return {
    'correlation:get': ({ run }) => correlationOf(core, run),
    'correlation:effect': async ({ run, user, k, rho }) => {
      const manifest = requireRun(run)
      const row = await splits.rowOf(manifest, user)
      const [view, cardOf, { items, ...effect }] = await Promise.all([
        splits.view(manifest),
        catalogs.cards(manifest),
        inference.use(manifest, (trainer) => trainer.call('correlationEffect', { row, k, rho })),
      ])
      const inTest = new Set(rowOf(view.split.test, row))
      return {
        user,
        k,
        rho,
        ...effect,
        items: items.map(({ item, places }) => ({
          ...cardOf(view.items[item]!),
          inTest: inTest.has(item),
          places,
        })),
      }
    },
    'correlation:curve': ({ run, rhos, task }) =>
      tasks.run(task, (begin) =>
        inference.use(requireRun(run), (trainer) => trainer.call('correlationCurve', { task: begin(trainer), rhos })),
      ),
  }
}

/** What a run learned of the correlation, with its interval; null where it learned none, or has not completed. */
export function correlationOf(
  { store, saved }: Pick<Core, 'store' | 'saved'>,
  run: string,
): CorrelationEstimate | null {
  const correlation = readCorrelation(store.directory(run))
  if (correlation === null) return null
  const resamples = saved.bootstrapPlan(run)
  if (resamples === null) return { correlation, bootstrap: null }
  const done = store.correlationResamples(run)
  const values = Float64Array.from(done, (resample) => resample.correlation)
  const { low, high } = estimate(correlation, values)
  return {
    correlation,
    bootstrap: {
      resamples: Math.max(resamples, done.length),
      done,
      interval: done.length < 2 ? null : { low, high, level: bootstrap.level },
    },
  }
}

/** @throws CausewayError `badRequest` for a run of a method that learns none */
function requireCorrelation(manifest: RunManifest): RunManifest {
  const { info } = findMethod(manifest.method)
  if (info.capabilities.includes('correlation')) return manifest
  const able = methods.filter((method) => method.info.capabilities.includes('correlation'))
  throw new CausewayError(
    'badRequest',
    `${info.label} learns no correlation of exogenous variables. Choose a run of a method that does: ${able.map((method) => method.info.label).join(', ')}.`,
    { run: manifest.id, method: info.id },
  )
}

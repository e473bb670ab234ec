import { randomUUID } from 'node:crypto'
import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { noAnnotations } from '../../src-shared/domain/graph'
import { findMethod } from '../methods/registry'
import { buildReport } from '../pipeline/report/build-report'
import { renderHtml } from '../pipeline/report/render-html'
import type { ReportDocument } from '../pipeline/report/report-document'
import { namesAndNotes } from '../storage/saved'
import type { Core } from './core'
import { confidenceOf } from './graph-handlers'
import { requireCompleted } from './runs-handlers'

/** The report of a run as plain data; the shells choose how it is drawn. */
export async function reportOf(core: Core, run: string): Promise<ReportDocument> {
  const { catalogs, data, inference, saved, store, workspace } = core
  const detail = store.detail(run)
  const manifest = requireCompleted(detail.manifest)
  const method = findMethod(manifest.method).info
  const dataset = await catalogs.datasetOf(manifest)
  const [card, graph] = await Promise.all([
    dataset &&
      data.query((worker) =>
        worker.call('card', {
          workspace: workspace.path,
          task: randomUUID(),
          dataset: dataset.name,
          recipe: manifest.recipe,
        }),
      ),
    method.capabilities.includes('graph') ? inference.use(manifest, (trainer) => trainer.call('graph', {})) : null,
  ])
  const damaged = saved.damaged(run)
  return buildReport({
    detail,
    card,
    method,
    graph,
    // Damaged names and notes are told of with the other files; the report goes on with the learned names.
    annotations: damaged.some(({ what }) => what === namesAndNotes) ? noAnnotations : saved.annotations(run),
    confidence: graph && confidenceOf(core, run),
    effects: saved.effects(run).list().saved,
    damaged,
  })
}

export const reportHandlers = (core: Core): Pick<Handlers, 'report:html'> => ({
  'report:html': async ({ subject }) => {
    if (subject.kind !== 'run') throw new CausewayError('badRequest', 'Only runs have reports.')
    return { name: subject.run, html: renderHtml(await reportOf(core, subject.run)) }
  },
})

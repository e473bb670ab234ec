import type { Handlers, RequestInput, RequestName, RequestOutput } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import { judgedCheck } from '../../src-shared/domain/exposure'
import { noAnnotations } from '../../src-shared/domain/graph'
import {
  reportSections,
  type ReportOptions,
  type ReportSectionId,
  type ReportSubject,
} from '../../src-shared/domain/report'
import type { ExperimentDetail } from '../../src-shared/domain/experiment'
import type { RunManifest } from '../../src-shared/domain/run'
import { predictsRatings } from '../../src-shared/domain/selection'
import { findMethod } from '../methods/registry'
import { groupKey, groupRuns } from '../pipeline/compare/groups'
import { buildReport } from '../pipeline/report/build-report'
import { renderHtml } from '../pipeline/report/render-html'
import { renderMarkdown } from '../pipeline/report/render-markdown'
import type { ReportedData, ReportedRun, ReportInput } from '../pipeline/report/report-input'
import { sectionChoices } from '../pipeline/report/sections'
import { readExposureCheck, readGraph } from '../pipeline/run-files'
import { namesAndNotes } from '../storage/saved'
import type { Core } from './core'
import { correlationOf } from './correlation-handlers'
import { confidenceOf } from './graph-handlers'
import { readRuns } from './compare-handlers'
import { requireCompleted } from './runs-handlers'

type Names = Extract<keyof Handlers, `report:${string}`>

/** Asks another stage as a client would. */
export type Ask = <N extends RequestName>(name: N, input: RequestInput<N>) => Promise<RequestOutput<N>>

export interface ReportServices {
  ask: Ask
  /** Prints an HTML page, where the shell can. */
  printPdf?: (html: string) => Promise<Uint8Array>
}

const labelOf = (method: string): string => findMethod(method).info.label

/** Reports of a run, an experiment or a comparison of runs. */
export function reportHandlers(core: Core, { ask, printPdf }: ReportServices): Pick<Handlers, Names> {
  const gather = (options: ReportOptions) => gatherReport(core, ask, options)
  return {
    'report:sections': async ({ subject }) => {
      const { manifests } = await runsOfSubject(core, ask, subject)
      const runs = manifests.map((manifest) => ({ manifest, info: findMethod(manifest.method).info }))
      return sectionChoices({
        kind: subject.kind,
        runs: runs.length,
        methods: [...new Set(runs.map(({ info }) => info.label))],
        learnsGraph: runs.some(({ info }) => info.capabilities.includes('graph')),
        predictsRatings: runs.length === 1 && predictsRatings(runs[0]!.info),
        hasPoints: runs.some(({ manifest }) => manifest.epochs > 0),
        savedEffects: runs.reduce((sum, { manifest }) => sum + core.saved.effects(manifest.id).list().saved.length, 0),
      })
    },
    'report:html': async (options) => {
      const input = await gather(options)
      return { name: input.name, html: renderHtml(buildReport(input)) }
    },
    'report:markdown': async (options) => {
      const input = await gather(options)
      return { name: input.name, markdown: renderMarkdown(buildReport(input)) }
    },
    'report:pdf': async (options) => {
      if (!printPdf) throw new CausewayError('notAvailable', 'This shell of Causeway cannot print a PDF.')
      const input = await gather(options)
      const bytes = await printPdf(renderHtml(buildReport(input)))
      return { name: `${input.name}.pdf`, mediaType: 'application/pdf', bytes }
    },
  }
}

/**
 * The completed runs that a report of the subject is of: of an experiment those that are compared, in the order of its trials.
 * @throws CausewayError `notFound`, and `runNotReady` where none has completed
 */
export async function runsOfSubject(
  { store }: Pick<Core, 'store'>,
  ask: Ask,
  subject: ReportSubject,
): Promise<{ manifests: RunManifest[]; experiment: ExperimentDetail | null }> {
  if (subject.kind === 'run') return { manifests: [requireCompleted(store.read(subject.run))], experiment: null }
  if (subject.kind === 'comparison') {
    // Those that the comparison is made of: it says which it leaves out.
    const { groups } = groupRuns(readRuns({ store }, subject.comparison.runs).manifests, labelOf)
    return { manifests: groups.flatMap(({ manifests }) => manifests), experiment: null }
  }
  const experiment = await ask('experiments:get', { experiment: subject.experiment })
  const manifests = experiment.trialList.flatMap(({ phase, state, run }) => {
    if (phase !== 'final' || state !== 'completed' || run === null) return []
    try {
      return [requireCompleted(store.read(run))]
    } catch (thrown) {
      // A run that was removed since leaves the others as they are; the plan says how many there were.
      if (thrown instanceof CausewayError && thrown.code === 'notFound') return []
      throw thrown
    }
  })
  if (manifests.length === 0) {
    throw new CausewayError(
      'runNotReady',
      `No final training of the experiment ${experiment.name} has completed: there is nothing to report yet.`,
      { experiment: experiment.name },
    )
  }
  const { groups } = groupRuns(manifests, labelOf)
  return { manifests: groups.flatMap((group) => group.manifests), experiment }
}

/** What the sections that were asked for need, and nothing that only the others do. */
async function gatherReport(core: Core, ask: Ask, options: ReportOptions): Promise<ReportInput> {
  const { subject, sections = reportSections } = options
  const wants = (...ids: ReportSectionId[]): boolean => ids.some((id) => sections.includes(id))
  const { manifests, experiment } = await runsOfSubject(core, ask, subject)
  const [runs, data, comparison] = await Promise.all([
    Promise.all(
      manifests.map((manifest) =>
        reportedRun(core, ask, manifest, {
          intervals: manifests.length === 1 && wants('metrics'),
          selection: manifests.length === 1 && wants('selection'),
        }),
      ),
    ),
    wants('data', 'limitations') ? reportedData(core, ask, manifests) : withoutCards(manifests),
    wants('comparison', 'limitations') ? comparisonOf(ask, subject, manifests, experiment) : null,
  ])
  return {
    options,
    name: nameOf(subject, manifests.length),
    causeway: core.causeway,
    madeAt: new Date().toISOString(),
    runs,
    data,
    experiment,
    comparison,
  }
}

/** A name for the file, safe everywhere. */
function nameOf(subject: ReportSubject, runs: number): string {
  switch (subject.kind) {
    case 'run':
      return `report-${subject.run}`
    case 'experiment':
      return `report-${subject.experiment.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}`
    case 'comparison':
      return `report-of-${runs}-runs`
  }
}

async function reportedRun(
  core: Core,
  ask: Ask,
  manifest: RunManifest,
  wanted: { intervals: boolean; selection: boolean },
): Promise<ReportedRun> {
  const { saved, store } = core
  const run = manifest.id
  const method = findMethod(manifest.method).info
  const hasGraph = method.capabilities.includes('graph')
  const damaged = saved.damaged(run)
  return {
    manifest,
    method,
    points: store.detail(run).points,
    evaluation:
      wanted.intervals && manifest.evaluation !== null
        ? await ask('runs:evaluation', { run, users: { kind: 'all' } })
        : null,
    selection:
      wanted.selection && predictsRatings(method)
        ? {
            propensities: await ask('selection:propensities', { run }),
            estimates: await ask('selection:estimates', { run }),
          }
        : null,
    graph: hasGraph ? readGraph(store.directory(run)) : null,
    // Damaged names and notes are told of with the other files; the report goes on with the learned names.
    annotations: damaged.some(({ what }) => what === namesAndNotes) ? noAnnotations : saved.annotations(run),
    confidence: hasGraph ? confidenceOf(core, run) : null,
    correlation: correlationOf(core, run),
    exposureCheck: judgedCheck(readExposureCheck(store.directory(run)), manifest.recipe),
    masks: saved.masks(run).list().saved,
    effects: saved.effects(run).list().saved,
    damaged,
  }
}

/** The data of the runs, each once. */
function withoutCards(manifests: readonly RunManifest[]): ReportedData[] {
  const distinct = new Map<string, ReportedData>()
  for (const { dataset, recipe, producedBy } of manifests) {
    const { datasetHash, splitHash } = producedBy
    distinct.set(`${dataset} ${datasetHash} ${splitHash}`, { dataset, datasetHash, splitHash, recipe, card: null })
  }
  return [...distinct.values()]
}

const reportedData = ({ catalogs }: Core, ask: Ask, manifests: readonly RunManifest[]): Promise<ReportedData[]> =>
  Promise.all(
    withoutCards(manifests).map(async (one) => {
      const manifest = manifests.find(
        ({ producedBy }) => producedBy.datasetHash === one.datasetHash && producedBy.splitHash === one.splitHash,
      )!
      const dataset = await catalogs.datasetOf(manifest)
      return dataset ? { ...one, card: await ask('data:card', { dataset: dataset.name, recipe: one.recipe }) } : one
    }),
  )

function comparisonOf(
  ask: Ask,
  subject: ReportSubject,
  manifests: readonly RunManifest[],
  experiment: ExperimentDetail | null,
) {
  if (subject.kind === 'run' || manifests.length < 2) return null
  if (subject.kind === 'comparison') return ask('compare:runs', subject.comparison)
  return experimentComparison(ask, experiment!, manifests)
}

/** The final runs of an experiment held against each other, or against its reference. */
export function experimentComparison(
  ask: Ask,
  { file, trialList }: ExperimentDetail,
  manifests: readonly RunManifest[],
): Promise<RequestOutput<'compare:runs'>> {
  const reference = manifests.find(({ id }) =>
    trialList.some(({ run, label }) => run === id && label === file.reference),
  )
  return ask('compare:runs', {
    runs: manifests.map(({ id }) => id),
    metrics: file.metrics.report,
    baseline: reference ? groupKey(reference) : null,
  })
}

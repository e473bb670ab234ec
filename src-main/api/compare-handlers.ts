import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ComparabilityWarning, Comparison, ComparisonRequest } from '../../src-shared/domain/comparison'
import type { UserSelection } from '../../src-shared/domain/intervention'
import { cutoffWords, definitionOf, metricProvenance } from '../../src-shared/domain/metric'
import type { RunManifest } from '../../src-shared/domain/run'
import { methods } from '../methods/registry'
import { compareGroups, type MeasuredGroup } from '../pipeline/compare/compare-groups'
import { comparabilityWarnings, groupRuns } from '../pipeline/compare/groups'
import { measureGroup, type Measurement } from '../pipeline/compare/measure-group'
import type { Core } from './core'
import { selectRows } from './user-selection'

type Needed = Pick<Core, 'store' | 'splits' | 'catalogs'>

/** Runs held against each other, computed from what is stored of them. */
export const compareHandlers = (core: Needed): Pick<Handlers, 'compare:runs'> => ({
  'compare:runs': (request) => compare(core, request),
})

const letIn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Compares runs: groups those that differ in their seed only, says whether the groups belong in one ranking, and tests their
 * differences. Runs that are no part of it (not completed, repeated, trained to check another) are left out with a warning.
 * @throws CausewayError `badRequest` where no run is left, a metric or the baseline is not known, or the split has no such users
 */
export async function compare(core: Needed, request: ComparisonRequest): Promise<Comparison> {
  const { metrics, users, baseline, level } = request
  for (const name of metrics) definitionOf(name)
  const { manifests, left } = readRuns(core, request.runs)
  const { groups, repeated } = groupRuns(manifests, labelOf)
  for (const { id } of repeated) left.push({ run: id, reason: 'a newer run is the same in everything, seed included' })
  if (baseline !== null && !groups.some(({ group }) => group.key === baseline)) {
    throw new CausewayError('badRequest', `There is no group ${JSON.stringify(baseline)} to compare with.`, {
      baseline,
      groups: groups.map(({ group: { key, label } }) => ({ key, label })),
    })
  }
  const warnings = comparabilityWarnings(groups)
  const rankable = !warnings.some(({ forbidsRanking }) => forbidsRanking)

  const selections = new Map<string, Promise<Int32Array | null>>()
  /** The rows of the chosen users in the split of a run; null for all. */
  const chosenRows = (manifest: RunManifest): Promise<Int32Array | null> => {
    if (users.kind === 'all') return Promise.resolve(null)
    const split = String(manifest.producedBy.splitHash)
    const found = selections.get(split) ?? rowsOf(core, manifest, users)
    selections.set(split, found)
    return found
  }
  const measured: MeasuredGroup[] = []
  const lacking: Measurement['lacking'] = []
  const evaluatedRows = new Map<string, Int32Array | null>()
  let evaluated = 0
  for (const grouped of groups) {
    const chosen = await chosenRows(grouped.manifests[0]!)
    const split = `${grouped.group.splitHash} ${grouped.group.protocol}`
    const expected = evaluatedRows.get(split) ?? null
    const measurement = measureGroup(grouped, metrics, (run) => core.store.directory(run), chosen, expected)
    evaluatedRows.set(split, measurement.rows)
    measured.push(measurement.measured)
    lacking.push(...measurement.lacking)
    evaluated = Math.max(evaluated, measurement.users)
    await letIn()
  }
  if (left.length > 0) warnings.push(leftOut(left))
  if (lacking.length > 0) warnings.push(noUserValues(lacking, users.kind !== 'all'))
  const compared = await compareGroups(measured, { metrics, baseline, level, rankable, step: letIn })
  for (const text of compared.leftOut) warnings.push({ code: 'tooMany', text, runs: [], forbidsRanking: false })
  const counted = groups.flatMap((grouped) => grouped.manifests)
  const unknown = metrics.filter((name) => counted.every((manifest) => manifest.metrics?.[name] === undefined))
  if (unknown.length > 0) warnings.push(notMeasured(unknown))
  const provenance = metrics.map((name) => {
    const known = metricProvenance(counted, name)
    return [name, users.kind === 'all' ? known : { ...known, users: evaluated }] as const
  })
  return {
    users,
    groups: groups.map(({ group }) => group),
    metrics: compared.metrics,
    warnings,
    rankable,
    level,
    holm: compared.holm,
    provenance: Object.fromEntries(provenance),
  }
}

/** The runs that a comparison is made of, and those that are no part of it. @throws CausewayError `badRequest` where none is left */
export function readRuns(
  { store }: Pick<Core, 'store'>,
  runs: readonly string[],
): { manifests: RunManifest[]; left: Measurement['lacking'] } {
  const left: Measurement['lacking'] = []
  const manifests: RunManifest[] = []
  for (const run of new Set(runs)) {
    try {
      const manifest = store.read(run)
      if (manifest.reproduces !== null)
        left.push({ run, reason: `it was trained to check ${manifest.reproduces}, and would count it twice` })
      else if (manifest.state !== 'completed' || manifest.metrics === null)
        left.push({ run, reason: `no test metrics (${manifest.state})` })
      else manifests.push(manifest)
    } catch (error) {
      if (!(error instanceof CausewayError) || !['notFound', 'runInvalid'].includes(error.code)) throw error
      left.push({ run, reason: error.code === 'notFound' ? 'there is no such run' : error.message })
    }
  }
  if (manifests.length > 0) return { manifests, left }
  throw new CausewayError('badRequest', `None of the runs can be compared. ${listed(left)}`, { runs: left })
}

const labelOf = (method: string): string => methods.find(({ info }) => info.id === method)?.info.label ?? method

/** `csc-1: no test metrics (failed); csc-2, csc-3: there is no such run.` */
function listed(runs: Measurement['lacking']): string {
  const byReason = new Map<string, string[]>()
  for (const { run, reason } of runs) byReason.set(reason, [...(byReason.get(reason) ?? []), run])
  const few = (ids: string[]): string =>
    ids.length > 3 ? `${ids.slice(0, 3).join(', ')} and ${ids.length - 3} more` : ids.join(', ')
  const text = [...byReason].map(([reason, ids]) => `${few(ids)}: ${reason}`).join('; ')
  return text.endsWith('.') ? text : `${text}.`
}

const leftOut = (left: Measurement['lacking']): ComparabilityWarning => ({
  code: 'leftOut',
  text: `${left.length === 1 ? 'A run is' : `${left.length} runs are`} left out. ${listed(left)}`,
  runs: left.map(({ run }) => run),
  forbidsRanking: false,
})

const notMeasured = (metrics: string[]): ComparabilityWarning => ({
  code: 'notMeasured',
  text: `None of the runs has ${metrics.join(', ')}. ${cutoffWords}; lists also by the attributes that the items had when the runs were trained.`,
  runs: [],
  forbidsRanking: false,
})

function noUserValues(lacking: Measurement['lacking'], ofSegment: boolean): ComparabilityWarning {
  const one = lacking.length === 1
  const has = `${one ? 'its group has' : 'their groups have'} ${
    ofSegment ? 'no metrics of these users' : 'means over seeds, but no intervals and no tests over users'
  }`
  return {
    code: 'noUserValues',
    text: `${one ? 'A run has' : `${lacking.length} runs have`} no values by user: ${has}. ${listed(lacking)} Train ${one ? 'it' : 'them'} anew to have them.`,
    runs: lacking.map(({ run }) => run),
    forbidsRanking: false,
  }
}

async function rowsOf(
  { splits, catalogs }: Needed,
  manifest: RunManifest,
  users: UserSelection,
): Promise<Int32Array | null> {
  const [view, tables] = await Promise.all([splits.view(manifest), catalogs.tables(manifest)])
  return selectRows(users, view, tables.users)
}

import type { UserSelection } from '../../../src-shared/domain/intervention'
import {
  definitionOf,
  metricLabel,
  metricProvenance,
  type MetricDefinition,
  type RunEvaluation,
} from '../../../src-shared/domain/metric'
import type { RunManifest } from '../../../src-shared/domain/run'
import { describeUsers } from '../../../src-shared/graph/edit/intervention'
import type { CommandContext } from './context'
import { count, decimals, table } from './format'
import { readUsers } from './intervention-options'

/** The metrics of a run with everything one has to know to read them. */
function evaluationDocument(manifest: RunManifest, asked: UserSelection, evaluation: RunEvaluation) {
  const by = <T>(value: (metric: RunEvaluation['metrics'][number]) => T): Record<string, T> =>
    Object.fromEntries(evaluation.metrics.map((metric) => [metric.name, value(metric)]))
  const definitions = evaluation.metrics.map(({ name }) => definitionOf(name))
  const { candidates, protocol } = metricProvenance([manifest], evaluation.metrics[0]!.name)
  return {
    run: manifest.id,
    users: evaluation.users,
    selection: asked,
    metrics: by(({ value }) => value),
    intervals: by(({ interval }) => interval),
    level: evaluation.level,
    candidates,
    protocol,
    recipe: manifest.recipe,
    producedBy: manifest.producedBy,
    // JSON has no infinity: an end that is open is null.
    definitions: Object.fromEntries(definitions.map(({ id, ...definition }) => [id, definition])),
  }
}

const better: Record<MetricDefinition['direction'], string> = { higher: 'higher', lower: 'lower', none: '' }

/** Large values, such as a mean price or year, with fewer decimals. */
const shown = (value: number): string => decimals(value, Math.abs(value) >= 100 ? 2 : 4)

function describeEvaluation(manifest: RunManifest, asked: UserSelection, evaluation: RunEvaluation): string {
  const { candidates, data } = metricProvenance([manifest], evaluation.metrics[0]!.name)
  const { dataset, datasetHash, splitHash } = data[0]!
  return [
    table(
      ['metric', 'value', `${Math.round(evaluation.level * 100)} % interval`, 'better'],
      evaluation.metrics.map(({ name, value, interval }) => [
        metricLabel(name),
        shown(value),
        interval ? `${shown(interval.low)} to ${shown(interval.high)}` : null,
        better[definitionOf(name).direction],
      ]),
    ),
    '',
    `Of ${count(evaluation.users)} users (${describeUsers(asked)}), data ${dataset} ${datasetHash.slice(0, 12)}, split ${splitHash?.slice(0, 12) ?? 'none'}.`,
    `Candidates: ${candidates}`,
    'Formulas: --json.',
  ].join('\n')
}

/** What a run is worth, to everyone or to a segment. */
export function addEvalCommand({ program, output, session }: CommandContext): void {
  program
    .command('eval')
    .description('all metrics of a run on the test part, with intervals, for all users or a segment')
    .argument('<run>')
    .option(
      '--segment <who>',
      'all, ID,ID, user:ID, ATTRIBUTE=VALUE, ATTRIBUTE=LOW..HIGH, ATTRIBUTE>=N or activity>=N (causeway segments shows what there is)',
      'all',
    )
    .action((run: string, { segment }: { segment: string }) => {
      const users = readUsers(segment)
      return session('read', async (opened) => {
        const evaluation = await opened.request('runs:evaluation', { run, users })
        const { manifest } = await opened.request('runs:get', { run })
        output.result(evaluationDocument(manifest, users, evaluation), () =>
          describeEvaluation(manifest, users, evaluation),
        )
      })
    })
}

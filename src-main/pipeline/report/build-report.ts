import type { DatasetCard } from '../../../src-shared/domain/dataset'
import { recipeSchema } from '../../../src-shared/domain/dataset'
import type { Annotations, BootstrapConfidence, CausalGraph } from '../../../src-shared/domain/graph'
import type { SavedEffect } from '../../../src-shared/domain/intervention'
import type { MethodInfo } from '../../../src-shared/domain/method'
import { cutoffs, rankingMetrics } from '../../../src-shared/domain/metric'
import type { RunDetail, RunManifest } from '../../../src-shared/domain/run'
import type { ParamSchema, ParamValues } from '../../../src-shared/params/params'
import { interventionSection } from './intervention-section'
import type { Block, ReportDocument, ReportSection } from './report-document'

/** Everything a report of one run is made of. */
export interface ReportInput {
  detail: RunDetail
  /** null where the data set is gone, or another now has its name. */
  card: DatasetCard | null
  method: MethodInfo
  /** null for a method that learns none. */
  graph: CausalGraph | null
  /** Names and notes of the nodes. */
  annotations: Annotations
  /** null where no bootstrap was asked for. */
  confidence: BootstrapConfidence | null
  /** Results of interventions that were saved with the run. */
  effects: SavedEffect[]
  /** What was saved with the run but cannot be read. */
  damaged: { what: string; name: string; reason: string }[]
}

/** Edges at or above this probability are drawn; the table lists them all. */
const drawnProbability = 0.5

const number = (value: number, digits = 4): string => (Number.isInteger(value) ? String(value) : value.toFixed(digits))
const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
const seconds = (value: number): string => `${value.toFixed(1)} s`

/** The report of a completed run: what was learned from what, how well, under which assumptions, and how to do it again. */
export function buildReport(input: ReportInput): ReportDocument {
  const { manifest } = input.detail
  return {
    title: `${input.method.label} on ${manifest.dataset}`,
    subtitle: `Run ${manifest.id}, ${manifest.state}, created ${manifest.createdAt} with Causeway ${manifest.producedBy.causeway}.`,
    sections: [
      input.card ? dataSection(input.card) : withoutData(manifest),
      methodSection(input.method),
      parameterSection(input),
      trainingSection(input),
      metricSection(input),
      ...(input.graph ? [graphSection(input.graph, input)] : []),
      ...interventionSection(input.effects, input.method),
      limitationSection(input),
      reproductionSection(input),
    ],
  }
}

function withoutData({ dataset, producedBy }: RunManifest): ReportSection {
  const text = `The data set ${dataset} is no longer in the workspace, or another one now has its name: the data that the run was trained on cannot be described. Their hash is ${producedBy.datasetHash}.`
  return { title: 'Data', blocks: [{ kind: 'text', text }] }
}

function dataSection({ manifest, raw, prepared, shareOfTop20Percent, timeRange, alerts }: DatasetCard): ReportSection {
  const rows: (string | number)[][] = [
    ['Source', manifest.source.files.join(', ')],
    ['Users', raw.users],
    ['Items', raw.items],
    ['Interactions', raw.interactions],
    ['Repeated interactions', raw.duplicates],
    ['Density of the raw table', percent(raw.density)],
    ['Users after the recipe', prepared.users],
    ['Items after the recipe', prepared.items],
    ['Positive interactions', prepared.positives],
    ['Train / validation / test', `${prepared.train} / ${prepared.validation} / ${prepared.test}`],
    ['Users without a test item', prepared.coldUsers],
    ['Share of positives on the top 20 % of items', percent(shareOfTop20Percent)],
  ]
  if (timeRange) rows.push(['Time range', `${timeRange.from} to ${timeRange.to}`])
  const blocks: Block[] = [{ kind: 'table', caption: `The data set ${manifest.name}`, head: ['What', 'Value'], rows }]
  if (alerts.length > 0) blocks.push({ kind: 'list', items: alerts.map((alert) => alert.text) })
  return { title: 'Data', blocks }
}

function methodSection(method: MethodInfo): ReportSection {
  const { title, authors, year } = method.paper
  const blocks: Block[] = [
    { kind: 'text', text: `${method.label}: ${method.purpose}` },
    { kind: 'text', text: `Source: ${authors}: ${title} (${year}).` },
  ]
  if (method.assumptions.length > 0) {
    blocks.push({ kind: 'text', text: 'Its causal reading holds only as far as these assumptions do:' })
    blocks.push({ kind: 'list', items: method.assumptions })
  } else blocks.push({ kind: 'text', text: 'It is a baseline and makes no causal claim.' })
  return { title: 'Method and assumptions', blocks }
}

const parameterRows = (schema: ParamSchema, values: ParamValues): (string | number)[][] =>
  schema.map((spec) => [
    spec.label,
    spec.key,
    `${values[spec.key] ?? spec.default}${spec.unit ? ` ${spec.unit}` : ''}`,
    spec.help,
  ])

function parameterSection({ detail: { manifest }, method }: ReportInput): ReportSection {
  const head = ['Parameter', 'Key', 'Value', 'Meaning']
  return {
    title: 'Parameters',
    blocks: [
      { kind: 'table', caption: 'Method', head, rows: parameterRows(method.params, manifest.params) },
      { kind: 'table', caption: 'Recipe of the data', head, rows: parameterRows(recipeSchema, manifest.recipe) },
    ],
  }
}

const groupLabels = { objective: 'Objective', validation: 'Validation', structure: 'Structure' } as const

function trainingSection({ detail: { manifest, points }, method }: ReportInput): ReportSection {
  const best = manifest.bestEpoch === null ? '' : `, the best on the validation part was epoch ${manifest.bestEpoch}`
  const blocks: Block[] = [
    {
      kind: 'text',
      text: `${manifest.epochs} epochs in ${seconds(manifest.durationSeconds)} on the backend ${manifest.backend} with ${manifest.threads} thread${manifest.threads === 1 ? '' : 's'}${best}.`,
    },
  ]
  for (const group of ['objective', 'validation', 'structure'] as const) {
    const series = method.series
      .filter((info) => info.group === group)
      .map((info) => ({
        label: info.label,
        points: points.flatMap((point): [number, number][] => {
          const value = point.values[info.id]
          return value === undefined || !Number.isFinite(value) ? [] : [[point.epoch, value]]
        }),
      }))
      .filter((line) => line.points.length > 0)
    if (series.length > 0) {
      blocks.push({ kind: 'chart', caption: groupLabels[group], xLabel: 'Epoch', yLabel: groupLabels[group], series })
    }
  }
  return { title: 'Training', blocks }
}

function metricSection({ detail: { manifest } }: ReportInput): ReportSection {
  const { metrics } = manifest
  if (!metrics) return { title: 'Metrics', blocks: [{ kind: 'text', text: 'The run has not been evaluated.' }] }
  return {
    title: 'Metrics',
    blocks: [
      {
        kind: 'table',
        caption: 'On the test part, with the best weights',
        head: ['Metric', ...cutoffs.map((k) => `@${k}`), 'Definition'],
        rows: rankingMetrics.map((metric) => [
          metric.label,
          ...cutoffs.map((k) => {
            const value = metrics[`${metric.id}@${k}`]
            return value === undefined ? '-' : number(value)
          }),
          metric.help,
        ]),
      },
      {
        kind: 'text',
        text: 'Every item the user has in neither the train nor the validation part is a candidate: full ranking, no sampled negatives. Users without a test item are left out of the mean.',
      },
    ],
  }
}

function graphSection(graph: CausalGraph, { annotations, confidence, detail }: ReportInput): ReportSection {
  const names = graph.nodes.map((node) => annotations.names[node] ?? node)
  const edges = graph.nodes
    .flatMap((_, from) =>
      graph.nodes.map((__, to) => ({ from, to, probability: graph.probabilities[from]?.[to] ?? 0 })),
    )
    .filter((edge) => edge.from !== edge.to)
    .sort((a, b) => b.probability - a.probability)
  const strengths = graph.meanStrengths
  const found = confidence !== null && confidence.done.length > 0 ? confidence : null
  return {
    title: 'Causal graph',
    blocks: [
      {
        kind: 'text',
        text: `Learned over ${graph.nodes.length} latent confounders. An edge from a to b says that a influences b. The nodes are latent: what they are called is an interpretation of who named them.`,
      },
      ...knowledgeBlocks(detail.manifest.knowledge),
      {
        kind: 'graph',
        caption: `Edges with a probability of at least ${drawnProbability}`,
        nodes: names,
        edges: edges.filter((edge) => edge.probability >= drawnProbability),
      },
      {
        kind: 'table',
        caption: 'All edges, most probable first',
        head: ['From', 'To', 'Probability', ...(strengths ? ['Mean strength'] : []), ...(found ? ['Found in'] : [])],
        rows: edges.map(({ from, to, probability }) => [
          names[from]!,
          names[to]!,
          number(probability, 3),
          ...(strengths ? [number(strengths[from]?.[to] ?? 0, 3)] : []),
          ...(found ? [`${Math.round(found.frequencies[from]![to]! * 100)} %`] : []),
        ]),
      },
      ...nodeBlocks(graph, annotations, found),
      ...(found
        ? [
            {
              kind: 'text' as const,
              text: `Found in: the share of ${found.done.length} trainings on users drawn with replacement, each with its own seed, in which the edge has a probability of at least 0.5 once the confounders are matched by what they do to the items.${found.done.length < found.resamples ? ` ${found.resamples} were asked for.` : ''} A confounder unlike its match makes the figures of its edges unsure.`,
            },
          ]
        : []),
    ],
  }
}

/** Names, notes and the likeness of the nodes to their matches; nothing where there is nothing to say. */
function nodeBlocks(graph: CausalGraph, { names, notes }: Annotations, found: BootstrapConfidence | null): Block[] {
  const annotated = Object.keys(names).length + Object.keys(notes).length > 0
  if (!annotated && !found) return []
  return [
    {
      kind: 'table',
      caption: 'The nodes',
      head: ['Node', ...(annotated ? ['Name', 'Notes'] : []), ...(found ? ['Likeness to its match'] : [])],
      rows: graph.nodes.map((node, at) => [
        node,
        ...(annotated ? [names[node] ?? '', notes[node] ?? ''] : []),
        ...(found ? [number(found.meanSimilarity[at]!, 3)] : []),
      ]),
    },
  ]
}

function knowledgeBlocks(knowledge: RunManifest['knowledge']): Block[] {
  if (knowledge === null) return []
  const listed = (edges: [string, string][]): string =>
    edges.map(([from, to]) => `${from} → ${to}`).join(', ') || 'none'
  return [
    {
      kind: 'table',
      caption: `What the training was told of the graph and honoured exactly: ${knowledge.name}`,
      head: ['What', 'Value'],
      rows: [
        ['Required edges', listed(knowledge.required)],
        ['Forbidden edges', listed(knowledge.forbidden)],
        ['Tiers, earliest first', knowledge.tiers.map((tier) => tier.join(', ')).join(' | ') || 'none'],
        ...(knowledge.notes === '' ? [] : [['Notes', knowledge.notes]]),
      ],
    },
  ]
}

function limitationSection({ detail: { manifest }, card, method, graph, damaged }: ReportInput): ReportSection {
  const items = [
    'The figures are of one run with one seed. Compare methods over several seeds and on the same split.',
    'Offline metrics count what users did in the past. They do not show what users would have done with other recommendations.',
    'Interactions that were never offered to a user count as negatives.',
  ]
  if (method.family === 'causal') {
    items.push(
      'That the model fits the data does not show that its assumptions hold; they cannot be tested on this data alone.',
    )
  }
  if (graph) {
    items.push(
      'The graph is over latent variables: it is identified at most up to a relabelling of its nodes, and may differ between seeds.',
    )
  }
  if (card && card.prepared.coldUsers > 0) {
    items.push(`${card.prepared.coldUsers} users have no test item; the metrics say nothing about them.`)
  }
  if (manifest.recipe.splitBy === 'random') {
    items.push('The split is random: the model has seen interactions later than some it is tested on.')
  }
  for (const { what, name, reason } of damaged) items.push(`The ${what} "${name}" is left out. ${reason}`)
  return { title: 'Limitations', blocks: [{ kind: 'list', items }] }
}

/** The command that trains the same run, with every value that differs from its default. */
export function reproductionCommand({ detail: { manifest }, method }: ReportInput): string {
  const set = (prefix: string, schema: ParamSchema, values: ParamValues): string[] =>
    schema
      .filter((spec) => values[spec.key] !== undefined && values[spec.key] !== spec.default)
      .map((spec) => `--set ${prefix}${spec.key}=${quoted(String(values[spec.key]))}`)
  return [
    'causeway train',
    manifest.method,
    `--data ${quoted(manifest.dataset)}`,
    `--backend ${manifest.backend}`,
    `--seed ${manifest.seed}`,
    ...(manifest.knowledge ? [`--knowledge ${quoted(manifest.knowledge.name)}`] : []),
    ...set('', method.params, manifest.params),
    ...set('data.', recipeSchema, manifest.recipe),
  ].join(' ')
}

const quoted = (text: string): string => (/^[\w.+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

function reproductionSection(input: ReportInput): ReportSection {
  const { producedBy, seed, backend, threads } = input.detail.manifest
  return {
    title: 'How to reproduce',
    blocks: [
      { kind: 'code', text: reproductionCommand(input) },
      {
        kind: 'table',
        caption: 'What it was made from',
        head: ['What', 'Value'],
        rows: [
          ['Causeway', producedBy.causeway],
          ['SHA-256 of the data set', producedBy.datasetHash],
          ['Hash of the split', producedBy.splitHash ?? '-'],
          ['Seed', seed],
          ['Backend', backend],
          ['Threads', threads],
        ],
      },
      {
        kind: 'text',
        text: 'Numbers repeat to the bit on the same backend; on another they may differ in the last digits.',
      },
    ],
  }
}

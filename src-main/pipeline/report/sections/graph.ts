import type { BootstrapConfidence, CausalGraph, Annotations } from '../../../../src-shared/domain/graph'
import type { SavedMask } from '../../../../src-shared/domain/mask'
import type { RunManifest } from '../../../../src-shared/domain/run'
import { describeMask } from '../../../../src-shared/graph/edit/intervention'
import { groupsOf, type ReportedRun, type ReportInput } from '../report-input'
import type { Block, GraphBlock } from '../report-document'

/** Edges at or above this probability are drawn; the table lists them all. */
const drawnProbability = 0.5

/**
 * The runs whose graphs are shown: those the analyst has worked on (masks, names, results, bootstrap), and of every other group of runs the
 * first. Graphs of all seeds would be leafed through, not read.
 */
function runsWithShownGraph(runs: readonly ReportedRun[]): ReportedRun[] {
  return groupsOf(runs).flatMap(({ runs: members }) => {
    const own = members.filter(({ graph }) => graph !== null)
    const worked = own.filter(
      ({ masks, effects, annotations, confidence }) =>
        masks.length + effects.length + Object.keys(annotations.names).length > 0 || confidence !== null,
    )
    return worked.length > 0 ? worked : own.slice(0, 1)
  })
}

/** What the runs learned of causes, and the masks that were kept with them. */
export function graphSection({ runs }: ReportInput): Block[] {
  const shown = runsWithShownGraph(runs)
  const groups = groupsOf(runs)
  const labelOf = (run: ReportedRun): string =>
    `${groups.find((group) => group.runs.includes(run))!.label}, seed ${run.manifest.seed}`
  const withGraph = runs.filter(({ graph }) => graph !== null).length
  return [
    {
      kind: 'text',
      text: 'An edge from a to b says that a influences b. The nodes are latent: what they are called is an interpretation of who named them.',
    },
    ...(shown.length < withGraph
      ? [
          {
            kind: 'text' as const,
            text: `Graphs of ${shown.length} of ${withGraph} runs: those with masks, names or results, else the first of each group.`,
          },
        ]
      : []),
    ...shown.flatMap((run) => [
      ...(runs.length > 1 ? [{ kind: 'heading' as const, text: labelOf(run) }] : []),
      ...graphBlocks(run.graph!, run),
    ]),
  ]
}

function graphBlocks(graph: CausalGraph, { annotations, confidence, manifest, masks }: ReportedRun): Block[] {
  const names = graph.nodes.map((node) => annotations.names[node] ?? node)
  const edges = graph.nodes
    .flatMap((_, from) =>
      graph.nodes.map((__, to) => ({ from, to, probability: graph.probabilities[from]?.[to] ?? 0 })),
    )
    .filter((edge) => edge.from !== edge.to)
    .sort((a, b) => b.probability - a.probability)
  const strengths = graph.meanStrengths
  const found = confidence !== null && confidence.done.length > 0 ? confidence : null
  const drawn = edges.filter((edge) => edge.probability >= drawnProbability)
  return [
    ...knowledgeBlocks(manifest.knowledge),
    {
      kind: 'graph',
      caption:
        `The learned graph over ${graph.nodes.length} latent confounders: edges with a probability of at least ${drawnProbability}` +
        (drawn.length === 0 ? '. There is none' : ''),
      nodes: names,
      edges: drawn,
    },
    {
      kind: 'table',
      caption: 'All edges, most probable first',
      head: ['From', 'To', 'Probability', ...(strengths ? ['Mean strength'] : []), ...(found ? ['Found in'] : [])],
      rows: edges.map(({ from, to, probability }) => [
        names[from]!,
        names[to]!,
        probability.toFixed(3),
        ...(strengths ? [(strengths[from]?.[to] ?? 0).toFixed(3)] : []),
        ...(found ? [`${Math.round(found.frequencies[from]![to]! * 100)} %`] : []),
      ]),
      folded: edges.length > 30,
    },
    ...nodeBlocks(graph, annotations, found),
    ...(found ? [foundWords(found)] : []),
    ...masks.flatMap((mask) => maskBlocks(mask, names, edges)),
  ]
}

const foundWords = ({ done, resamples }: BootstrapConfidence): Block => ({
  kind: 'text',
  text: `Found in: the share of ${done.length} trainings on users drawn with replacement, each with its own seed, in which the edge has a probability of at least 0.5 once the confounders are matched by what they do to the items.${done.length < resamples ? ` ${resamples} were asked for.` : ''} A confounder unlike its match makes the figures of its edges unsure.`,
})

/** A mask that was kept with the run, drawn on the learned graph: what it removes is struck through. */
function maskBlocks({ mask, savedAt }: SavedMask, names: string[], edges: GraphBlock['edges']): Block[] {
  const factorOf = ({ from, to }: { from: number; to: number }): number => mask.factors[from]?.[to] ?? 1
  const shown = edges
    .filter((edge) => edge.probability >= drawnProbability || factorOf(edge) !== 1)
    .map((edge) => ({ ...edge, factor: factorOf(edge) }))
  const words = describeMask(mask.factors, (node) => names[node] ?? `c${node + 1}`)
  return [
    {
      kind: 'graph',
      caption: `The mask "${mask.name}", saved ${savedAt.slice(0, 10)}: ${words}. Struck through: removed. A factor on an edge scales its influence`,
      nodes: names,
      edges: shown,
    },
    ...(mask.notes === '' ? [] : [{ kind: 'text' as const, text: mask.notes }]),
  ]
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
        ...(found ? [found.meanSimilarity[at]!.toFixed(3)] : []),
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

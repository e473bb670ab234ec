import type { CausalGraph } from '../../../src-shared/domain/graph'
import type { Knowledge } from '../../../src-shared/domain/knowledge'
import type { MethodInfo } from '../../../src-shared/domain/method'
import {
  isMetricName,
  metricLabel,
  metricProvenance,
  rangeOf,
  type MetricDefinition,
} from '../../../src-shared/domain/metric'
import type { ModelFormat } from '../../../src-shared/domain/exported'
import type { RunManifest } from '../../../src-shared/domain/run'
import type { ParamValues } from '../../../src-shared/params/params'

/** Names of the files that go with every exported model. */
export const cardFile = 'model-card.json'
export const itemsFile = 'items.json'

/** What there is to say of an exported model. */
export interface CardInput {
  causeway: string
  format: ModelFormat
  manifest: RunManifest
  method: MethodInfo
  /** Items of the split: the length of a row and of its scores. */
  items: number
  /** Null for a model without a causal graph. */
  graph: Pick<CausalGraph, 'nodes'> | null
  /** Names the analyst gave the nodes, by learned name. */
  names: Record<string, string>
  /** [k][k]; null where every edge is left as it is. */
  mask: number[][] | null
}

/** `model-card.json`: what the model is, what it was made of, how good it is and how it is loaded. */
export interface ModelCard {
  type: 'causeway-model-card'
  version: 1
  run: string
  format: ModelFormat
  method: Pick<MethodInfo, 'id' | 'label' | 'family' | 'purpose' | 'assumptions' | 'paper'> & {
    identification: string | null
  }
  training: {
    params: ParamValues
    seed: number
    epochs: number
    bestEpoch: number | null
    backend: string
    threads: number
    endedAt: string | null
    knowledge: Knowledge | null
    causeway: string
    platform: string
    node: string
    weightsHash: string | null
  }
  data: {
    dataset: string
    hash: string
    recipe: ParamValues
    splitHash: string | null
    items: number
  }
  graph: { nodes: string[]; names: Record<string, string> } | null
  /** `factors[i][j]` scales the edge i → j; null where every edge is as learned. */
  mask: { factors: number[][]; meaning: string } | null
  evaluation: {
    candidates: string
    protocol: string
    users: number | null
    /** The mask was not in force when the metrics were computed. */
    masked: false
    metrics: (Pick<MetricDefinition, 'help' | 'direction' | 'source'> & {
      name: string
      label: string
      value: number
      range: readonly [number, number]
    })[]
  } | null
  intendedUse: string[]
  limitations: string[]
  inputs: Record<string, string>
  outputs: Record<string, string>
  load: string[]
  exportedBy: string
}

const rowsInput = 'float32 [rows, items]: one row a user, 1 where the user has the item of that column, else 0.'
const maskInput =
  'float32 [k, k]: factors of the causal edges in 0..1, parents in rows, nodes in the order of graph.nodes; 1 leaves an edge as it is, 0 removes it.'
const scoresOutput =
  'float32 [rows, items]: the score of each item, higher is better. Items that the user has already are scored too: leave them out of a list.'

function loading(format: ModelFormat, hasMask: boolean): string[] {
  switch (format) {
    case 'onnx':
      return [
        'Python: session = onnxruntime.InferenceSession("model.onnx"); scores = session.run(None, {"interactions": rows})[0]',
        ...(hasMask
          ? [
              'With another mask: session.run(None, {"interactions": rows, "mask": mask}). The mask is an input with a default, which the interfaces of onnxruntime for Python, C, C++ and C# let you give. Those for JavaScript and Java do not: export with the mask there.',
            ]
          : []),
      ]
    case 'tfjs':
      return [
        'const model = await tf.loadGraphModel("model.json"); const scores = model.execute({ interactions: rows }, "scores")',
        ...(hasMask
          ? ['With another mask: model.execute({ interactions: rows, mask: tf.tensor2d(mask) }, "scores").']
          : []),
        'model.json and weights.bin stay in one folder.',
      ]
    case 'safetensors':
      return [
        'Python: weights = safetensors.numpy.load_file("model.safetensors")',
        'These are the weights by name; how they make scores is the method’s own. The ONNX and TensorFlow.js formats hold that too.',
      ]
  }
}

const maskMeaning =
  'Factors of the causal edges, parents in rows: 1 leaves an edge as learned, 0 removes it (do-operation).'

/** The card of a model. */
export function modelCard(input: CardInput): ModelCard {
  const { causeway, format, manifest, method, items, graph, names, mask } = input
  const { producedBy } = manifest
  const { id, label, family, purpose, assumptions, identification, paper } = method
  const weightsOnly = format === 'safetensors'
  return {
    type: 'causeway-model-card',
    version: 1,
    run: manifest.id,
    format,
    method: { id, label, family, purpose, assumptions, identification: identification?.statement ?? null, paper },
    training: {
      params: manifest.params,
      seed: manifest.seed,
      epochs: manifest.epochs,
      bestEpoch: manifest.bestEpoch,
      backend: manifest.backend,
      threads: manifest.threads,
      endedAt: manifest.endedAt,
      knowledge: manifest.knowledge,
      causeway: producedBy.causeway,
      platform: producedBy.platform,
      node: producedBy.node,
      weightsHash: manifest.weightsHash,
    },
    data: {
      dataset: manifest.dataset,
      hash: producedBy.datasetHash,
      recipe: manifest.recipe,
      splitHash: producedBy.splitHash,
      items,
    },
    graph: graph && { nodes: graph.nodes, names },
    mask: mask && { factors: mask, meaning: maskMeaning },
    evaluation: evaluationOf(manifest),
    intendedUse: [
      `Ranking the ${items} items of "${manifest.dataset}" for people whose interactions are given as a row, those of the data or new ones.`,
      ...(graph
        ? ['Asking how the ranking changes when edges of the learned causal graph are scaled or removed.']
        : []),
    ],
    limitations: [
      `It knows the ${items} items in ${itemsFile} and no other; a new item needs a new training.`,
      'It learned from what people chose among what they were shown: it can repeat the biases of the data.',
      ...(graph
        ? [
            'The nodes of the graph are latent: another seed can learn another graph, and names of nodes are the analyst’s.',
            'What a mask does is exact for this model. Whether the world would answer alike rests on the assumptions named above.',
          ]
        : ['It makes no causal claim.']),
      ...(mask ? ['The metrics are those of the model without the mask.'] : []),
    ],
    inputs: weightsOnly ? {} : { interactions: rowsInput, ...(graph ? { mask: maskInput } : {}) },
    outputs: weightsOnly ? {} : { scores: scoresOutput },
    load: [
      ...loading(format, graph !== null),
      `Columns are items in the order of ${itemsFile}: its first entry is column 0.`,
    ],
    exportedBy: `causeway ${causeway}`,
  }
}

function evaluationOf(manifest: RunManifest): ModelCard['evaluation'] {
  const names = Object.keys(manifest.metrics ?? {}).filter(isMetricName)
  if (!manifest.metrics || names.length === 0) return null
  const { candidates, protocol, users } = metricProvenance([manifest], names[0]!)
  const metrics = names.map((name) => {
    const { help, direction, source } = metricProvenance([manifest], name).definition
    return {
      name,
      label: metricLabel(name),
      value: manifest.metrics![name]!,
      range: rangeOf(name),
      direction,
      help,
      ...(source === undefined ? {} : { source }),
    }
  })
  return { candidates, protocol, users, masked: false, metrics }
}

import type { ExportedFile } from '../../../src-shared/domain/exported'
import type { NamedArrays } from '../../methods/method'
import type { ScoringGraph } from '../../methods/scoring-graph'
import { encodeSafetensors } from '../../tensor/safetensors'
import { cardFile, itemsFile, modelCard, type CardInput } from './model-card'
import { onnxModel, type ModelAbout } from './onnx'
import { tfjsModel, tfjsWeightsFile } from './tfjs'

/** The items of a split in the order of its columns. */
export type NamedItems = { id: string; title: string }[]

/** What a model's file holds: the scoring function for other programs, or the weights alone. */
export type ModelContent =
  { format: 'onnx' | 'tfjs'; graph: ScoringGraph } | { format: 'safetensors'; weights: NamedArrays }

export type ModelInput = Omit<CardInput, 'format' | 'items'> & { items: NamedItems }

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const jsonFile = (name: string, value: unknown): ExportedFile => ({
  name,
  mediaType: 'application/json',
  bytes: utf8(`${JSON.stringify(value, null, 2)}\n`),
})

/** What every format keeps of where a model comes from, in short texts by key. */
export function modelProperties({
  manifest,
  causeway,
  graph,
  mask,
}: Pick<CardInput, 'manifest' | 'causeway' | 'graph' | 'mask'>): Record<string, string> {
  const { producedBy } = manifest
  return {
    run: manifest.id,
    method: manifest.method,
    dataset: manifest.dataset,
    datasetHash: producedBy.datasetHash,
    splitHash: producedBy.splitHash ?? '',
    weightsHash: manifest.weightsHash ?? '',
    seed: String(manifest.seed),
    trainedBy: `causeway ${producedBy.causeway}`,
    exportedBy: `causeway ${causeway}`,
    ...(graph ? { nodes: JSON.stringify(graph.nodes) } : {}),
    mask: mask ? JSON.stringify(mask) : 'none',
  }
}

function aboutOf(input: ModelInput): ModelAbout {
  const { manifest, method, causeway, items, mask } = input
  return {
    name: manifest.id,
    description:
      `${method.label} (${method.paper.authors} ${method.paper.year}), trained as ${manifest.id} on "${manifest.dataset}". ` +
      `From rows of interactions with ${items.length} items to the scores of the items${mask ? ', with a mask on its causal edges as default' : ''}. ` +
      `The columns are the items of ${itemsFile}, also in the metadata as "items".`,
    causeway,
    properties: { ...modelProperties(input), items: JSON.stringify(items.map(({ id }) => id)) },
  }
}

/** A model as files that belong together: the model itself, its card, and its items in the order of the columns. */
export function modelFiles(input: ModelInput, content: ModelContent): ExportedFile[] {
  const { items } = input
  return [
    ...contentFiles(input, content),
    jsonFile(cardFile, modelCard({ ...input, format: content.format, items: items.length })),
    jsonFile(itemsFile, items),
  ]
}

function contentFiles(input: ModelInput, content: ModelContent): ExportedFile[] {
  const binary = 'application/octet-stream'
  switch (content.format) {
    case 'onnx':
      return [{ name: 'model.onnx', mediaType: binary, bytes: onnxModel(content.graph, aboutOf(input)) }]
    case 'tfjs': {
      const { model, weights } = tfjsModel(content.graph, aboutOf(input))
      return [
        { name: 'model.json', mediaType: 'application/json', bytes: utf8(model) },
        { name: tfjsWeightsFile, mediaType: binary, bytes: weights },
      ]
    }
    case 'safetensors':
      return [
        {
          name: 'model.safetensors',
          mediaType: binary,
          bytes: encodeSafetensors(content.weights, modelProperties(input)),
        },
      ]
  }
}

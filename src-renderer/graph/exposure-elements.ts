import type { ElementDefinition } from 'cytoscape'
import type { ExposureEffectPair } from '../../src-shared/domain/exposure'
import { effectText } from '../../src-shared/exposure/words'
import { edgeWidth } from './elements'

/** The strongest effects of exposures as a graph: nodes are items, an edge goes from the item that is exposed to the one whose rating moves. */

export const exposureEdgeId = ({ from, to }: ExposureEffectPair): string => `${from.id}→${to.id}`

/** Long titles would cover their neighbours. */
const longestTitle = 36
const short = (title: string): string =>
  title.length <= longestTitle ? title : `${title.slice(0, longestTitle - 1).trimEnd()}…`

/** The numbers of more effects would cover each other; the table has them. */
const mostLabels = 12

/** The effects as Cytoscape elements: width by size, colour and dashes by sign. */
export function exposureElements(pairs: readonly ExposureEffectPair[]): ElementDefinition[] {
  const items = new Map(pairs.flatMap(({ from, to }) => [from, to]).map((item) => [item.id, item]))
  const moved = new Set(pairs.map(({ to }) => to.id))
  const strongest = Math.max(0, ...pairs.map(({ effect }) => Math.abs(effect)))
  return [
    ...[...items.values()].map(({ id, title }): ElementDefinition => ({
      group: 'nodes',
      data: { id, label: short(title), inside: false, held: false, role: 'item', first: !moved.has(id) },
    })),
    ...pairs.map((pair): ElementDefinition => ({
      group: 'edges',
      data: {
        id: exposureEdgeId(pair),
        source: pair.from.id,
        target: pair.to.id,
        label: pairs.length <= mostLabels ? effectText(pair.effect) : '',
        width: edgeWidth(pair.effect, strongest),
        opacity: 1,
        status: 'kept',
        change: pair.effect < 0 ? 'lowers' : 'raises',
      },
    })),
  ]
}

/** What a screen reader says of an element. */
export function exposureCaption(id: string, pairs: readonly ExposureEffectPair[]): string {
  const edge = pairs.find((pair) => exposureEdgeId(pair) === id)
  if (edge)
    return `Exposing ${edge.from.title} ${edge.effect < 0 ? 'lowers' : 'raises'} ${edge.to.title}: ${effectText(edge.effect)}`
  const item = pairs.flatMap(({ from, to }) => [from, to]).find((one) => one.id === id)
  const moves = pairs.filter(({ from }) => from.id === id).length
  const moved = pairs.filter(({ to }) => to.id === id).length
  return `${item?.title ?? id}, moves ${moves}, moved by ${moved}`
}

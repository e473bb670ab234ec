import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { Mask } from '../../src-shared/domain/mask'
import type { Core } from './core'
import { nodesOf, requireGraph } from './graph-handlers'
import { requireCompleted } from './runs-handlers'

type Names = 'masks:list' | 'masks:save' | 'masks:remove'

/** Masks on the learned graph of a run, kept with it. */
export function masksHandlers({ store, saved, events }: Core): Pick<Handlers, Names> {
  return {
    'masks:list': ({ run }) => saved.masks(run).list().saved,
    'masks:save': ({ run, mask, replace }) => {
      const manifest = requireGraph(requireCompleted(store.read(run)), 'mask')
      requireMaskOf(nodesOf(store, manifest.id), mask)
      const kept = saved.masks(run).save({ mask, savedAt: new Date().toISOString() }, replace)
      events.emit('run:annotated', { run })
      return kept
    },
    'masks:remove': ({ run, mask }) => {
      saved.masks(run).remove(mask)
      events.emit('run:annotated', { run })
      return null
    },
  }
}

/** @throws CausewayError `badRequest` for a mask on other nodes than the run's, or one that lets a node act on itself less */
export function requireMaskOf(nodes: string[], mask: Mask): void {
  if (mask.nodes.length !== nodes.length || mask.nodes.some((node, at) => node !== nodes[at])) {
    const other = mask.nodes.length === nodes.length ? 'other nodes' : `${mask.nodes.length} nodes`
    throw new CausewayError(
      'badRequest',
      `The mask "${mask.name}" is on ${other} (${shortened(mask.nodes)}), the graph of the run on ${nodes.length} (${shortened(nodes)}).`,
      { mask: mask.nodes, run: nodes },
    )
  }
  const node = nodes.findIndex((_, at) => mask.factors[at]![at] !== 1)
  if (node >= 0)
    throw new CausewayError(
      'badRequest',
      `The mask "${mask.name}" has ${mask.factors[node]![node]} on its diagonal at ${nodes[node]}: no node acts on itself, the diagonal is 1.`,
      { node: nodes[node] },
    )
}

const shortened = (nodes: string[]): string =>
  nodes.length > 8 ? `${nodes.slice(0, 3).join(', ')} … ${nodes.at(-1)}` : nodes.join(', ')

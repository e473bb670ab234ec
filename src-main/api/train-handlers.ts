import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { Knowledge } from '../../src-shared/domain/knowledge'
import type { MethodInfo } from '../../src-shared/domain/method'
import { checkKnowledge } from '../../src-shared/graph/knowledge'
import { resolveParams, type ParamValues } from '../../src-shared/params/params'
import { threadsOf } from '../jobs/threads'
import { requireBackend } from '../jobs/training'
import { findMethod, methods } from '../methods/registry'
import { readDataset } from '../pipeline/dataset/dataset'
import { resolveRecipe } from '../pipeline/split/prepare-split'
import type { Core } from './core'

type Names = 'train:methods' | 'train:start' | 'train:resume'

/** Methods, and the start of trainings: everything about a training is checked before its run exists. */
export function trainHandlers(core: Core): Pick<Handlers, Names> {
  return {
    'train:methods': () => methods.map((descriptor) => descriptor.info),
    'train:start': async (request) => {
      core.workspace.assertWritable()
      const { info } = findMethod(request.method)
      const params = resolveParams(info.params, request.params)
      if (request.knowledge) requireFittingKnowledge(info, params, request.knowledge)
      const recipe = { ...resolveRecipe(request.recipe) }
      const dataset = await readDataset(core.workspace.path, request.dataset)
      const probe = await core.probe(false)
      const backend = request.backend ?? probe.chosen
      requireBackend(probe, backend)
      return core.trainings.start({
        method: { id: info.id, label: info.label },
        dataset: { name: dataset.name, hash: dataset.hash },
        recipe,
        params,
        knowledge: request.knowledge,
        seed: request.seed,
        backend,
        threads: threadsOf(backend),
        experiment: null,
        reproduces: null,
      })
    },
    'train:resume': async ({ run }) => {
      core.workspace.assertWritable()
      await core.inference.forget(run)
      return core.trainings.resume(run)
    },
  }
}

/**
 * A method with the capability `knowledge` learns a graph over as many nodes as its parameter `confounders` says, c1 … ck.
 * @throws CausewayError `badRequest` where the method cannot honour knowledge, or this knowledge does not fit
 */
export function requireFittingKnowledge(info: MethodInfo, params: ParamValues, knowledge: Knowledge): void {
  if (!info.capabilities.includes('knowledge')) {
    throw new CausewayError(
      'badRequest',
      `${info.label} learns no graph that knowledge could be about: leave it out.`,
      {
        method: info.id,
      },
    )
  }
  checkKnowledge(knowledge, Number(params.confounders))
  const other = knowledge.nodes.find((node, at) => node !== `c${at + 1}`)
  if (other !== undefined) {
    throw new CausewayError(
      'badRequest',
      `Knowledge "${knowledge.name}": the node ${JSON.stringify(other)} is none that ${info.label} learns. It names them c1, c2, … in this order.`,
      { node: other },
    )
  }
}

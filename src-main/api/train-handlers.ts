import { availableParallelism } from 'node:os'
import type { Handlers } from '../../src-shared/contract/contract'
import type { BackendId } from '../../src-shared/domain/backend'
import { resolveParams } from '../../src-shared/params/params'
import { requireBackend } from '../jobs/training'
import { findMethod, methods } from '../methods/registry'
import { readDataset } from '../pipeline/dataset/dataset'
import { resolveRecipe } from '../pipeline/split/prepare-split'
import type { Core } from './core'

type Names = 'train:methods' | 'train:start' | 'train:resume'

/** The portable backends compute on one thread; TensorFlow takes what the machine has. */
const threadsOf = (backend: BackendId): number => (backend === 'tensorflow' ? availableParallelism() : 1)

/** Methods, and the start of trainings: everything about a training is checked before its run exists. */
export function trainHandlers(core: Core): Pick<Handlers, Names> {
  return {
    'train:methods': () => methods.map((descriptor) => descriptor.info),
    'train:start': async (request) => {
      core.workspace.assertWritable()
      const { info } = findMethod(request.method)
      const params = resolveParams(info.params, request.params)
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
        seed: request.seed,
        backend,
        threads: threadsOf(backend),
      })
    },
    'train:resume': async ({ run }) => {
      core.workspace.assertWritable()
      await core.inference.forget(run)
      return core.trainings.resume(run)
    },
  }
}

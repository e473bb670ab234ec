import { CausewayError } from '../../../src-shared/contract/errors'
import type { RecordedRun, ReproductionBundle } from '../../../src-shared/domain/reproduction'
import type { RunManifest } from '../../../src-shared/domain/run'

/**
 * What `causeway reproduce` needs to train runs again and to hold them against what came out.
 * @param manifests completed runs, in the order in which they are to be trained again
 * @throws CausewayError `notFound` for no run at all, `runNotReady` for one without results
 */
export function bundleOf(manifests: readonly RunManifest[], title: string): ReproductionBundle {
  if (manifests.length === 0)
    throw new CausewayError('notFound', `${title} has no completed run that could be trained again.`)
  return { type: 'causeway-bundle', version: 1, title, runs: manifests.map(recordedRun) }
}

function recordedRun(manifest: RunManifest): RecordedRun {
  const { producedBy, metrics } = manifest
  if (manifest.state !== 'completed' || metrics === null || producedBy.splitHash === null) {
    throw new CausewayError(
      'runNotReady',
      `The run ${manifest.id} is ${manifest.state} and has no results to hold another training against.`,
      { run: manifest.id, state: manifest.state },
    )
  }
  return {
    run: manifest.id,
    method: manifest.method,
    params: manifest.params,
    knowledge: manifest.knowledge,
    seed: manifest.seed,
    backend: manifest.backend,
    threads: manifest.threads,
    data: {
      dataset: manifest.dataset,
      hash: producedBy.datasetHash,
      recipe: manifest.recipe,
      splitHash: producedBy.splitHash,
    },
    environment: { causeway: producedBy.causeway, platform: producedBy.platform, node: producedBy.node },
    results: {
      epochs: manifest.epochs,
      bestEpoch: manifest.bestEpoch,
      metrics,
      weightsHash: manifest.weightsHash,
      evaluationHash: manifest.evaluation?.hash ?? null,
    },
  }
}

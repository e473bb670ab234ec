import { CausewayError } from '../../../../src-shared/contract/errors'
import type { RankingFit } from '../../../../src-shared/domain/ranking-simulation'
import { nnzOf, type Split, type UserFeatures } from '../../../../src-shared/domain/split'
import { resolveParams } from '../../../../src-shared/params/params'
import type { RankingOutcome, RankingTraining } from '../../../jobs/trainer-contract'
import type { FittedModel, StopSignal } from '../../../methods/method'
import { findMethod } from '../../../methods/registry'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { ratedNdcg } from '../../fit/ranking-validation'
import { trainUnwatched } from '../simulate/train-unwatched'
import { readDecoders } from './decoders'
import { randomRanking, rankUsers } from './rank-users'
import { rankingSplit } from './ranking-split'
import { dataSource, drawWorld, featuresOf, simulatedSource, type RankingWorld } from './world'

/** Trains methods in drawn worlds; the last world, features and split are kept, for the next training. */
export class RankingTrainings {
  private readonly world = new Kept<RankingWorld>()
  private readonly features = new Kept<UserFeatures | null>()
  private readonly split = new Kept<Split>()

  /** @throws CausewayError `cancelled` when stopped, `tooFewUsers` where nothing is liked, and what the training throws */
  async train(asked: RankingTraining, signal: StopSignal): Promise<RankingOutcome> {
    const started = performance.now()
    const descriptor = findMethod(asked.method)
    const params = resolveParams(descriptor.info.params, asked.params)
    const { world, split } = this.dataOf(asked)
    await useBackend('wasm')
    const method = await descriptor.load()
    const { model, epochs } = await trainUnwatched(method, { split, params, rng: Rng.seeded(asked.seed), signal })
    try {
      // Trainings stop by criteria of their own: parameters are chosen by one. Among what was rated, as a list of all items would be a test of who is
      // exposed to what.
      const validation = await ratedNdcg(model, split, signal)
      const test = asked.phase === 'final' ? await testOf(model, world, split, signal) : null
      if (!validation) throw stopped()
      if (validation.value === null) throw new TypeError('No validation user likes an item that is held out.')
      return {
        validation: validation.value,
        test,
        epochs,
        seconds: (performance.now() - started) / 1000,
      }
    } finally {
      model.dispose()
    }
  }

  private dataOf({ world, decoders, threshold, gamma, noise, seed }: RankingTraining) {
    const ofWorld = JSON.stringify([world, decoders, threshold, gamma])
    const drawn = this.world.get(ofWorld, () =>
      drawWorld(
        world.kind === 'simulated'
          ? simulatedSource(world, gamma)
          : dataSource(world, readDecoders(decoders ?? ''), gamma),
        threshold,
      ),
    )
    const features = this.features.get(`${ofWorld} ${noise}`, () => featuresOf(drawn, { noise }))
    const split = this.split.get(`${ofWorld} ${noise} ${seed}`, () => {
      const made = rankingSplit(drawn, { features, threshold, seed })
      if (nnzOf(made.validation) === 0 || nnzOf(made.test) === 0)
        throw new CausewayError(
          'tooFewUsers',
          `At gamma ${gamma} no ${nnzOf(made.test) === 0 ? 'test' : 'validation'} user of split ${seed} likes an item that is held out: take more users, a larger scale or a lower threshold.`,
        )
      return made
    })
    return { world: drawn, split }
  }
}

const stopped = (): CausewayError => new CausewayError('cancelled', 'The training was stopped.')

/** A value that is made anew for another key only. */
class Kept<T> {
  private kept: { key: string; value: T } | null = null

  get(key: string, make: () => T): T {
    if (this.kept?.key !== key) this.kept = { key, value: make() }
    return this.kept.value
  }
}

async function testOf(
  model: FittedModel,
  { source, exposed, liked, likedExposed }: RankingWorld,
  split: Split,
  signal: StopSignal,
): Promise<RankingFit['test']> {
  const ranked = await rankUsers(model, split, signal)
  if (!ranked) throw stopped()
  const count = nnzOf(exposed)
  return {
    ...ranked,
    base: {
      exposed: count,
      liked: liked / (source.users * source.items),
      likedExposed: likedExposed / count,
      ...randomRanking(split),
    },
  }
}

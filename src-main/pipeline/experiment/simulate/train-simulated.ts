import { CausewayError } from '../../../../src-shared/contract/errors'
import { takeRows, type Split } from '../../../../src-shared/domain/split'
import { resolveParams } from '../../../../src-shared/params/params'
import type { SimulatedTraining, SimulatedOutcome } from '../../../jobs/trainer-contract'
import type { FittedModel, StopSignal } from '../../../methods/method'
import { findMethod } from '../../../methods/registry'
import { useBackend } from '../../../tensor/backends'
import { Rng } from '../../../tensor/rng'
import { decodeSafetensors } from '../../../tensor/safetensors'
import { ratedPairs } from '../../evaluate/rated'
import { readBytes } from '../../run-files'
import { linkOf, Preferences } from './factorise'
import { simulatedSplit } from './simulated-split'
import { trainUnwatched } from './train-unwatched'
import { drawWorld } from './world'

/** Trains methods on drawn data; the last data that were drawn are kept, for the next method. */
export class SimulatedTrainings {
  private preferences: { file: string; of: Preferences } | null = null
  private drawn: { key: string; split: Split; observed: number } | null = null

  /** @throws CausewayError `cancelled` when stopped, and what the training throws */
  async train(asked: SimulatedTraining, signal: StopSignal): Promise<SimulatedOutcome> {
    const started = performance.now()
    const descriptor = findMethod(asked.method)
    const params = resolveParams(descriptor.info.params, asked.params)
    const { split, observed } = this.dataOf(asked)
    await useBackend('wasm')
    const method = await descriptor.load()
    let validation: number | null = null
    const { model, epochs } = await trainUnwatched(
      method,
      { split, params, rng: Rng.seeded(asked.seed), signal },
      {
        epoch({ values: { squaredError, heldOutLikelihood } }) {
          // What the training itself stops by. A likelihood tells the correlation too, which the squared error hardly depends on.
          const loss = heldOutLikelihood === undefined ? squaredError : -heldOutLikelihood
          if (loss !== undefined && loss < (validation ?? Infinity)) validation = loss
        },
      },
    )
    try {
      if (validation === null)
        throw new CausewayError(
          'badRequest',
          `${descriptor.info.label} reports no squared error: it predicts no continuous preferences.`,
        )
      const error = await squaredError(model, split)
      const estimate = model.correlation?.() ?? null
      return { observed, validation, error, epochs, estimate, seconds: (performance.now() - started) / 1000 }
    } finally {
      model.dispose()
    }
  }

  private dataOf(asked: SimulatedTraining): { split: Split; observed: number } {
    const { file, world, correlation, seed, validationShare } = asked
    const key = JSON.stringify([file, world, correlation, seed, validationShare])
    if (this.drawn?.key === key) return this.drawn
    if (this.preferences?.file !== file)
      this.preferences = { file, of: new Preferences(decodeSafetensors(readBytes(file)).arrays, linkOf(asked.of)) }
    const drawn = drawWorld(this.preferences.of, { world, correlation, seed })
    const split = simulatedSplit(drawn, validationShare, Rng.seeded(seed))
    this.drawn = { key, split, observed: drawn.observed.users.length }
    return this.drawn
  }
}

/** Users that are scored at once: their scores of all items stand in memory. */
const blockOfUsers = 64

/** Mean squared error on the test pairs. */
async function squaredError(model: FittedModel, split: Split): Promise<number> {
  const { users, items, values } = ratedPairs(split, 'test')
  const { rows, cols } = split.train
  let sum = 0
  let at = 0
  for (let from = 0; from < rows; from += blockOfUsers) {
    const block = Array.from({ length: Math.min(blockOfUsers, rows - from) }, (_, r) => from + r)
    const scores = await model.score(takeRows(split.train, block))
    for (; at < users.length && users[at]! < from + block.length; at++)
      sum += (scores[(users[at]! - from) * cols + items[at]!]! - values![at]!) ** 2
  }
  return sum / users.length
}

import { CausewayError } from '../../../src-shared/contract/errors'
import { segmentSample, type ExposedPlace } from '../../../src-shared/domain/exposure'
import { rowOf, takeRows, type Csr, type Split } from '../../../src-shared/domain/split'
import type {
  ExposureColumn,
  ExposureRows,
  RowExposed,
  RowExposedItem,
  SegmentExposures,
  StrongestExposures,
} from '../../jobs/trainer-contract'
import type { ExposureEffects, FittedModel } from '../../methods/method'
import { Rng } from '../../tensor/rng'
import { topItems } from '../evaluate/ranking'
import { exposuresOf } from '../split/beside'
import { Candidates } from './lists'
import { StrongestEntries } from './strongest'
import type { Step } from './tasks'

/** Entries of the Jacobian that are in memory at once: 8 MB. */
const blockEntries = 2 ** 21
/** More rows in a block would let nobody stop in between. */
const mostBlockRows = 64

/** Rows of the Jacobian that are computed at once. */
export const blockRows = (items: number): number =>
  Math.max(1, Math.min(mostBlockRows, Math.floor(blockEntries / items)))

/** A difference below this share of the largest mean is of rounding. */
const roundingShare = 1e-9

/** Exposures to be set for a user, beside those in the data. */
export interface SetExposures {
  expose: readonly number[]
  withdraw: readonly number[]
}

/** Questions about what exposing users to items does to their ratings. Items are columns of the split, users its rows. */
export class Exposures {
  private readonly effects: ExposureEffects
  private readonly candidates: Candidates
  private readonly items: number

  /** @throws CausewayError `badRequest` for a model that tells no such effects */
  constructor(
    model: FittedModel,
    private readonly split: Split,
  ) {
    if (!model.exposureEffects)
      throw new CausewayError('badRequest', 'The model of this run does not tell what exposing items does.')
    this.effects = model.exposureEffects()
    this.candidates = new Candidates(split)
    this.items = split.train.cols
  }

  /** What exposing an item does to the rating of each. @param row null: for everyone */
  async column(item: number, row: number | null): Promise<ExposureColumn> {
    const at = this.at(row)
    const effects = await this.effects.of([item], at)
    return {
      outcome: this.effects.outcome,
      effects: Float32Array.from(effects),
      exposed: at && Int32Array.from(rowOf(exposuresOf(at), 0)),
    }
  }

  /** What exposing each item does to the ratings of some. */
  async rows(from: number, count: number, row: number | null): Promise<ExposureRows> {
    if (from + count > this.items)
      throw new CausewayError('badRequest', `There are ${this.items} items, not ${from + count}.`)
    const items = Int32Array.from({ length: count }, (_, at) => from + at)
    return {
      outcome: this.effects.outcome,
      effects: Float32Array.from(await this.effects.on(items, this.at(row))),
    }
  }

  /** The strongest effects, from blocks of rows. @param own whether those of items on themselves count */
  async strongest(row: number | null, count: number, own: boolean, step: Step): Promise<StrongestExposures> {
    const at = this.at(row)
    const strongest = new StrongestEntries(count)
    const block = blockRows(this.items)
    for (let from = 0; from < this.items; from += block) {
      await step('Computing effects', from / this.items)
      const rated = Int32Array.from({ length: Math.min(block, this.items - from) }, (_, index) => from + index)
      const values = await this.effects.on(rated, at)
      rated.forEach((item, index) => {
        for (let exposed = 0; exposed < this.items; exposed++)
          if (own || exposed !== item) strongest.add(item, exposed, values[index * this.items + exposed]!)
      })
    }
    return {
      outcome: this.effects.outcome,
      pairs: strongest.sorted().map(({ row: to, column: from, value: effect }) => ({ from, to, effect })),
    }
  }

  /**
   * do(a): the predictions and the list of the k best candidates before and after exposures are set, the substitute confounder held.
   * Candidates are the same in both: every item but those the user is known to like.
   * @throws CausewayError `badRequest` for an item to be exposed that is, or to be withdrawn that is not
   */
  async expose(row: number, set: SetExposures, k: number): Promise<RowExposed> {
    const rows = this.at(row)!
    const own = new Set(rowOf(exposuresOf(rows), 0))
    const after = new Set(own)
    for (const item of set.expose) {
      if (after.has(item)) throw refused(item, own.has(item) ? 'is exposed already' : 'is named twice')
      after.add(item)
    }
    for (const item of set.withdraw)
      if (!own.has(item) || !after.delete(item))
        throw refused(item, own.has(item) ? 'is named twice' : 'is not exposed in the train part')
    // One after the other: `predict` is of one set of exposures.
    const before = await this.effects.predict(rows)
    const predicted = await this.effects.predict(rows, oneRow(after, this.items))
    const lists = [before, predicted].map((values) =>
      this.candidates.of(row, (excluded) => topItems(values, excluded, k)),
    ) as [Int32Array, Int32Array]

    const setOf = new Map<number, RowExposedItem['set']>([
      ...set.expose.map((item) => [item, 'exposed'] as const),
      ...set.withdraw.map((item) => [item, 'withdrawn'] as const),
    ])
    const place = (values: Float32Array, item: number): ExposedPlace => ({
      rank: this.candidates.of(row, (excluded) => excluded[item] !== 0)
        ? null
        : this.candidates.rank(row, values, item),
      predicted: values[item]!,
    })
    const described = (item: number): RowExposedItem => ({
      item,
      before: place(before, item),
      after: place(predicted, item),
      set: setOf.get(item) ?? null,
    })
    const inAfter = new Set(lists[1])
    const moves = predicted.map((value, item) => Math.abs(value - before[item]!))
    // What does not move at all is no answer to what moved most.
    const moved = [...topItems(moves, new Uint8Array(this.items), k)].filter((item) => moves[item]! > 0)
    return {
      outcome: this.effects.outcome,
      exposures: [...own],
      listed: [...lists[1], ...[...lists[0]].filter((item) => !inAfter.has(item))].map(described),
      moved: moved.map(described),
    }
  }

  /**
   * Means over the users of each segment of what exposing an item does at them, for the `count` items it affects most. The mean over users
   * is the segments weighted by their users, so that the difference of a segment to it has the standard error of independent means. A segment of
   * one user has none, and is left out of those of the others.
   * @param segments rows of their users, none of which is in two
   */
  async bySegment(item: number, segments: Int32Array[], count: number, step: Step): Promise<SegmentExposures> {
    const samples = segments.map((rows) => drawn(rows, segmentSample.most, Rng.seeded(segmentSample.seed)))
    const all = samples.reduce((sum, rows) => sum + rows.length, 0)
    const means: Float64Array[] = []
    const errors: (Float64Array | null)[] = []
    let done = 0
    for (const rows of samples) {
      const mean = new Float64Array(this.items)
      const squares = new Float64Array(this.items)
      let users = 0
      for (const row of rows) {
        await step('Computing effects by segment', done++ / all)
        const effects = await this.effects.of([item], this.at(row))
        users++
        // Welford: differences of squares would lose the digits that small spreads are made of.
        for (let i = 0; i < this.items; i++) {
          const delta = effects[i]! - mean[i]!
          mean[i]! += delta / users
          squares[i]! += delta * (effects[i]! - mean[i]!)
        }
      }
      means.push(mean)
      errors.push(users < 2 ? null : squares.map((sum) => Math.sqrt(sum / (users - 1) / users)))
    }

    const population = segments.reduce((sum, rows) => sum + rows.length, 0)
    const weights = segments.map((rows) => rows.length / population)
    /** A combination of the segments' means with its standard error: that of the segments which have one, null where none has. */
    const combined = (factors: number[], of: number): { mean: number; standardError: number | null } => {
      const mean = factors.reduce((sum, factor, s) => sum + factor * means[s]![of]!, 0)
      if (errors.every((error) => error === null)) return { mean, standardError: null }
      const variance = factors.reduce((sum, factor, s) => sum + (factor * (errors[s]?.[of] ?? 0)) ** 2, 0)
      return { mean, standardError: Math.sqrt(variance) }
    }
    const sizes = Float32Array.from({ length: this.items }, (_, of) => Math.abs(combined(weights, of).mean))
    const itself = new Uint8Array(this.items)
    itself[item] = 1
    return {
      outcome: this.effects.outcome,
      sampled: samples.map((rows) => rows.length),
      items: [...topItems(sizes, itself, count)].map((of) => ({
        item: of,
        overUsers: combined(weights, of),
        bySegment: segments.map((_, s) => {
          const difference = combined(
            weights.map((weight, t) => (t === s ? 1 : 0) - weight),
            of,
          )
          const largest = means.reduce((most, mean) => Math.max(most, Math.abs(mean[of]!)), 0)
          return {
            mean: means[s]![of]!,
            standardError: errors[s]?.[of] ?? null,
            difference: Math.abs(difference.mean) < roundingShare * largest ? 0 : difference.mean,
            differenceError: errors[s] === null ? null : difference.standardError,
          }
        }),
      })),
    }
  }

  /** The user whose row it is, as models take users; null for everyone. @throws CausewayError `badRequest` for a row there is not */
  private at(row: number | null): Csr | null {
    if (row === null) return null
    if (row >= 0 && row < this.split.train.rows) return takeRows(this.split.train, [row])
    throw new CausewayError('badRequest', `There is no user row ${row}; there are ${this.split.train.rows}.`)
  }
}

/** Who knows the ids says it again with them: `item` and `why` are for that. */
const refused = (item: number, why: string): CausewayError =>
  new CausewayError('badRequest', `The item in column ${item} ${why}.`, { item, why })

/** One row with these items. */
function oneRow(items: ReadonlySet<number>, cols: number): Csr {
  const indices = Int32Array.from(items).sort()
  return { rows: 1, cols, indptr: Int32Array.of(0, indices.length), indices }
}

/** So many of the rows at random, without repeats, ascending; all of them where there are no more. */
const drawn = (rows: Int32Array, most: number, rng: Rng): Int32Array =>
  rows.length <= most ? rows : rng.shuffle(Int32Array.from(rows)).subarray(0, most).sort()

import type { PairBatch } from '../../../pipeline/fit/pair-fit'
import { emptyPairs, type Pairs } from '../../../tensor/pairs'
import type { Rng } from '../../../tensor/rng'
import type { ObservedPairs } from './observed-pairs'

/** The batch of observed pairs, and after them pairs drawn uniformly from all: what a step over all pairs goes through in one forward. */
export class JoinedBatch {
  private room: Pairs = emptyPairs(0)

  constructor(
    private readonly all: ObservedPairs,
    private readonly ratio: number,
  ) {}

  /** @returns the pairs, of which the first `batch.at.length` are the batch; good until the next call */
  join(batch: PairBatch, rng: Rng): Pairs {
    const size = batch.at.length
    const whole = size * (1 + this.ratio)
    if (this.room.users.length < whole) this.room = emptyPairs(whole)
    const users = this.room.users.subarray(0, whole)
    const items = this.room.items.subarray(0, whole)
    users.set(batch.users)
    items.set(batch.items)
    this.all.drawAll(rng, { users: users.subarray(size), items: items.subarray(size) })
    return { users, items }
  }
}

import { takeRows, type Csr } from '../../../src-shared/domain/split'
import type { FittedModel, ModelIntervention, PreparedUsers } from '../../methods/method'

/** A model that can be intervened on. */
export type IntervenableModel = FittedModel & Required<Pick<FittedModel, 'prepare'>>

/** Scores that are in memory at a time: few enough that a block of an ML-100K takes some 40 ms. */
const blockCells = 1024 * 1024
const mostBlockRows = 128
const blocksPerChunk = 8

/** How many users are scored together under an intervention. */
const blockRowsFor = (items: number): number => Math.max(1, Math.min(mostBlockRows, Math.floor(blockCells / items)))

/**
 * All users of a split, prepared for interventions a chunk at a time, when first asked for: one user's answer does not wait
 * for everyone.
 */
export class PreparedRows {
  readonly blockRows: number
  private readonly chunkRows: number
  private readonly chunks = new Map<number, Promise<PreparedUsers>>()

  constructor(
    private readonly model: IntervenableModel,
    private readonly train: Csr,
  ) {
    this.blockRows = blockRowsFor(train.cols)
    this.chunkRows = this.blockRows * blocksPerChunk
  }

  get users(): number {
    return this.train.rows
  }

  get items(): number {
    return this.train.cols
  }

  /**
   * Rows in blocks that are scored together, ascending and each once. The same rows give the same blocks, so that the scores
   * before and after an intervention differ by the intervention alone on every backend.
   * @param rows null: all users
   */
  blocks(rows: Int32Array | null): Int32Array[] {
    const all = rows ? distinct(rows) : Int32Array.from({ length: this.users }, (_, row) => row)
    const blocks: Int32Array[] = []
    for (let from = 0; from < all.length;) {
      const chunk = Math.floor(all[from]! / this.chunkRows)
      let to = from + 1
      while (to < all.length && to - from < this.blockRows && Math.floor(all[to]! / this.chunkRows) === chunk) to++
      blocks.push(all.slice(from, to))
      from = to
    }
    return blocks
  }

  /**
   * @param rows of one block, or one row repeated
   * @returns [rows × items]
   */
  async score(rows: Int32Array, intervention?: ModelIntervention): Promise<Float32Array> {
    const { users, positions } = await this.positionsOf(rows)
    return users.score(positions, intervention)
  }

  /**
   * The values of the confounders without an intervention.
   * @param rows of one block
   * @returns [rows × k × d]
   */
  async confounders(rows: Int32Array): Promise<Float32Array> {
    const { users, positions } = await this.positionsOf(rows)
    return users.confounders(positions)
  }

  dispose(): void {
    for (const chunk of this.chunks.values()) void chunk.then((users) => users.dispose())
    this.chunks.clear()
  }

  private async positionsOf(rows: Int32Array): Promise<{ users: PreparedUsers; positions: Int32Array }> {
    const chunk = Math.floor(rows[0]! / this.chunkRows)
    const first = chunk * this.chunkRows
    let users = this.chunks.get(chunk)
    if (!users) {
      const length = Math.min(this.chunkRows, this.train.rows - first)
      users = this.model.prepare(
        takeRows(
          this.train,
          Int32Array.from({ length }, (_, at) => first + at),
        ),
      )
      this.chunks.set(chunk, users)
      users.catch(() => this.chunks.delete(chunk))
    }
    return { users: await users, positions: rows.map((row) => row - first) }
  }
}

function distinct(rows: Int32Array): Int32Array {
  const sorted = rows.slice().sort()
  return sorted.filter((row, at) => at === 0 || row !== sorted[at - 1])
}

/** At most `most` of `count` rows, evenly spaced: a sample that is the same every time. */
export const evenSample = (count: number, most: number): Int32Array =>
  count <= most
    ? Int32Array.from({ length: count }, (_, row) => row)
    : Int32Array.from({ length: most }, (_, at) => Math.floor((at * count) / most))

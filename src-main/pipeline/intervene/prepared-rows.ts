import { CausewayError } from '../../../src-shared/contract/errors'
import type { Csr } from '../../../src-shared/domain/split'
import type { FittedModel, ModelIntervention, PreparedUsers } from '../../methods/method'

/** A model that can be intervened on. */
export type IntervenableModel = FittedModel & Required<Pick<FittedModel, 'prepare'>>

export const isIntervenable = (model: FittedModel): model is IntervenableModel => model.prepare !== undefined

/** Scores that are in memory at a time: 4 MB. */
const blockCells = 1024 * 1024
const mostBlockRows = 256

/** How many users are scored together under an intervention; models let other questions in within a block, too. */
const blockRowsFor = (items: number): number => Math.max(1, Math.min(mostBlockRows, Math.floor(blockCells / items)))

/** The users of a split, prepared for interventions together when first asked for: a model bounds what it remembers of them. */
export class PreparedRows {
  readonly blockRows: number
  private prepared: Promise<PreparedUsers> | null = null
  private disposed = false

  constructor(
    private readonly model: IntervenableModel,
    private readonly train: Csr,
  ) {
    this.blockRows = blockRowsFor(train.cols)
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
    return Array.from({ length: Math.ceil(all.length / this.blockRows) }, (_, block) =>
      all.slice(block * this.blockRows, (block + 1) * this.blockRows),
    )
  }

  /**
   * @param rows may repeat
   * @returns [rows × items]
   */
  async score(rows: Int32Array, intervention?: ModelIntervention): Promise<Float32Array> {
    return (await this.prepare()).score(rows, intervention)
  }

  /** The values of the confounders without an intervention, [rows × k × d]. */
  async confounders(rows: Int32Array): Promise<Float32Array> {
    return (await this.prepare()).confounders(rows)
  }

  dispose(): void {
    // Where preparing failed, whoever asked has been told, and there is nothing to free.
    this.prepared?.then(
      (users) => users.dispose(),
      () => undefined,
    )
    this.prepared = null
    this.disposed = true
  }

  /** Prepares the users, once. @throws CausewayError `cancelled` after `dispose` */
  async prepare(): Promise<PreparedUsers> {
    if (this.disposed) throw new CausewayError('cancelled', 'The run was closed while it was asked.')
    if (!this.prepared) {
      const preparing = this.model.prepare(this.train)
      this.prepared = preparing
      preparing.catch(() => {
        if (this.prepared === preparing) this.prepared = null
      })
    }
    return this.prepared
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

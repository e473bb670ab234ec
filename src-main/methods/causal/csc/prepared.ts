import { CausewayError } from '../../../../src-shared/contract/errors'
import { takeRows, type Csr } from '../../../../src-shared/domain/split'
import { logSoftmaxRows } from '../../../tensor/ops'
import { logitsOf } from '../../../tensor/rank'
import { tf, type Tensor, type Tensor2D, type Tensor3D } from '../../../tensor/tf'
import { encode } from '../../blocks/mult-vae'
import type { EdgeKnowledge, EdgeMask, ModelIntervention, PreparedUsers } from '../../method'
import { localGraph } from './layers'
import {
  choose,
  confounderFrom,
  edgesInto,
  layersOf,
  itemLayerFrom,
  preferencePart,
  silentWay,
  wayThrough,
  type Layers,
  type Way,
} from './scoring'
import { causalWidth, hasLocalGraph, mixWidth, type CscSize, type CscWeights } from './weights'

/** What is remembered of the users' ways takes at most so much; beyond, they are computed anew each time. */
const memoryBytes = 256 * 1024 * 1024

/** Multiplications in one tile: some 30 ms on one core, after which other questions get their turn. */
const tileProducts = 2.5e8

/** Users computed together. Smaller tiles would read the weights too often, larger ones leave the processor's cache. */
export function tileRowsFor({ items, hidden, latent: d, confounders: k }: CscSize): number {
  const perConfounder = (k + d) * causalWidth + (2 * mixWidth + hidden) * d
  const perUser = k * perConfounder + mixWidth * d + hidden * items
  return Math.max(1, Math.min(256, Math.floor(tileProducts / perUser)))
}

/** Row r of a table [rows × width] by position: what a tile takes of what is kept of all users. */
function takeFrom(table: Float32Array, width: number, positions: Int32Array): Float32Array {
  const taken = new Float32Array(positions.length * width)
  positions.forEach((position, r) => taken.set(table.subarray(position * width, (position + 1) * width), r * width))
  return taken
}

/** The ways of one confounder for all users. */
interface RememberedWay {
  /** [users × hidden] */
  hidden: Float32Array
  /** [users] */
  similarity: Float32Array
}

/** The part of an intervention that concerns the rows of one tile. */
interface TileIntervention {
  /** [1 or B × k × k] */
  mask: Float32Array | null
  holds: ReadonlyMap<number, Float32Array>
  /** [1 or B × k] */
  silenced: Uint8Array | null
}

/** A part of what is given for everyone, or for each position. */
const partFor = <T extends Float32Array | Uint8Array>(
  given: T | undefined,
  width: number,
  from: number,
  to: number,
): T | null =>
  given === undefined ? null : given.length === width ? given : (given.subarray(from * width, to * width) as T)

/** Whether any of the edges into j is changed. The diagonal carries no edge. */
const touches = (mask: Float32Array, k: number, j: number): boolean => {
  for (let at = 0; at < mask.length; at += k * k)
    for (let i = 0; i < k; i++) if (i !== j && mask[at + i * k + j] !== 1) return true
  return false
}

/** For how many rows j is silent: all, some (then a column of 0 and 1), or none. */
const silence = (silenced: Uint8Array | null, k: number, j: number): 'all' | 'none' | Float32Array => {
  if (!silenced) return 'none'
  const column = Float32Array.from({ length: silenced.length / k }, (_, r) => (silenced[r * k + j] ? 1 : 0))
  if (column.every((entry) => entry === 1)) return 'all'
  return column.every((entry) => entry === 0) ? 'none' : column
}

/**
 * Prepared users of a CSC model (see `PreparedUsers`). What no intervention touches is computed when users are first asked for, in
 * blocks of neighbours that are the same whatever is asked, and kept. The weights must not change as long as it is used.
 */
export class PreparedCsc implements PreparedUsers {
  private readonly layers: Layers
  private readonly tileRows: number
  /** Blocks of so many users that are there or being made. */
  private readonly blocks = new Map<number, Promise<void>>()
  /** [users × d] */
  private readonly z: Float32Array
  /** [users × k × k] */
  private readonly strengths: Float32Array | null
  /** What z gives to f, [users × m], and the ways by confounder; null where memory is short. */
  private readonly remembered: { preference: Float32Array; ways: RememberedWay[] } | null
  private disposed = false

  /** @param memory what is remembered of the users' ways takes at most so many bytes */
  constructor(
    private readonly rows: Csr,
    private readonly weights: CscWeights,
    private readonly size: CscSize,
    knowledge: EdgeKnowledge | null,
    memory = memoryBytes,
  ) {
    const { latent: d, confounders: k, hidden, variant } = size
    const users = rows.rows
    this.tileRows = tileRowsFor(size)
    this.z = new Float32Array(users * d)
    this.strengths = hasLocalGraph(variant) ? new Float32Array(users * k * k) : null
    const fits = users * (mixWidth + k * (hidden + 1)) * Float32Array.BYTES_PER_ELEMENT <= memory
    this.remembered = fits
      ? {
          preference: new Float32Array(users * mixWidth),
          ways: Array.from({ length: k }, () => ({
            hidden: new Float32Array(users * hidden),
            similarity: new Float32Array(users),
          })),
        }
      : null
    this.layers = layersOf(weights, size, knowledge)
  }

  get users(): number {
    return this.rows.rows
  }

  async score(positions: ArrayLike<number>, intervention: ModelIntervention = {}): Promise<Float32Array> {
    const { items, confounders: k } = this.size
    this.check(positions, intervention)
    const scores = new Float32Array(positions.length * items)
    await this.eachTile(positions, async (tile, from) => {
      const to = from + tile.length
      const part: TileIntervention = {
        mask: partFor(intervention.mask, k * k, from, to),
        holds: intervention.holds ?? new Map(),
        silenced: partFor(intervention.silenced, k, from, to),
      }
      const result = tf.tidy(() => logSoftmaxRows(logitsOf(itemLayerFrom(this.weights, this.waysOf(tile, part)))))
      scores.set((await result.data()) as Float32Array, from * items)
      result.dispose()
    })
    return scores
  }

  async confounders(positions: ArrayLike<number>, mask?: EdgeMask): Promise<Float32Array> {
    const { latent: d, confounders: k } = this.size
    this.check(positions, { mask })
    const values = new Float32Array(positions.length * k * d)
    await this.eachTile(positions, async (tile, from) => {
      const part = partFor(mask, k * k, from, from + tile.length)
      const result = tf.tidy(() => {
        const into = edgesInto(this.layers, this.strengthsOf(tile), this.maskOf(part))
        const each = into.map((edges, j) => {
          const value = confounderFrom(this.layers, j, edges)
          return value.shape[0] === tile.length ? value : tf.tile(value, [tile.length, 1])
        })
        return tf.concat(each, 1)
      })
      values.set((await result.data()) as Float32Array, from * k * d)
      result.dispose()
    })
    return values
  }

  dispose(): void {
    if (!this.disposed) tf.dispose(this.layers)
    this.disposed = true
  }

  /** Computes what no intervention touches of all users who share a block with these. */
  private async know(tile: Int32Array): Promise<void> {
    for (const block of new Set(tile.map((position) => Math.floor(position / this.tileRows)))) {
      const known = this.blocks.get(block)
      const made = known ?? this.fill(block)
      if (!known) this.blocks.set(block, made)
      try {
        await made
      } catch (thrown) {
        this.blocks.delete(block)
        throw thrown
      }
      if (!known) await new Promise(setImmediate)
    }
  }

  private async fill(block: number): Promise<void> {
    const { latent: d, confounders: k, hidden } = this.size
    const from = block * this.tileRows
    const tile = Int32Array.from({ length: Math.min(this.tileRows, this.users - from) }, (_, r) => from + r)
    const made = tf.tidy((): Tensor[] => {
      const mean = encode(this.weights, takeRows(this.rows, tile)).mean
      return this.strengths ? [mean, localGraph(this.weights, mean, k)] : [mean]
    })
    const [z, strengths] = await Promise.all(made.map((tensor) => tensor.data()))
    tf.dispose(made)
    this.z.set(z as Float32Array, from * d)
    this.strengths?.set(strengths as Float32Array, from * k * k)

    const { remembered } = this
    if (!remembered || this.disposed) return
    const computed = tf.tidy(() => {
      const tileZ = this.zOf(tile)
      const preference = preferencePart(this.weights, tileZ)
      const into = edgesInto(this.layers, this.strengthsOf(tile), null)
      const ways = into.map((edges, j) =>
        wayThrough(this.weights, tileZ, preference, confounderFrom(this.layers, j, edges)),
      )
      return { preference, ways }
    })
    remembered.preference.set((await computed.preference.data()) as Float32Array, from * mixWidth)
    for (const [j, way] of computed.ways.entries()) {
      remembered.ways[j]!.hidden.set((await way.hidden.data()) as Float32Array, from * hidden)
      remembered.ways[j]!.similarity.set((await way.similarity.data()) as Float32Array, from)
    }
    tf.dispose(computed)
  }

  private zOf(tile: Int32Array): Tensor2D {
    const d = this.size.latent
    return tf.tensor2d(takeFrom(this.z, d, tile), [tile.length, d])
  }

  private strengthsOf(tile: Int32Array): Tensor3D | null {
    const k = this.size.confounders
    return this.strengths && tf.tensor3d(takeFrom(this.strengths, k * k, tile), [tile.length, k, k])
  }

  private maskOf(mask: Float32Array | null): Tensor3D | null {
    const k = this.size.confounders
    return mask && tf.tensor3d(mask, [mask.length / (k * k), k, k])
  }

  /** The ways of all confounders for the users of a tile; only those that the intervention touches are computed. */
  private waysOf(tile: Int32Array, { mask, holds, silenced }: TileIntervention): Way[] {
    const { confounders: k, hidden } = this.size
    const z = this.zOf(tile)
    let preference: Tensor2D | null = null
    let into: Tensor2D[] | null = null
    let silent: Way | null = null

    const through = (c: Tensor2D): Way => {
      preference ??= this.remembered
        ? tf.tensor2d(takeFrom(this.remembered.preference, mixWidth, tile), [tile.length, mixWidth])
        : preferencePart(this.weights, z)
      return wayThrough(this.weights, z, preference, c)
    }
    const caused = (j: number): Way => {
      const held = holds.get(j)
      if (held) return through(tf.tensor2d(held, [1, held.length]))
      const known = this.remembered?.ways[j]
      if (known && !(mask && touches(mask, k, j)))
        return {
          hidden: tf.tensor2d(takeFrom(known.hidden, hidden, tile), [tile.length, hidden]),
          similarity: tf.tensor2d(takeFrom(known.similarity, 1, tile), [tile.length, 1]),
        }
      into ??= edgesInto(this.layers, this.strengthsOf(tile), this.maskOf(mask))
      return through(confounderFrom(this.layers, j, into[j]!))
    }
    return Array.from({ length: k }, (_, j) => {
      const share = silence(silenced, k, j)
      if (share === 'none') return caused(j)
      silent ??= silentWay(this.weights, z)
      return share === 'all' ? silent : choose(caused(j), silent, tf.tensor2d(share, [share.length, 1]))
    })
  }

  /** Goes over the positions tile by tile; between two of them other work of the process gets its turn. */
  private async eachTile(
    positions: ArrayLike<number>,
    work: (tile: Int32Array, from: number) => Promise<void>,
  ): Promise<void> {
    for (let from = 0; from < positions.length; from += this.tileRows) {
      if (from > 0) await new Promise(setImmediate)
      this.refuseDisposed()
      const tile = Int32Array.from(
        { length: Math.min(this.tileRows, positions.length - from) },
        (_, r) => positions[from + r]!,
      )
      await this.know(tile)
      this.refuseDisposed()
      await work(tile, from)
    }
  }

  private refuseDisposed(): void {
    if (this.disposed) throw new CausewayError('cancelled', 'The model was closed while it was asked.')
  }

  private check(positions: ArrayLike<number>, { mask, holds, silenced }: ModelIntervention): void {
    const { latent: d, confounders: k } = this.size
    const refuse = (what: string): never => {
      throw new CausewayError('badRequest', `${what} The model has ${k} confounders.`)
    }
    for (let r = 0; r < positions.length; r++) {
      const position = positions[r]!
      if (!(position >= 0 && position < this.users))
        throw new CausewayError('badRequest', `There is no prepared user ${position}; there are ${this.users}.`)
    }
    const fits = (given: ArrayLike<number> | undefined, width: number): boolean =>
      !given || given.length === width || given.length === width * positions.length
    if (!fits(mask, k * k)) refuse(`A mask of ${mask?.length} factors does not fit.`)
    if (!fits(silenced, k)) refuse(`A choice of ${silenced?.length} confounders to silence does not fit.`)
    for (const [node, value] of holds ?? [])
      if (!(node >= 0 && node < k) || value.length !== d) refuse(`Confounder ${node + 1} cannot be held at this value.`)
  }
}

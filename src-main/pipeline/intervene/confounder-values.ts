import { evenSample, type PreparedRows } from './prepared-rows'
import { RecentRows } from './recent-rows'
import { principalDirection, type PrincipalDirection } from './statistics'
import { partOf, type Step } from './tasks'

/** Users that principal directions are computed over where there are more. */
const mostDirectionUsers = 4096
const keptMeans = 8

const stage = 'Computing values to hold'

/** The values that confounders have over the users when nothing is changed, to hold them at. */
export class ConfounderValues {
  private readonly means = new RecentRows<Float64Array>(keptMeans)
  private readonly directions = new Map<number, PrincipalDirection>()

  constructor(
    private readonly users: PreparedRows,
    private readonly nodes: number,
  ) {}

  /** The mean value of a confounder over some users, null: all. [d] */
  async mean(node: number, rows: Int32Array | null, step: Step): Promise<Float64Array> {
    let means = this.means.get(rows)
    if (!means) {
      means = await this.meansOf(rows, step)
      this.means.set(rows, means)
    }
    const d = means.length / this.nodes
    return means.slice(node * d, (node + 1) * d)
  }

  /** The value of one user. [d] */
  async ofUser(node: number, row: number): Promise<Float64Array> {
    const values = await this.users.confounders(Int32Array.of(row))
    const d = values.length / this.nodes
    return Float64Array.from(values.subarray(node * d, (node + 1) * d))
  }

  /** The mean over all users, moved by so many standard deviations along the first principal direction. [d] */
  async moved(node: number, deviations: number, step: Step): Promise<Float64Array> {
    const mean = await this.mean(node, null, partOf(step, 0, 0.5))
    let found = this.directions.get(node)
    if (!found) {
      found = await this.directionOf(node, mean, partOf(step, 0.5, 1))
      this.directions.set(node, found)
    }
    const { direction, deviation } = found
    return mean.map((value, i) => value + deviations * deviation * direction[i]!)
  }

  private async meansOf(rows: Int32Array | null, step: Step): Promise<Float64Array> {
    let sums = new Float64Array(0)
    let count = 0
    const blocks = this.users.blocks(rows)
    for (const [at, block] of blocks.entries()) {
      await step(stage, at / blocks.length)
      const values = await this.users.confounders(block)
      const width = values.length / block.length
      if (count === 0) sums = new Float64Array(width)
      for (let i = 0; i < values.length; i++) sums[i % width]! += values[i]!
      count += block.length
    }
    return sums.map((sum) => sum / count)
  }

  private async directionOf(node: number, mean: Float64Array, step: Step): Promise<PrincipalDirection> {
    const d = mean.length
    const covariance = new Float64Array(d * d)
    const rows = evenSample(this.users.users, mostDirectionUsers)
    const difference = new Float64Array(d)
    const blocks = this.users.blocks(rows)
    for (const [at, block] of blocks.entries()) {
      await step(stage, at / blocks.length)
      const values = await this.users.confounders(block)
      for (let r = 0; r < block.length; r++) {
        const own = (r * this.nodes + node) * d
        for (let i = 0; i < d; i++) difference[i] = values[own + i]! - mean[i]!
        for (let i = 0; i < d; i++) {
          const share = difference[i]! / rows.length
          for (let j = 0; j < d; j++) covariance[i * d + j]! += share * difference[j]!
        }
      }
    }
    return principalDirection(covariance, d)
  }
}

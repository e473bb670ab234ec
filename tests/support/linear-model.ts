import type { IntervenableModel } from '../../src-main/pipeline/intervene/prepared-rows'
import type { ModelIntervention } from '../../src-main/methods/method'

/**
 * A model whose interventions can be computed by hand: two confounders, of which the first acts on the second.
 * score(u, i) = base[u][i] + Σ_j c_uj · loads[j][i], c_u1 = own[u][0], c_u2 = own[u][1] + strength · own[u][0].
 */
export interface LinearModel {
  base: number[][]
  own: [number, number][]
  loads: [number[], number[]]
  strength: number
  /** Called before every scoring. */
  onScore?: () => void
}

/** The model, for users in the order of its rows. */
export function linearModel({ base, own, loads, strength, onScore }: LinearModel): IntervenableModel {
  const items = loads[0].length
  const valuesOf = (user: number, mask: (at: number) => number): [number, number] => {
    const [first, second] = own[user]!
    return [first, second + strength * mask(1) * first]
  }
  const scoreOf = (user: number, item: number, position: number, change: ModelIntervention): number => {
    const { mask, silenced, holds } = change
    const factor = (at: number): number => (mask ? (mask.length === 4 ? mask[at]! : mask[position * 4 + at]!) : 1)
    const values = valuesOf(user, factor)
    return values.reduce((score, value, node) => {
      const silent = silenced && (silenced.length === 2 ? silenced[node] : silenced[position * 2 + node])
      return silent ? score : score + (holds?.get(node)?.[0] ?? value) * loads[node]![item]!
    }, base[user]![item]!)
  }
  const notUsed = (): never => {
    throw new Error('The linear model only answers prepared users.')
  }
  return {
    score: notUsed,
    save: notUsed,
    dispose: () => undefined,
    prepare: (rows) =>
      Promise.resolve({
        users: rows.rows,
        score(positions, intervention = {}) {
          onScore?.()
          const scores = new Float32Array(positions.length * items)
          for (let at = 0; at < positions.length; at++)
            for (let item = 0; item < items; item++)
              scores[at * items + item] = scoreOf(positions[at]!, item, at, intervention)
          return Promise.resolve(scores)
        },
        confounders: (positions) =>
          Promise.resolve(Float32Array.from(Array.from(positions).flatMap((user) => valuesOf(user, () => 1)))),
        dispose: () => undefined,
      }),
  }
}

import { CausewayError } from '../../../../src-shared/contract/errors'
import { nnzOf, type Csr, type Split } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { checkedArrays } from '../../../tensor/named-arrays'
import { normalArray } from '../initial'
import { numberParam } from '../training-params'
import type { FitContext, FitOutcome, FittedModel, NamedArray, NamedArrays } from '../../method'
import {
  blocksOf,
  Factors,
  interactionsOf,
  objective,
  rankedTogether,
  RowSolver,
  scoreOf,
  type WeightedRows,
  type Weighting,
} from './factors'
import { FeatureMap, Ridge } from './features'
import { learnedRows, transposeWeighted } from './interactions'
import { sweepFit } from './sweep-fit'

export const weightingOf = (params: ParamValues): Weighting => ({
  alpha: numberParam(params, 'alpha'),
  regularisation: numberParam(params, 'regularisation'),
})

export const lent = ({ shape, values }: Factors): NamedArray => ({ shape, data: values })

/** The interactions of learned users. @throws CausewayError `tooFewUsers` when there is none */
export function interactionsToLearn(split: Split, rows: WeightedRows): WeightedRows {
  const learned = learnedRows(split, rows)
  if (nnzOf(learned) === 0) throw new CausewayError('tooFewUsers', 'No user has an interaction to train on.')
  return learned
}

/** Rows with an interaction. */
export const activeRows = ({ rows, indptr }: Csr): Int32Array =>
  Int32Array.from({ length: rows }, (_, row) => row).filter((row) => indptr[row + 1]! > indptr[row]!)

/** Item factors from chance, normal of deviation 1/√size. */
export const startOfItems = (items: number, size: number, { rng }: FitContext): Factors =>
  new Factors(normalArray([items, size], 1 / Math.sqrt(size), rng).data as Float32Array, size)

/** How users' features say where their factors lie, and how that is learned; nothing where the data describe no users. */
export interface LearnedMap {
  map: FeatureMap
  towards(user: number): Float32Array
  /** The best map for the users' factors as they are. */
  refit(): void
  /** λ (Σ |x − Bᵀf|² + |B|²) less λ Σ |x|², which the loss without features has. */
  penalty(): number
}

/** @param active the users that are learned from */
export function learnedMap(
  { beside }: Csr,
  active: Int32Array,
  users: Factors,
  { regularisation }: Weighting,
): LearnedMap | null {
  const features = beside?.features
  if (!features) return null
  const ridge = new Ridge(features, active)
  const map = new FeatureMap(new Float32Array(features.width * users.size), users.size)
  const towards = (user: number): Float32Array => map.towards(features, user)
  return {
    map,
    towards,
    refit: () => map.values.set(ridge.coefficients(users)),
    penalty() {
      let sum = 0
      for (const user of active) {
        const [own, point] = [users.at(user), towards(user)]
        for (let i = 0; i < point.length; i++) sum += (own[i]! - point[i]!) ** 2 - own[i]! ** 2
      }
      for (const value of map.values) sum += value ** 2
      return regularisation * sum
    },
  }
}

/** How the rows that a user is known by become interactions with weights, in training and after. */
export type Weigh = (rows: Csr) => WeightedRows

/** A user is what the row says: its factors are solved for as in training, whoever it is. @param beside arrays that are saved with the model */
function modelOf(
  items: Factors,
  map: FeatureMap | null,
  weighting: Weighting,
  weigh: Weigh,
  beside: NamedArrays,
): FittedModel {
  const solver = new RowSolver(items, weighting)
  const user = new Factors(new Float32Array(items.size), items.size)
  return {
    score(rows) {
      const scores = new Float32Array(rows.rows * rows.cols)
      const interactions = weigh(rows)
      for (let r = 0; r < rows.rows; r++) {
        const { own, ...about } = interactionsOf(interactions, r)
        solver.solve(own, user.values, { ...about, ...(map && { towards: map.towards(rows.beside?.features, r) }) })
        for (let item = 0; item < rows.cols; item++) scores[r * rows.cols + item] = scoreOf(user, 0, items, item)
      }
      return Promise.resolve(scores)
    },
    save: () =>
      Promise.resolve({
        items: { shape: items.shape, data: items.values.slice() },
        ...(map && { features: { shape: map.shape, data: map.values.slice() } }),
        ...beside,
      }),
    dispose: () => undefined,
  }
}

/**
 * Weighted matrix factorisation of all pairs by alternating least squares: a sweep solves for all users, then for the map from their features,
 * then for all items.
 * @param type the kind of its checkpoints
 * @param beside arrays that are saved with the model
 * @throws CausewayError as `sweepFit` does, and `tooFewUsers` when no user has an interaction
 */
export async function fitWeighted(
  context: FitContext,
  type: string,
  weigh: Weigh,
  beside: NamedArrays = {},
): Promise<FitOutcome> {
  const { params, split } = context
  const learned = interactionsToLearn(split, weigh(split.train))
  const size = numberParam(params, 'factors')
  const weighting = weightingOf(params)
  const users = new Factors(new Float32Array(learned.rows * size), size)
  const items = startOfItems(learned.cols, size, context)
  const active = activeRows(learned)
  const map = learnedMap(split.train, active, users, weighting)

  const [ofUsers, ofItems] = [new RowSolver(items, weighting), new RowSolver(users, weighting)]
  const byItem = transposeWeighted(learned)
  const steps = [
    ...blocksOf(learned, size).map(([from, to]) => () => {
      for (let user = from; user < to; user++) {
        const { own, ...about } = interactionsOf(learned, user)
        const isDrawn = map !== null && own.length > 0
        ofUsers.solve(own, users.at(user), { ...about, ...(isDrawn && { towards: map.towards(user) }) })
      }
      users.changed()
    }),
    ...(map ? [() => map.refit()] : []),
    ...blocksOf(byItem, size).map(([from, to]) => () => {
      for (let item = from; item < to; item++) {
        const { own, ...about } = interactionsOf(byItem, item)
        ofItems.solve(own, items.at(item), about)
      }
      items.changed()
    }),
  ]
  return await sweepFit(context, {
    type,
    steps,
    loss: () => (objective(learned, users, items, weighting) + (map?.penalty() ?? 0)) / active.length,
    model: modelOf(items, map?.map ?? null, weighting, weigh, beside),
    arrays: { users: lent(users), items: lent(items), ...(map && { features: map.map.lent() }) },
    kept: ['items', ...(map ? ['features'] : [])],
    changed() {
      users.changed()
      items.changed()
    },
    blockRows: rankedTogether(items),
  })
}

/** The map from features that was saved; null for a model without one. */
export function savedMap(saved: NamedArrays, size: number): FeatureMap | null {
  if (!saved['features']) return null
  const { features } = checkedArrays(saved, { features: { shape: [saved['features'].shape[0]!, size] } })
  return new FeatureMap(features.data as Float32Array, size)
}

/** A model of `fitWeighted`. @param beside what is saved with it, for `weigh` */
export function loadWeighted(
  saved: NamedArrays,
  params: ParamValues,
  items: number,
  weigh: Weigh,
  beside: NamedArrays = {},
): FittedModel {
  const size = numberParam(params, 'factors')
  const { items: found } = checkedArrays(saved, { items: { shape: [items, size] } })
  const factors = new Factors(found.data as Float32Array, size)
  return modelOf(factors, savedMap(saved, size), weightingOf(params), weigh, beside)
}

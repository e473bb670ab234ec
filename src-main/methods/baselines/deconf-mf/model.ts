import type { Csr } from '../../../../src-shared/domain/split'
import type { ParamValues } from '../../../../src-shared/params/params'
import { withoutPrefix, withPrefix } from '../../../pipeline/fit/checkpoint-arrays'
import { checkedArrays } from '../../../tensor/named-arrays'
import {
  blocksOf,
  crossProducts,
  Factors,
  interactionsOf,
  multiply,
  objective,
  rankedTogether,
  RowSolver,
  scoreOf,
  type WeightedRows,
} from '../../blocks/factorisation/factors'
import type { FeatureMap } from '../../blocks/factorisation/features'
import { ratedExposures, transposeWeighted, wantedOf } from '../../blocks/factorisation/interactions'
import { sweepFit, sweptArrays, type Sweeps } from '../../blocks/factorisation/sweep-fit'
import {
  activeRows,
  interactionsToLearn,
  learnedMap,
  lent,
  savedMap,
  startOfItems,
  weightingOf,
} from '../../blocks/factorisation/weighted-factorisation'
import { numberParam } from '../../blocks/training-params'
import type { FitContext, FitOutcome, FittedModel, Method, NamedArray, NamedArrays } from '../../method'
import { ConfoundedSolver, dot, quadratic } from './confounded-solver'
import { fitExposures, isOfExposures } from './exposure-stage'
import { expected, FoldIn, PoissonFactorisation, type GammaFactors } from './poisson-factors'
import { PredictiveCheck } from './predictive-check'

const vectorOf = (data: Float32Array): NamedArray => ({ shape: [data.length], data })

/** Exposures weighted by their rating over the mean rating of the training. */
function weighByRating(rows: Csr, meanRating: number): WeightedRows {
  const exposures = ratedExposures(rows)
  return { ...exposures, weights: exposures.weights.map((rating) => rating / meanRating) }
}

/** What the method knows when it scores. */
interface Learned {
  items: Factors
  map: FeatureMap | null
  exposure: GammaFactors
  meanRating: Float32Array
}

/** A user is what the row says: its confounder is found from its exposures, then its factors and its coefficient from what it rated. */
function modelOf(
  { items, map, exposure, meanRating }: Learned,
  fold: FoldIn,
  exposed: Factors,
  solver: ConfoundedSolver,
  params: ParamValues,
): FittedModel {
  const user = new Factors(new Float32Array(items.size), items.size)
  const confounder = new Factors(new Float32Array(exposed.size), exposed.size)
  return {
    score(rows) {
      const scores = new Float32Array(rows.rows * rows.cols)
      const exposures = weighByRating(rows, meanRating[0]!)
      const wanted = wantedOf(exposures, rows, params)
      for (let r = 0; r < rows.rows; r++) {
        fold.solve(interactionsOf(exposures, r).own, confounder.values)
        const { own, ...about } = interactionsOf(wanted, r)
        const towards = map && { towards: map.towards(rows.beside?.features, r) }
        const coefficient = Math.fround(solver.solve(own, confounder.values, user.values, { ...about, ...towards }))
        for (let item = 0; item < rows.cols; item++)
          scores[r * rows.cols + item] =
            scoreOf(user, 0, items, item) + coefficient * scoreOf(confounder, 0, exposed, item)
      }
      return Promise.resolve(scores)
    },
    save: () =>
      Promise.resolve({
        items: { shape: items.shape, data: items.values.slice() },
        ...(map && { features: { shape: map.shape, data: map.values.slice() } }),
        exposureShapes: lent(exposure.shapes),
        exposureRates: vectorOf(exposure.rates),
        meanRating: vectorOf(meanRating),
      }),
    dispose: () => undefined,
  }
}

const solverOf = ({ items }: Learned, exposed: Factors, params: FitContext['params']): ConfoundedSolver =>
  new ConfoundedSolver(items, exposed, weightingOf(params), numberParam(params, 'coefficientRegularisation'))

async function fit(context: FitContext): Promise<FitOutcome> {
  const { params, split, resume } = context
  const ratings = interactionsToLearn(split, ratedExposures(split.train))
  const active = activeRows(ratings)
  const mean = ratings.weights!.reduce((sum, rating) => sum + rating, 0) / ratings.weights!.length
  const meanRating = Float32Array.of(mean)
  const exposures = weighByRating(split.train, meanRating[0]!)
  const learned = interactionsToLearn(split, exposures)
  const wanted = interactionsToLearn(split, wantedOf(exposures, split.train, params))
  const wantedByItem = transposeWeighted(wanted)

  const size = numberParam(params, 'factors')
  const weighting = weightingOf(params)
  const shrinkage = numberParam(params, 'coefficientRegularisation')
  const users = new Factors(new Float32Array(learned.rows * size), size)
  const items = startOfItems(learned.cols, size, context)
  const coefficients = new Float32Array(learned.rows)
  const map = learnedMap(split.train, active, users, weighting)
  const model = new PoissonFactorisation(
    learned,
    transposeWeighted(learned),
    numberParam(params, 'exposureFactors'),
    context.rng,
  )
  const confounders = new Factors(new Float32Array(learned.rows * model.items.shapes.size), model.items.shapes.size)

  const swept = {
    arrays: {
      users: lent(users),
      items: lent(items),
      coefficients: vectorOf(coefficients),
      ...(map && { features: map.map.lent() }),
    },
    fixed: withPrefix('exposure', {
      users: lent(model.users.shapes),
      userRates: vectorOf(model.users.rates),
      items: lent(model.items.shapes),
      itemRates: vectorOf(model.items.rates),
      confounders: lent(confounders),
    }),
  }
  if (resume) putBack(swept, resume.arrays)
  if (!resume || isOfExposures(resume.state)) {
    const check = new PredictiveCheck(split, learned)
    const stopped = await fitExposures(context, learned, model, confounders, check, sweptArrays(swept))
    if (stopped) return stopped
  }

  const exposed = expected(model.items)
  const known: Learned = { items, map: map?.map ?? null, exposure: model.items, meanRating }
  const solver = solverOf(known, exposed, params)
  const itemSolver = new RowSolver(users, weighting)
  /** Σ γ x zᵀ over all users. */
  let explained: Float64Array | null = null
  const explainedByUsers = (): Float64Array => (explained ??= crossProducts(users, confounders, coefficients))
  const confounded = (user: number, item: number): number =>
    coefficients[user]! * dot(confounders.at(user), exposed.at(item))
  const usersChanged = (): void => {
    users.changed()
    explained = null
  }
  const itemsChanged = (): void => {
    items.changed()
    solver.changed()
  }

  const steps = [
    ...blocksOf(learned, size + 1).map(([from, to]) => () => {
      for (let user = from; user < to; user++) {
        const { own, ...about } = interactionsOf(wanted, user)
        if (own.length === 0) continue
        const towards = map && { towards: map.towards(user) }
        coefficients[user] = solver.solve(own, confounders.at(user), users.at(user), { ...about, ...towards })
      }
      usersChanged()
    }),
    ...(map ? [() => map.refit()] : []),
    ...blocksOf(wantedByItem, size).map(([from, to]) => () => {
      for (let item = from; item < to; item++) {
        const { own, ...about } = interactionsOf(wantedByItem, item)
        const offset = {
          own: Float64Array.from(own, (user) => confounded(user, item)),
          products: multiply(explainedByUsers(), exposed.at(item), new Float64Array(size)),
        }
        itemSolver.solve(own, items.at(item), { ...about, offset })
      }
      itemsChanged()
    }),
  ]

  const loss = (): number => {
    let sum = objective(
      wanted,
      users,
      items,
      weighting,
      (user, item) => scoreOf(users, user, items, item) + confounded(user, item),
    )
    // Over all pairs: 2 (x·y) γ â + (γ â)².
    const [ofUsers, ofItems] = [explainedByUsers(), solver.crossed()]
    for (let cell = 0; cell < ofUsers.length; cell++) sum += 2 * ofUsers[cell]! * ofItems[cell]!
    const gram = exposed.gram()
    for (const user of active) sum += coefficients[user]! ** 2 * (quadratic(gram, confounders.at(user)) + shrinkage)
    return (sum + (map?.penalty() ?? 0)) / active.length
  }
  return sweepFit(
    context,
    {
      type: 'deconf-mf-fit',
      steps,
      loss,
      model: modelOf(known, new FoldIn(model.items), exposed, solver, params),
      ...swept,
      kept: ['items', ...(map ? ['features'] : [])],
      changed() {
        usersChanged()
        itemsChanged()
      },
      blockRows: rankedTogether(items),
    },
    resume && !isOfExposures(resume.state) ? resume : null,
  )
}

/** Writes a checkpoint into the arrays of the training. @throws CausewayError `runInvalid` where it is of another */
function putBack({ arrays, fixed }: Pick<Sweeps, 'arrays'> & { fixed: NamedArrays }, saved: NamedArrays): void {
  const weights = checkedArrays(withoutPrefix('weights', saved), arrays)
  for (const [name, { data }] of Object.entries(weights)) arrays[name]!.data.set(data)
  for (const [name, { data }] of Object.entries(checkedArrays(saved, fixed))) fixed[name]!.data.set(data)
}

/** Deconf-MF (Wang et al. 2020): see README.md for the decisions. */
export const method: Method = {
  fit,

  load(saved, params, count) {
    const [size, exposureSize] = [numberParam(params, 'factors'), numberParam(params, 'exposureFactors')]
    const arrays = checkedArrays(saved, {
      items: { shape: [count, size] },
      exposureShapes: { shape: [count, exposureSize] },
      exposureRates: { shape: [exposureSize] },
      meanRating: { shape: [1] },
    })
    const dataOf = (name: keyof typeof arrays): Float32Array => arrays[name].data as Float32Array
    const exposure: GammaFactors = {
      shapes: new Factors(dataOf('exposureShapes'), exposureSize),
      rates: dataOf('exposureRates'),
    }
    const items = new Factors(dataOf('items'), size)
    const known: Learned = { items, map: savedMap(saved, size), exposure, meanRating: dataOf('meanRating') }
    const exposed = expected(exposure)
    return modelOf(known, new FoldIn(exposure), exposed, solverOf(known, exposed, params), params)
  },
}

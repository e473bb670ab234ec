import { nnzOf, rowOf, type Csr, type Split } from '../../../../src-shared/domain/split'
import { exposedIn } from '../../../pipeline/split/beside'
import { ratedExposures } from '../../blocks/factorisation/interactions'
import { expected, FoldIn, type GammaFactors } from './poisson-factors'

/** Users that a check is made with at most. */
const mostUsers = 200

/** How well exposures that were held out are predicted: means of their log-probabilities among what the user was not known to be exposed to. */
export interface CheckResult {
  logLikelihood: number
  popularityLogLikelihood: number
  exposures: number
}

/**
 * The predictive check of the exposure model: exposures of the validation part, given those of the train part. Given how many there are, those of
 * a Poisson factorisation are multinomial: it is their log-probability, of each alone.
 */
export class PredictiveCheck {
  private readonly known: Csr
  private readonly held: Csr
  private readonly users: number[]
  private readonly popularity: Float64Array

  /** @param learned the exposures that are learned from */
  constructor(split: Split, learned: Csr) {
    this.known = ratedExposures(split.train)
    const exposed = split.ratings && exposedIn(split, 'validation')
    this.held = ratedExposures({ ...split.validation, ...(exposed && { beside: { exposed } }) })
    const all = Array.from({ length: split.train.rows }, (_, user) => user).filter(
      (user) => rowOf(this.held, user).length > 0 && rowOf(this.known, user).length > 0,
    )
    const step = Math.max(1, all.length / mostUsers)
    this.users = Array.from({ length: Math.min(mostUsers, all.length) }, (_, at) => all[Math.floor(at * step)]!)
    this.popularity = new Float64Array(split.train.cols).fill(1)
    for (let at = 0; at < nnzOf(learned); at++) this.popularity[learned.indices[at]!]!++
  }

  /** @returns null where nothing was held out */
  of(items: GammaFactors): CheckResult | null {
    const fold = new FoldIn(items)
    const means = expected(items)
    const user = new Float32Array(fold.size)
    const rate = (item: number): number => means.at(item).reduce((sum, value, k) => sum + value * user[k]!, 0)
    const result: CheckResult = { logLikelihood: 0, popularityLogLikelihood: 0, exposures: 0 }
    for (const row of this.users) {
      const known = rowOf(this.known, row)
      fold.solve(known, user)
      const isKnown = new Set(known)
      const held = rowOf(this.held, row).filter((item) => !isKnown.has(item))
      let [rates, counts] = [0, 0]
      for (let item = 0; item < this.known.cols; item++) {
        if (isKnown.has(item)) continue
        rates += rate(item)
        counts += this.popularity[item]!
      }
      for (const item of held) {
        result.logLikelihood += Math.log(rate(item) / rates)
        result.popularityLogLikelihood += Math.log(this.popularity[item]! / counts)
      }
      result.exposures += held.length
    }
    if (result.exposures === 0) return null
    result.logLikelihood /= result.exposures
    result.popularityLogLikelihood /= result.exposures
    return result
  }
}

import { CausewayError } from '../../../src-shared/contract/errors'
import {
  correlationLists,
  type CorrelationCurve,
  type CorrelationList,
  type CorrelationMeasures,
  type ListLikeness,
} from '../../../src-shared/domain/correlation'
import type { Split } from '../../../src-shared/domain/split'
import type { RowCorrelationEffect } from '../../jobs/trainer-contract'
import type { ChosenPairs, FittedModel } from '../../methods/method'
import { pooledAuc, ratedMetrics, ratedPairs, type RatedPairs } from '../evaluate/rated'
import { topItems } from '../evaluate/ranking'
import { Candidates } from './lists'
import { jaccard, listTau } from './rank-similarity'
import type { Step } from './tasks'

/** A model whose exogenous variables are correlated. */
type Correlated = FittedModel & Required<Pick<FittedModel, 'chosen' | 'correlation'>>

const isCorrelated = (model: FittedModel): model is Correlated =>
  model.chosen !== undefined && model.correlation !== undefined

/** Users that are looked at in turn. */
const keptUsers = 8

/** Some pairs of which an outcome is known. */
interface MeasuredPairs {
  rated: RatedPairs
  chosen: ChosenPairs
}

/** What a user's items are worth at a correlation. */
interface ExpectedOfAll {
  expected: Float32Array
  top: Int32Array
}

/**
 * Sets the correlation of the exogenous variables of a model: an intervention on their distribution, which moves what is expected of items
 * that users come to by choice. The networks score each pair once; the rest is a function of the correlation.
 */
export class Correlations {
  private readonly model: Correlated
  private readonly candidates: Candidates
  private readonly users = new Map<number, ChosenPairs>()
  private rated: { validation: MeasuredPairs; test: MeasuredPairs } | null = null
  private readonly measured = new Map<number, CorrelationMeasures>()

  /** @throws CausewayError `badRequest` for a model that learns no correlation */
  constructor(
    model: FittedModel,
    private readonly split: Split,
  ) {
    if (!isCorrelated(model))
      throw new CausewayError('badRequest', 'This run learned no correlation of exogenous variables that could be set.')
    this.model = model
    this.candidates = new Candidates(split)
  }

  /** What becomes of a user's list of the k best candidates. @param row of the split */
  async effect(row: number, k: number, rho: number): Promise<RowCorrelationEffect> {
    const chosen = await this.itemsOf(row)
    const learned = this.model.correlation()
    const at = (value: number): ExpectedOfAll => {
      const expected = chosen.expected(value)
      return { expected, top: this.candidates.of(row, (excluded) => topItems(expected, excluded, k)) }
    }
    const lists: Record<CorrelationList, ExpectedOfAll> = { zero: at(0), learned: at(learned), set: at(rho) }
    const placesOf = (item: number) =>
      Object.fromEntries(
        correlationLists.map((list) => {
          const { expected } = lists[list]
          const value = expected[item]!
          return [
            list,
            {
              rank: this.candidates.rank(row, expected, item),
              expected: chosen.preference === 'binary' ? 1 / (1 + Math.exp(-value)) : value,
            },
          ]
        }),
      ) as RowCorrelationEffect['items'][number]['places']
    const inSet = new Set(lists.set.top)
    const others = [...new Set([...lists.learned.top, ...lists.zero.top])].filter((item) => !inSet.has(item))
    const likeness = (list: CorrelationList): ListLikeness => ({
      jaccard: jaccard(lists[list].top, lists.set.top),
      tau: listTau(lists[list].top, lists.set.top),
    })
    const placed = (item: number) => ({ item, places: placesOf(item) })
    return {
      learned,
      expects: chosen.preference === 'binary' ? 'probability' : 'rating',
      items: [
        ...[...lists.set.top].map(placed),
        ...others.map(placed).sort((a, b) => a.places.learned.rank - b.places.learned.rank),
      ],
      likeness: { zero: likeness('zero'), learned: likeness('learned') },
    }
  }

  /** What is measured of the rated pairs at each of `rhos`; what was measured before is known. */
  async curve(rhos: readonly number[], step: Step): Promise<CorrelationCurve> {
    const started = performance.now()
    await step('Scoring the rated pairs', 0)
    const { validation, test } = (this.rated ??= await this.scoreRated())
    const at = (rho: number): CorrelationMeasures => {
      const known = this.measured.get(rho) ?? measure(validation, test, rho)
      this.measured.set(rho, known)
      return known
    }
    const points: CorrelationMeasures[] = []
    for (const rho of rhos) {
      await step('Measuring over the correlation', points.length / rhos.length)
      points.push(at(rho))
    }
    return {
      learned: at(this.model.correlation()),
      points,
      pairs: { validation: validation.rated.users.length, test: test.rated.users.length },
      isTestRandomised: this.split.isTestRandomised ?? false,
      seconds: (performance.now() - started) / 1000,
    }
  }

  /** All items of a user; of the last few users they are kept. */
  private async itemsOf(row: number): Promise<ChosenPairs> {
    const items = Int32Array.from({ length: this.split.train.cols }, (_, item) => item)
    const chosen =
      this.users.get(row) ?? (await this.model.chosen({ users: new Int32Array(items.length).fill(row), items }))
    // Last used is last in the map.
    this.users.delete(row)
    this.users.set(row, chosen)
    for (const other of this.users.keys()) if (this.users.size > keptUsers) this.users.delete(other)
    return chosen
  }

  private async scoreRated(): Promise<{ validation: MeasuredPairs; test: MeasuredPairs }> {
    const of = async (part: 'validation' | 'test'): Promise<MeasuredPairs> => {
      const rated = ratedPairs(this.split, part)
      return { rated, chosen: await this.model.chosen(rated) }
    }
    return { validation: await of('validation'), test: await of('test') }
  }
}

function measure(validation: MeasuredPairs, test: MeasuredPairs, rho: number): CorrelationMeasures {
  const { rated, chosen } = validation
  const targets = chosen.preference === 'binary' ? rated.labels : rated.values
  const auc = pooledAuc(rated.labels, chosen.expected(rho))
  return {
    rho,
    logLikelihood:
      targets === null || targets.length === 0 || targets.some(Number.isNaN)
        ? null
        : chosen.logLikelihood(targets, rho),
    validationAuc: Number.isNaN(auc) ? null : auc,
    test: ratedMetrics(test.rated, test.chosen.expected(rho)),
  }
}

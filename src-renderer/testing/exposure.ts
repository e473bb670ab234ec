import type {
  ExposedItem,
  ExposedUser,
  JudgedCheck,
  ItemExposureEffects,
  SegmentExposureEffects,
  StrongestExposureEffects,
} from '../../src-shared/domain/exposure'
import type { MethodInfo } from '../../src-shared/domain/method'

/** Answers as the services give them, for tests. */

/** A method that tells what exposing items does. */
export const exposureMethod: MethodInfo = {
  id: 'deep-deconf',
  label: 'Deep-Deconf',
  family: 'causal',
  purpose: '',
  assumptions: ['No confounder acts on one item alone.'],
  identification: { statement: 'Of the model.', byConstruction: ['z is held.'], assumed: ['No single causes.'] },
  needs: [],
  paper: { title: '', authors: '', year: 2022 },
  capabilities: ['score', 'exposures', 'exposure-effects'],
  params: [],
  series: [],
  stopsBy: { param: 'likelihood', byValue: { multinomial: ['ndcg@20'] } },
}

export const exposureCheckOf = (pValue: number): JudgedCheck => ({
  users: 90,
  heldOutItems: 6.2,
  logLikelihood: -0.41,
  popularityLogLikelihood: -0.52,
  pValue,
  usersAreNew: true,
})

export const film = (item: number) => ({ id: `f${item}`, title: `Film ${item}`, attributes: {} })

/** Film n raises n+1 and n+2, lowers n+3; for a user twice as much. */
export function itemEffectsOf(item: string, user: string | null): ItemExposureEffects {
  const n = Number(item.slice(1))
  const times = user === null ? 1 : 2
  const affected = (other: number, effect: number) => ({
    ...film(other),
    effect: effect * times,
    isExposed: user === null ? null : other === n + 1,
  })
  return {
    item: film(n),
    user,
    outcome: 'rating',
    own: 0.5 * times,
    isExposed: user === null ? null : false,
    raised: [affected(n + 1, 0.3), affected(n + 2, 0.02)],
    lowered: [affected(n + 3, -0.1)],
    raises: 40,
    lowers: 19,
  }
}

export const strongestOf = (user: string | null): StrongestExposureEffects => ({
  user,
  outcome: 'rating',
  pairs: [
    { from: film(1), to: film(2), effect: 0.3 },
    { from: film(4), to: film(2), effect: -0.2 },
    { from: film(2), to: film(5), effect: 0.1 },
  ],
  among: 3540,
  seconds: 0.1,
})

/** A list of three; once anything is set, Film 9 takes the place of Film 3. */
export function exposedOf(user: string, expose: readonly string[], withdraw: readonly string[]): ExposedUser {
  const isSet = expose.length + withdraw.length > 0
  const placed = (item: number, before: number | null, after: number | null): ExposedItem => ({
    ...film(item),
    before: { rank: before, predicted: 4 - item / 10 },
    after: { rank: after, predicted: 4 - item / 10 + (isSet ? 0.25 : 0) },
    set: expose.includes(`f${item}`) ? 'exposed' : withdraw.includes(`f${item}`) ? 'withdrawn' : null,
  })
  return {
    user,
    k: 3,
    outcome: 'rating',
    exposures: [film(7), film(8)],
    listed: isSet
      ? [placed(1, 1, 1), placed(2, 2, 2), placed(9, 8, 3), placed(3, 3, 4)]
      : [1, 2, 3].map((item) => placed(item, item, item)),
    moved: isSet ? [placed(9, 8, 3), placed(7, null, null)] : [],
  }
}

export const segmentsOf = (item: string, attribute: string): SegmentExposureEffects => ({
  item: film(Number(item.slice(1))),
  attribute,
  outcome: 'rating',
  segments: [
    { label: 'f', users: 40, sampled: 40 },
    { label: 'm', users: 500, sampled: 200 },
  ],
  items: [
    {
      ...film(2),
      overUsers: { mean: 0.3, standardError: 0.01 },
      bySegment: [
        { mean: 0.4, standardError: 0.02, difference: 0.1, differenceError: 0.02 },
        { mean: 0.29, standardError: 0.01, difference: -0.01, differenceError: 0.01 },
      ],
    },
  ],
  sample: { most: 200, seed: 0 },
  seconds: 1,
})

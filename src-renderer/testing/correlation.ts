import type { CorrelationCurve, CorrelationEffect, CorrelationMeasures } from '../../src-shared/domain/correlation'
import type { MethodInfo } from '../../src-shared/domain/method'

/** A method that learns a correlation of exogenous variables. */
export const correlatedMethod: MethodInfo = {
  id: 'clev',
  label: 'CLEV',
  family: 'causal',
  purpose: '',
  assumptions: ['The disturbances are normal.'],
  identification: { statement: 'By its form.', byConstruction: ['ρ = 0 falls apart.'], assumed: ['Normality.'] },
  needs: [],
  paper: { title: '', authors: '', year: 2025 },
  capabilities: ['score', 'correlation'],
  params: [],
  series: [],
}

const measuresAt = (rho: number): CorrelationMeasures => ({
  rho,
  logLikelihood: -0.5 - (rho - 0.3) ** 2,
  validationAuc: 0.75,
  test: { ratedAuc: 0.7, 'ratedRecall@5': 0.6, 'ratedNdcg@5': 0.5 },
})

/** Measures that are best at 0.3, which was learned. */
export const correlationCurveOf = (rhos: readonly number[]): CorrelationCurve => ({
  learned: measuresAt(0.3),
  points: rhos.map(measuresAt),
  pairs: { validation: 617, test: 4640 },
  isTestRandomised: true,
  seconds: 0.1,
})

/** A list of three films; from ρ = 0.5 on, Film 9 takes the place of Film 3. */
export function correlationEffectOf(user: string, rho: number): CorrelationEffect {
  const moves = rho >= 0.5
  const film = (item: number, learned: number, set: number): CorrelationEffect['items'][number] => ({
    id: String(item),
    title: `Film ${item}`,
    attributes: {},
    inTest: item === 2,
    places: {
      zero: { rank: learned, expected: 0.5 },
      learned: { rank: learned, expected: 0.61 },
      set: { rank: set, expected: item === 1 ? 0.99999 : 0.5 + rho / 4 },
    },
  })
  return {
    user,
    k: 3,
    rho,
    learned: 0.3,
    expects: 'probability',
    items: moves ? [film(2, 2, 1), film(1, 1, 2), film(9, 7, 3), film(3, 3, 5)] : [1, 2, 3].map((n) => film(n, n, n)),
    likeness: moves
      ? { zero: { jaccard: 0.5, tau: 0.2 }, learned: { jaccard: 0.5, tau: 0.2 } }
      : { zero: { jaccard: 1, tau: 1 }, learned: { jaccard: 1, tau: 1 } },
  }
}

import type { SeriesInfo } from '../../../../src-shared/domain/method'
import type { ParamSchema, ParamSpec } from '../../../../src-shared/params/params'
import { epochsParam, patienceParam, validationSeries } from '../training-params'

/** Defaults that a method sets for itself, found on validation data. */
interface FactorisationDefaults {
  factors: number
  alpha: number
  regularisation: number
}

/** The parameters of every method trained by sweeps over a factorisation of all pairs. @param own what the method adds to them */
export const factorisationParams = (
  defaults: FactorisationDefaults,
  alphaHelp: string,
  own: ParamSpec[] = [],
): ParamSchema => [
  {
    ...epochsParam(30),
    help: 'The most sweeps: all users are solved for, then all items. Training stops earlier when validation no longer improves.',
    unit: 'sweeps',
  },
  {
    key: 'factors',
    type: 'integer',
    label: 'Factors',
    help: 'Length of the vectors of users and items. Larger fits more and overfits sooner; the time grows with its square, and with its cube per user.',
    unit: 'dimensions',
    default: defaults.factors,
    min: 1,
    max: 1024,
    basic: true,
  },
  {
    key: 'alpha',
    type: 'number',
    label: 'Confidence',
    help: alphaHelp,
    default: defaults.alpha,
    min: 0,
    max: 10000,
    basic: true,
  },
  {
    key: 'regularisation',
    type: 'number',
    label: 'Regularisation',
    help: 'Weight of the squared length of all vectors. Larger keeps them shorter, which pulls users with few interactions towards the average.',
    default: defaults.regularisation,
    min: 1e-3,
    max: 1e6,
    basic: true,
  },
  ...own,
  patienceParam(5),
]

export const factorisationSeries: SeriesInfo[] = [
  {
    id: 'loss',
    label: 'Loss',
    help: 'What is minimised, per user: the weighted squared error over all items plus the regularisation. No sweep raises it.',
    group: 'objective',
  },
  ...validationSeries,
]

/** What counts as wanted by a user: all that the user was exposed to, or what of it is positive. */
export const wantedParam: ParamSpec = {
  key: 'wanted',
  type: 'choice',
  label: 'Wanted items',
  help: 'What is predicted of a user: all items that the user was exposed to, or those rated at or above the threshold. The others count like items that the user never met.',
  default: 'exposed',
  choices: [
    { value: 'exposed', label: 'All exposures' },
    { value: 'positive', label: 'Positives' },
  ],
  basic: true,
}

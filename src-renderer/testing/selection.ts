import type { PropensityDiagnostics } from '../../src-shared/domain/propensity'
import type { RunEstimates, RunPropensities, Sensitivity } from '../../src-shared/domain/selection'

/** Propensities without a fault. */
export const diagnosticsOf = (change: Partial<PropensityDiagnostics> = {}): PropensityDiagnostics => ({
  weights: { pairs: 6000, effective: 3000, effectiveShare: 0.5, largest: 80, floor: 0.01, clippedShare: 0.012 },
  calibration: {
    bins: [
      { pairs: 40_000, predicted: 0.03, observed: 0.034 },
      { pairs: 40_000, predicted: 0.11, observed: 0.106 },
    ],
    error: 0.004,
  },
  overlap: {
    edges: [-3, -2, -1, 0],
    observed: [100, 4000, 1900],
    unobserved: [30_000, 40_000, 4000],
    unsupportedShare: 0.003,
  },
  meanPredicted: 0.0701,
  density: 0.07,
  ...change,
})

export const propensitiesOf = (change: Partial<RunPropensities> = {}): RunPropensities => ({
  run: 'run-1',
  source: 'model',
  drawn: 80_000,
  areAllPairs: true,
  diagnostics: diagnosticsOf(),
  ...change,
})

export const estimatesOf = (change: Partial<RunEstimates> = {}): RunEstimates => ({
  run: 'run-1',
  source: 'model',
  floor: 0.01,
  pairs: 696,
  randomisedPairs: 4640,
  imputed: null,
  errors: [
    {
      error: 'crossEntropy',
      naive: { value: 0.52, standardError: 0.012 },
      ips: { value: 0.61, standardError: 0.04 },
      snips: { value: 0.59, standardError: 0.02 },
      dr: null,
      randomised: { value: 0.6, standardError: 0.005 },
    },
    {
      error: 'squared',
      naive: { value: 0.18, standardError: 0.005 },
      ips: { value: 0.22, standardError: 0.015 },
      snips: { value: 0.21, standardError: 0.008 },
      dr: null,
      randomised: { value: 0.215, standardError: 0.002 },
    },
  ],
  ...change,
})

export const sensitivityOf = (change: Partial<Sensitivity> = {}): Sensitivity => ({
  error: 'crossEntropy',
  runs: [
    { run: 'clev-1', method: 'clev', mean: 0.59 },
    { run: 'ips-1', method: 'ips', mean: 0.62 },
  ],
  pairs: 696,
  users: 290,
  floor: 0.01,
  difference: { ips: -0.031, snips: -0.03 },
  interval: { low: -0.05, high: -0.01, level: 0.95, resamples: 1000 },
  flip: 1.3712,
  points: [
    { gamma: 1, ips: { low: -0.031, high: -0.031 }, snips: { low: -0.03, high: -0.03 } },
    { gamma: 2, ips: { low: -0.08, high: 0.02 }, snips: { low: -0.07, high: 0.018 } },
    { gamma: 20, ips: { low: -0.5, high: 0.4 }, snips: { low: -0.3, high: 0.25 } },
  ],
  ...change,
})

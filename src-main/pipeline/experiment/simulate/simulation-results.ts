import { CausewayError } from '../../../../src-shared/contract/errors'
import type { Environment } from '../../../../src-shared/domain/experiment-results'
import type {
  FitBase,
  SimulatedFit,
  SimulatedMethod,
  SimulationCell,
  SimulationEstimate,
  SimulationFile,
  SimulationRatio,
  SimulationResults,
  Verdict,
} from '../../../../src-shared/domain/simulation'
import { holm, meanOf, pairedT, sampleDeviation } from '../../compare/paired-tests'
import { bestParams, fitsOf, fitsOfPlan, planOfSimulation, type KeyedMethod } from './plan-fits'

export interface SimulationInput {
  file: SimulationFile
  methods: readonly KeyedMethod[]
  fits: readonly SimulatedFit[]
  budget: string
  environment: Environment
  data: Pick<SimulationResults['data'], 'dataset' | 'datasetHash' | 'users' | 'items'>
  madeAt: string
}

const level = 0.95

/** What a simulation came to. @throws CausewayError `runNotReady` before a final training has completed */
export function simulationResults(input: SimulationInput): SimulationResults {
  const { file, methods, fits, budget, environment, data, madeAt } = input
  const plan = planOfSimulation(file)
  const ofMethods = methods.map((method) => ({ method, own: fitsOfPlan(plan, [method], fits) }))
  const observed = ofMethods
    .flatMap(({ own }) => own)
    .filter(({ phase, error }) => phase === 'final' && error !== null)
    .map((fit) => fit.observed)
  if (observed.length === 0)
    throw new CausewayError('runNotReady', `No training of the simulation "${file.name}" has completed.`)
  const cells = cellsOf(input)
  const ratios = ratiosOf(file, cells)
  const estimates = estimatesOf(input)
  const observedMean = meanOf(observed)
  return {
    type: 'causeway-simulation-results',
    version: 1,
    name: file.name,
    madeAt,
    configuration: file,
    environment,
    data: { ...data, observedMean, density: observedMean / (data.users * data.items) },
    budget,
    methods: ofMethods.map(({ method, own }) => usedBy(method, own, file.remarks)),
    cells,
    ratios,
    estimates,
    verdicts: [...ratioVerdicts(file, ratios), ...estimateVerdicts(file, estimates)],
  }
}

export const usedBy = (
  { label, info }: KeyedMethod,
  own: readonly FitBase[],
  remarks: SimulationFile['remarks'],
): SimulatedMethod => ({
  label,
  method: info.id,
  fits: own.length,
  failed: own.filter(({ reason }) => reason !== null).length,
  epochs: own.reduce((sum, { epochs }) => sum + epochs, 0),
  seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
  remark: remarks[label] ?? null,
})

/** Mean and standard deviation of what was measured. */
export const summary = (values: readonly (number | null)[]): { mean: number | null; sd: number | null } => {
  const known = values.filter((value) => value !== null)
  return { mean: known.length === 0 ? null : meanOf(known), sd: sampleDeviation(known) }
}

/** A value of each seed's final fit. */
const bySeed = <T>(
  { file, fits }: SimulationInput,
  method: KeyedMethod,
  correlation: number,
  value: (fit: SimulatedFit) => T | null,
): (T | null)[] => {
  const finals = fitsOf(fits, method, 'final', { correlation })
  return file.seeds.map((seed) => {
    const fit = finals.find((candidate) => candidate.seed === seed)
    return fit ? value(fit) : null
  })
}

function cellsOf(input: SimulationInput): SimulationCell[] {
  const { file, methods, fits } = input
  const cells = methods.flatMap((method) =>
    file.correlations.map((correlation, at): SimulationCell => {
      const errors = bySeed(input, method, correlation, ({ error }) => error)
      const best = bestParams(planOfSimulation(file), method, { correlation }, fits)
      const published = file.published?.errors[method.label]?.[at]
      return {
        label: method.label,
        correlation,
        errors,
        ...summary(errors),
        best,
        published: published ? { mean: published[0], sd: published[1] } : null,
        test: null,
      }
    }),
  )
  if (file.reference !== undefined) testCells(cells, file.reference)
  return cells
}

/** Student's paired t over seeds of every method against the reference, with Holm's correction over all of them. */
function testCells(cells: SimulationCell[], reference: string): void {
  const tested = cells.flatMap((cell) => {
    const base = cells.find(({ label, correlation }) => label === reference && correlation === cell.correlation)
    if (!base || base === cell) return []
    const differences = cell.errors.flatMap((error, at) => {
      const other = base.errors[at] ?? null
      return error === null || other === null ? [] : [error - other]
    })
    return [{ cell, test: pairedT(differences, level, 'shared seed') }]
  })
  const corrected = holm(tested.map(({ test }) => test.p))
  tested.forEach(({ cell, test: { meanDifference, p } }, at) => {
    cell.test = { meanDifference, p, pHolm: corrected[at]! }
  })
}

/** The reference beside the best of the others, at every correlation that has both. */
function ratiosOf({ reference, correlations }: SimulationFile, cells: readonly SimulationCell[]): SimulationRatio[] {
  return correlations.flatMap((correlation): SimulationRatio[] => {
    const here = cells.filter((cell) => cell.correlation === correlation)
    const own = here.find(({ label }) => label === reference)
    const others = here.filter((cell) => cell !== own)
    const lowest = (of: (cell: SimulationCell) => number | undefined | null): number =>
      Math.min(...others.map((cell) => of(cell) ?? Infinity))
    const best = others.find(({ mean }) => mean !== null && mean === lowest((cell) => cell.mean))
    if (!own || own.mean === null || !best || best.mean === null) return []
    const bestPublished = lowest(({ published }) => published?.mean)
    const published = own.published && Number.isFinite(bestPublished) ? own.published.mean / bestPublished : null
    return [
      {
        correlation,
        reference: own.mean,
        bestOther: { label: best.label, mean: best.mean },
        ratio: own.mean / best.mean,
        published,
      },
    ]
  })
}

function estimatesOf(input: SimulationInput): SimulationEstimate[] {
  const { file, methods } = input
  const { estimate } = file
  const method = methods.find(({ label }) => label === estimate)
  if (!method) return []
  return file.correlations.map((correlation) => {
    const values = bySeed(input, method, correlation, (fit) => fit.estimate)
    return { correlation, values, ...summary(values) }
  })
}

interface Range {
  from: number
  below: number
}

const inRange = ({ from, below }: Range, correlation: number): boolean =>
  Math.abs(correlation) >= from && Math.abs(correlation) < below

/** Of the size of the correlation. */
function whereWords({ from, below }: Range): string {
  if (from === 0 && below > 1) return 'at every correlation'
  const bounds = [...(from > 0 ? [`at least ${from}`] : []), ...(below > 1 ? [] : [`less than ${below}`])]
  return `where rho is ${bounds.join(' and ')} in size`
}

const shown = (value: number): string => value.toFixed(3)

/** Whether something holds at all correlations of a range; it does not where nothing was measured. */
function verdict<T extends { correlation: number }>(
  claim: string,
  range: Range,
  measured: readonly T[],
  wanted: readonly number[],
  valueOf: (one: T) => number | null,
  most: number,
): Verdict {
  const here = measured.filter(({ correlation }) => inRange(range, correlation))
  const missing = wanted.filter(
    (correlation) =>
      inRange(range, correlation) && !here.some((one) => one.correlation === correlation && valueOf(one) !== null),
  )
  const known = here.flatMap((one) => {
    const value = valueOf(one)
    return value === null ? [] : [{ correlation: one.correlation, value }]
  })
  const words = (ones: typeof known): string =>
    ones.map(({ correlation, value }) => `${shown(value)} at rho ${correlation}`).join(', ')
  if (missing.length > 0) return { claim, holds: false, because: `Not measured at rho ${missing.join(', ')}.` }
  if (known.length === 0) return { claim, holds: false, because: 'No correlation of the simulation is in this range.' }
  const failing = known.filter(({ value }) => value > most)
  if (failing.length > 0) return { claim, holds: false, because: `${words(failing)}.` }
  const largest = known.reduce((a, b) => (b.value > a.value ? b : a))
  return { claim, holds: true, because: `The largest is ${words([largest])}.` }
}

const ratioVerdicts = (
  { claims, reference, correlations }: SimulationFile,
  ratios: readonly SimulationRatio[],
): Verdict[] =>
  claims.ratio.map((range) =>
    verdict(
      `The error of ${reference ?? 'the reference'} is at most ${range.most} times that of the best other method ${whereWords(range)}.`,
      range,
      ratios,
      correlations,
      ({ ratio }) => ratio,
      range.most,
    ),
  )

const estimateVerdicts = (
  { claims, correlations }: SimulationFile,
  estimates: readonly SimulationEstimate[],
): Verdict[] =>
  claims.estimate.map((range) =>
    verdict(
      `The mean estimate of rho is at most ${range.within} off ${whereWords(range)}.`,
      range,
      estimates,
      correlations,
      ({ mean, correlation }) => (mean === null ? null : Math.abs(mean - correlation)),
      range.within,
    ),
  )

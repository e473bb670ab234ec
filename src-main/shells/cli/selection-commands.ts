import { InvalidArgumentError, Option } from 'commander'
import {
  errorKinds,
  mostGamma,
  type ErrorKind,
  type RunEstimates,
  type RunPropensities,
  type Sensitivity,
} from '../../../src-shared/domain/selection'
import {
  errorLabels,
  estimateNotes,
  estimateRows,
  estimatorLabels,
  factorWords,
  gammaHelp,
  meanErrorWords,
  propensityReadings,
  sensitivityWords,
  sourceWords,
} from '../../../src-shared/selection/words'
import type { CommandContext } from './context'
import { count, decimals, table } from './format'

/** `causeway propensities`, `estimates` and `sensitivity`: what selection may do to what is known of runs. */
export function addSelectionCommands({ program, output, session }: CommandContext): void {
  const floor = (): Option =>
    new Option('--floor <p>', 'smaller propensities count as this one (default: the run’s own, else 0.01)').argParser(
      numberIn(1e-6, 1),
    )
  program
    .command('propensities')
    .description('what the propensities of a run are worth: weights, clipping, calibration, overlap')
    .argument('<run>')
    .addOption(floor())
    .action((run: string, given: { floor?: number }) =>
      session('read', async (opened) => {
        const judged = await opened.request('selection:propensities', { run, floor: given.floor })
        output.result(judged, () => describePropensities(judged))
      }),
    )
  program
    .command('estimates')
    .description('the mean error of a run over all pairs, estimated from its logged validation pairs')
    .argument('<run>')
    .addOption(floor())
    .action((run: string, given: { floor?: number }) =>
      session('read', async (opened) => {
        const estimates = await opened.request('selection:estimates', { run, floor: given.floor })
        output.result(estimates, () => describeEstimates(estimates))
      }),
    )
  program
    .command('sensitivity')
    .description('how much unmeasured confounding turns around which of two runs has the smaller error')
    .argument('<run-a>')
    .argument('<run-b>')
    .addOption(new Option('--error <kind>', 'what is compared').choices([...errorKinds]).default(errorKinds[0]))
    .addOption(new Option('--gamma-max <factor>', 'how far to look').argParser(numberIn(1.01, mostGamma)).default(20))
    .addOption(floor())
    .action((a: string, b: string, given: { error: ErrorKind; gammaMax: number; floor?: number }) =>
      session('read', async (opened) => {
        const { error, gammaMax, floor } = given
        const sensitivity = await opened.request('selection:sensitivity', { runs: [a, b], error, gammaMax, floor })
        output.result(sensitivity, () => describeSensitivity(sensitivity))
      }),
    )
}

/** The value of an option that is a number. */
function numberIn(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text)
    if (text.trim() !== '' && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Allowed: number ${min}..${max}.`)
  }
}

export function describePropensities({ run, source, drawn, areAllPairs, diagnostics }: RunPropensities): string {
  const readings = propensityReadings(diagnostics)
  return [
    `${run}: ${sourceWords[source]}`,
    `Calibration and overlap over ${areAllPairs ? `all ${count(drawn)} pairs` : `${count(drawn)} pairs drawn from all`}.`,
    '',
    table(
      ['what', 'value', ''],
      readings.map(({ label, value, isWorrying }) => [label, value, isWorrying ? 'worry' : '']),
    ),
    '',
    ...readings.map(({ label, meaning }) => `${label}: ${meaning}`),
    '',
    'Calibration, by ascending prediction',
    table(
      ['pairs', 'predicted', 'rated'],
      diagnostics.calibration.bins.map(({ pairs, predicted, observed }) => [
        pairs,
        decimals(predicted),
        decimals(observed),
      ]),
    ),
  ].join('\n')
}

export function describeEstimates(estimates: RunEstimates): string {
  return [
    `${estimates.run}: ${sourceWords[estimates.source]}`,
    '',
    table(
      ['error', 'estimate', 'mean ± standard error', 'less randomised'],
      [
        ...estimateRows(estimates).map(({ error, estimator, estimate, distance }) => [
          errorLabels[error],
          estimatorLabels[estimator],
          meanErrorWords(estimate),
          distance && meanErrorWords(distance, true),
        ]),
        ...estimates.errors.flatMap(({ error, randomised }) =>
          randomised ? [[errorLabels[error], 'Randomised', meanErrorWords(randomised), null]] : [],
        ),
      ],
    ),
    '',
    ...estimateNotes(estimates),
  ].join('\n')
}

/** About as many lines of the band as fit on a screen. */
const shownPoints = 13

export function describeSensitivity(sensitivity: Sensitivity): string {
  const { points, runs } = sensitivity
  const { conclusion, chance, flip } = sensitivityWords(sensitivity, [runs[0].run, runs[1].run])
  const step = Math.max(1, Math.floor((points.length - 1) / (shownPoints - 1)))
  const ends = ({ low, high }: { low: number; high: number }): string[] => [decimals(low), decimals(high)]
  return [
    conclusion,
    chance,
    flip,
    '',
    `Difference of the ${errorLabels[sensitivity.error]}, A less B`,
    table(
      ['Γ', 'SNIPS low', 'SNIPS high', 'IPS low', 'IPS high'],
      points
        .filter((_, at) => at % step === 0 || at === points.length - 1)
        .map(({ gamma, snips, ips }) => [factorWords(gamma), ...ends(snips), ...ends(ips)]),
    ),
    '',
    gammaHelp,
    `Logistic propensities of the split, not below ${sensitivity.floor}.`,
  ].join('\n')
}

import { InvalidArgumentError } from 'commander'
import { CausewayError } from '../../../src-shared/contract/errors'
import { estimateText, meaningText, originText, rhoText } from '../../../src-shared/correlation/words'
import {
  mostSetCorrelation,
  type CorrelationCurve,
  type CorrelationEffect,
  type CorrelationEstimate,
  type CorrelationMeasures,
} from '../../../src-shared/domain/correlation'
import { metricLabel } from '../../../src-shared/domain/metric'
import { ask } from './ask'
import type { CommandContext } from './context'
import { count, decimals, table } from './format'
import { integerIn } from './integer-option'
import { exitCodes } from './output'

interface EffectOptions {
  rho: number
  user?: string
  k: number
}

/** A correlation that can be set. */
function correlation(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Math.abs(value) <= mostSetCorrelation) return value
  throw new InvalidArgumentError(`Give a number from -${mostSetCorrelation} to ${mostSetCorrelation}.`)
}

/** The correlation of exogenous variables: how sure it is, and what becomes of lists and metrics where it is set. */
export function addCorrelationCommands({ program, output, session, finish, exit }: CommandContext): void {
  program
    .command('correlation')
    .description('the correlation of exogenous variables that a run learned')
    .command('bootstrap')
    .description('train on resampled users to see how much it varies; goes on where it was stopped')
    .argument('<run>')
    .option('--resamples <n>', 'how many in all (default: as many as asked for before, else 50)', integerIn(2, 1000))
    .action((run: string, { resamples }: { resamples?: number }) =>
      session('write', async (opened) => {
        if ((await opened.request('correlation:get', { run })) === null)
          throw new CausewayError('badRequest', 'The run learned no correlation of exogenous variables.', { run })
        const job = await opened.request('runs:bootstrap', { run, resamples })
        const ended = await finish(opened, job)
        const estimate = (await opened.request('correlation:get', { run }))!
        if (ended.state !== 'completed') {
          output.note(`Go on with: causeway correlation bootstrap ${run}`)
          exit(exitCodes.interrupted)
        }
        output.result({ run, state: ended.state, ...estimate }, () => describeEstimate(estimate))
      }),
    )

  program
    .command('effect')
    .description('what becomes of lists and metrics under a change of the model other than of its graph')
    .command('correlation')
    .description('set the correlation of the exogenous variables of observation and preference')
    .argument('<run>')
    .requiredOption(
      '--rho <value>',
      `the correlation, from -${mostSetCorrelation} to ${mostSetCorrelation}`,
      correlation,
    )
    .option('--user <id>', 'with the lists of this user, as in the data')
    .option('--k <n>', 'length of the lists', integerIn(1, 1000), 10)
    .action((run: string, { rho, user, k }: EffectOptions) =>
      session('read', async (opened) => {
        const curve = await ask(opened, (task) => opened.request('correlation:curve', { run, rhos: [0, rho], task }))
        const effect = user === undefined ? null : await opened.request('correlation:effect', { run, user, k, rho })
        const { points, learned, pairs, isTestRandomised } = curve
        const [zero, set] = points as [CorrelationMeasures, CorrelationMeasures]
        output.result(
          { run, rho, pairs, isTestRandomised, measures: { zero, learned, set }, ...(effect ? { effect } : {}) },
          () => [...(effect ? [describeEffect(effect), ''] : []), describeMeasures(curve, zero, set)].join('\n'),
        )
      }),
    )
}

const describeEstimate = (estimate: CorrelationEstimate): string =>
  [
    `Correlation ρ ${estimateText(estimate)}`,
    meaningText(estimate),
    originText(estimate),
    ...(estimate.bootstrap
      ? [`Values: ${estimate.bootstrap.done.map(({ correlation: value }) => rhoText(value)).join(' ')}`]
      : []),
  ].join('\n')

function describeEffect({ user, rho, learned, k, expects, items, likeness }: CorrelationEffect): string {
  const place = ({ rank, expected }: CorrelationEffect['items'][number]['places']['set']): string =>
    `${rank}${rank > k ? ' (out)' : ''}  ${decimals(expected, 3)}`
  const alike = (list: 'zero' | 'learned'): string =>
    `Jaccard ${decimals(likeness[list].jaccard, 3)}, rank correlation ${decimals(likeness[list].tau, 3)}`
  return [
    `User ${user}: rank and ${expects === 'probability' ? 'probability of liking' : 'rating'} of items come to by choice`,
    table(
      ['item', 'title', 'ρ = 0', `learned ρ = ${rhoText(learned)}`, `set ρ = ${rhoText(rho)}`],
      items.map(({ id, title, places }) => [id, title, place(places.zero), place(places.learned), place(places.set)]),
    ),
    `The list at the set ρ beside the learned one: ${alike('learned')}`,
    `The list at the set ρ beside that at ρ = 0: ${alike('zero')}`,
  ].join('\n')
}

function describeMeasures(
  { learned, pairs, isTestRandomised }: CorrelationCurve,
  zero: CorrelationMeasures,
  set: CorrelationMeasures,
): string {
  const columns = [zero, learned, set]
  const row = (label: string, value: (of: CorrelationMeasures) => number | null | undefined): (string | null)[] => [
    label,
    ...columns.map((of) => {
      const measured = value(of)
      return measured === null || measured === undefined ? null : decimals(measured)
    }),
  ]
  return [
    table(
      ['measure', 'ρ = 0', `learned ρ = ${rhoText(learned.rho)}`, `set ρ = ${rhoText(set.rho)}`],
      [
        row('log-likelihood, validation', (of) => of.logLikelihood),
        row('AUC, validation', (of) => of.validationAuc),
        ...Object.keys(learned.test).map((name) => row(`${metricLabel(name)}, test`, (of) => of.test[name])),
      ],
    ),
    `Of ${count(pairs.validation)} rated pairs of the validation part, which users chose, and ${count(pairs.test)} of the test part${
      isTestRandomised ? ', whose items were chosen at random: there ρ = 0 is the answer of the model' : ''
    }.`,
  ].join('\n')
}

import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { Reproduction, ReproductionBundle, RunReproduction } from '../../../src-shared/domain/reproduction'
import { parseReportBundle } from '../../../src-shared/report-bundle'
import { differenceCauses, verdictWords } from '../../../src-shared/reproduction-words'
import { collect, type CommandContext } from './context'
import { table } from './format'
import { exitCodes } from './output'
import type { Session } from './session'
import { readText } from './text-files'

/** More differences of one run than this are counted. */
const shownDifferences = 12

/** `causeway reproduce`: trains recorded runs again and says whether the same came out. */
export function addReproduceCommand({ program, output, session, finish, exit }: CommandContext): void {
  program
    .command('reproduce')
    .description('train the runs of a report again and compare hashes and metrics; exit code 0: all the same, 1: not')
    .argument('<run or file>', 'a run of the workspace, or a report (.html, .md) or bundle (.json) with its runs')
    .option('--only <run>', 'of a report with several runs only this one; may be repeated', collect, [])
    .option('--keep', 'keep the trained runs', false)
    .action((given: string, { only, keep }: { only: string[]; keep: boolean }) =>
      session('write', async (opened) => {
        const bundle = chosen(await bundleOf(opened, given), only)
        const { length } = bundle.runs
        output.note(`Training ${length === 1 ? 'one run' : `${length} runs`} again, one after the other.`)
        const job = await opened.request('reproduce:start', { bundle, keep })
        const ended = await finish(opened, job)
        const result = await opened.request('reproduce:result', { job: job.id })
        if (ended.state !== 'completed') {
          output.note(`Stopped after ${result.runs.length} of ${result.planned} runs.`)
          exit(exitCodes.interrupted)
        } else if (!result.confirmed) exit(exitCodes.failed)
        output.result(result, () => describeReproduction(result))
      }),
    )
}

async function bundleOf(opened: Session, given: string): Promise<ReproductionBundle> {
  if (existsSync(given)) return parseReportBundle(readText(given), basename(given))
  if (/\.(html?|md|json)$/i.test(given))
    throw new CausewayError('fileUnreadable', `There is no file ${JSON.stringify(given)}.`, { file: given })
  return opened.request('reproduce:bundle', { subject: { kind: 'run', run: given } })
}

function chosen(bundle: ReproductionBundle, only: string[]): ReproductionBundle {
  if (only.length === 0) return bundle
  const known = bundle.runs.map(({ run }) => run)
  const unknown = only.find((run) => !known.includes(run))
  if (unknown !== undefined) {
    throw new CausewayError(
      'badRequest',
      `There is no run ${JSON.stringify(unknown)} in it, only ${known.join(', ')}.`,
      {
        only: unknown,
      },
    )
  }
  return { ...bundle, runs: bundle.runs.filter(({ run }) => only.includes(run)) }
}

function describeReproduction(result: Reproduction): string {
  return [...result.runs.map(describeRun), '', verdictWords(result)].join('\n')
}

function describeRun({ recorded, run, verdict, differences, environment, reason, checked }: RunReproduction): string {
  const name = `${recorded.run} (${recorded.method}, seed ${recorded.seed})`
  if (verdict === 'notReproducible') return `${name}: not reproducible. ${reason}`
  const kept = run === null ? '' : ` Kept as ${run}.`
  if (verdict === 'identical') return `${name}: identical in ${checked.join(', ')}.${kept}`
  const more = differences.length - shownDifferences
  return [
    `${name}: differs.${kept}`,
    ...differenceCauses(environment).map((cause) => `  ${cause}`),
    table(
      ['', 'recorded', 'now'],
      differences.slice(0, shownDifferences).map(({ what, recorded: then, now }) => [what, short(then), short(now)]),
    ).replaceAll(/^/gm, '  '),
    ...(more > 0 ? [`  and ${more} more (--json shows all)`] : []),
  ].join('\n')
}

/** Hashes by their first letters. */
const short = (value: string): string => (/^[0-9a-f]{32,}$/.test(value) ? `${value.slice(0, 12)}…` : value)

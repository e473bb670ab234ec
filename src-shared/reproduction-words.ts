import type { Difference, Reproduction } from './domain/reproduction'

/** What was different about the machine, in words: what to look at first where results differ. */
export function differenceCauses(environment: readonly Difference[]): string[] {
  if (environment.length === 0)
    return ['All that was recorded of the machine is the same: the record was altered, or the code was.']
  return [
    'What is different about the machine and may be the cause:',
    ...environment.map(({ what, recorded, now }) => `${what}: ${recorded} then, ${now} now`),
  ]
}

/** The outcome in a sentence. */
export function verdictWords({ runs, planned, state, confirmed }: Reproduction): string {
  if (confirmed)
    return planned === 1 ? 'Confirmed: the run came out the same.' : `Confirmed: all ${planned} runs came out the same.`
  const count = (verdict: string): number => runs.filter((run) => run.verdict === verdict).length
  const parts = [
    [count('identical'), 'came out the same'],
    [count('differs'), 'came out differently'],
    [count('notReproducible'), 'could not be trained again'],
    [planned - runs.length, state === 'running' ? 'still to be checked' : 'was not checked'],
  ] as const
  const told = parts.filter(([number]) => number > 0)
  if (planned === 1) {
    return state === 'running' ? 'The run is being trained again.' : `Not confirmed: the run ${told[0]?.[1] ?? ''}.`
  }
  return `${state === 'running' ? 'So far' : 'Not confirmed'}: of ${planned} runs ${told.map(([number, words]) => `${number} ${words}`).join(', ')}.`
}

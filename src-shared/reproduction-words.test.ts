import { describe, expect, it } from 'vitest'
import type { Reproduction, RunReproduction } from './domain/reproduction'
import { differenceCauses, verdictWords } from './reproduction-words'

const run = (verdict: RunReproduction['verdict']): RunReproduction => ({ verdict }) as RunReproduction
const of = (
  planned: number,
  state: Reproduction['state'],
  ...verdicts: RunReproduction['verdict'][]
): Reproduction => ({
  title: '',
  state,
  planned,
  runs: verdicts.map(run),
  confirmed:
    state === 'completed' && verdicts.length === planned && verdicts.every((verdict) => verdict === 'identical'),
})

describe('the outcome in words', () => {
  it.each([
    [of(1, 'running'), 'The run is being trained again.'],
    [of(1, 'completed', 'identical'), 'Confirmed: the run came out the same.'],
    [of(1, 'completed', 'differs'), 'Not confirmed: the run came out differently.'],
    [of(1, 'completed', 'notReproducible'), 'Not confirmed: the run could not be trained again.'],
    [of(1, 'stopped'), 'Not confirmed: the run was not checked.'],
    [of(2, 'completed', 'identical', 'identical'), 'Confirmed: all 2 runs came out the same.'],
    [of(3, 'running', 'identical'), 'So far: of 3 runs 1 came out the same, 2 still to be checked.'],
    [
      of(3, 'completed', 'identical', 'differs', 'notReproducible'),
      'Not confirmed: of 3 runs 1 came out the same, 1 came out differently, 1 could not be trained again.',
    ],
  ])('%#: %s', (reproduction, words) => {
    expect(verdictWords(reproduction)).toBe(words)
  })
})

it('says what was different about the machine, and where nothing was, what is left', () => {
  expect(differenceCauses([{ what: 'Node', recorded: 'v20', now: 'v24' }])).toEqual([
    'What is different about the machine and may be the cause:',
    'Node: v20 then, v24 now',
  ])
  expect(differenceCauses([])).toHaveLength(1)
})

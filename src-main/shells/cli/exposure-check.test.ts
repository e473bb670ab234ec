import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JudgedCheck } from '../../../src-shared/domain/exposure'
import type { JobState } from '../../../src-shared/domain/job'
import type { CommandContext } from './context'
import { addExposureCommands } from './exposure-commands'
import type { Output } from './output'
import type { Session } from './session'

/** What the command line says of the check of the exposure model, over services that answer as told. */

const checkOf = (pValue: number): JudgedCheck => ({
  users: 30,
  heldOutItems: 4.5,
  logLikelihood: -0.2,
  popularityLogLikelihood: -0.3,
  pValue,
  usersAreNew: true,
})

let directory: string
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'causeway-check-'))))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Runs `effects` with these words. @returns notes, results as text, and what was asked of the services */
async function effects(check: JudgedCheck | null, state: JobState, ...words: string[]) {
  const said = { notes: [] as string[], results: [] as string[], asked: [] as string[] }
  const items = ['a', 'b']
  const answers: Record<string, unknown> = {
    'exposure:check': check,
    'runs:get': { manifest: { state } },
    'exposure:column': {
      outcome: 'rating',
      items: items.map((id) => ({ id, title: id })),
      effects: Float32Array.of(0.5, -1),
      exposed: null,
    },
    'exposure:rows': { outcome: 'rating', items, from: 0, effects: Float32Array.of(0.5, -1, 2, 0.25) },
  }
  const output = {
    note: (line: string) => void said.notes.push(line),
    result: (_: unknown, text: () => string) => void said.results.push(text()),
    progress: () => undefined,
    endProgress: () => undefined,
  } as unknown as Output
  const session = {
    request(name: string) {
      said.asked.push(name)
      return Promise.resolve(answers[name])
    },
  } as unknown as Session
  const program = new Command('effects').exitOverride()
  addExposureCommands({ output, session: (_, work) => work(session) } as CommandContext, program)
  await program.parseAsync(words, { from: 'user' })
  return said
}

describe('files of effects', () => {
  for (const words of [
    ['of', 'run-1', 'a'],
    ['matrix', 'run-1'],
  ]) {
    const file = () => join(directory, `${words[0]!}.csv`)
    it(`that ${words[0]!} writes come with what the check says`, async () => {
      const failed = await effects(checkOf(0.01), 'completed', ...words, '--out', file())
      expect(failed.notes).toEqual([expect.stringMatching(/^Warning: The exposure model fails its check, p 0.01/)])
      expect(failed.asked[0]).toBe('exposure:check')
      expect(readFileSync(file(), 'utf8').split('\r\n')).toHaveLength(4)
      expect((await effects(checkOf(0.5), 'completed', ...words, '--out', file())).notes).toEqual([])
      const none = await effects(null, 'completed', ...words, '--out', file())
      expect(none.notes).toEqual(['The exposure model of this run was not checked.'])
      expect(existsSync(`${file()}.tmp`)).toBe(false)
    })
  }
})

it('check says whether one is to come', async () => {
  const said = async (state: JobState) => (await effects(null, state, 'check', 'run-1')).results.join()
  expect(await said('running')).toContain('whether it fits is said here once it is')
  expect(await said('completed')).toContain('no user has held-out exposures')
  expect(await said('interrupted')).toContain('the training ended before')
  expect((await effects(checkOf(0.5), 'completed', 'check', 'run-1')).results.join()).toContain('passes its check')
})

import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { CausewayError } from '../../../src-shared/contract/errors'
import { createOutput } from './output'

// A report of somebody else has titles that move the cursor, rewrite the line above or the window's title.
test('no control character of a text reaches the terminal', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const output = createOutput(false, stdout, stderr as unknown as NodeJS.WriteStream)
  output.result({}, () => 'a\x1b]0;owned\x07\tb\nc\x9b2J')
  output.note('over\rwritten')
  output.progress('\x1b[1A')
  output.error(new CausewayError('notFound', 'no \x1b[31mrun'))
  expect(stdout.read().toString()).toBe('a\uFFFD]0;owned\uFFFD\tb\nc\uFFFD2J\n')
  const written = stderr.read().toString()
  expect(written).toContain('over\uFFFDwritten\n\uFFFD[1A\nError: no \uFFFD[31mrun\n')
  expect(written).not.toMatch(/[\r\x1b]/)
})

test('all problems of a checked file are listed', () => {
  const stderr = new PassThrough()
  const output = createOutput(false, new PassThrough(), stderr as unknown as NodeJS.WriteStream)
  const problems = [
    { code: 'paramInvalid', line: 3, key: 'name', message: 'Too long.' },
    { code: 'paramUnknown', line: 7, key: 'seeed', message: 'There is no key "seeed".' },
  ]
  output.error(new CausewayError('paramInvalid', 'Line 3, name: Too long. (1 more problem below)', { problems }))
  expect(stderr.read().toString()).toMatch(
    /^Error: Line 3, name: Too long\. \(1 more problem below\)\n  Line 7, seeed: There is no key "seeed"\.\n/,
  )
})

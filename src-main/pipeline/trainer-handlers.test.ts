import { expect, it } from 'vitest'
import { CausewayError } from '../../src-shared/contract/errors'
import { explainMemory } from './trainer-handlers'

it('names every error of a failed allocation for what it is, and leaves others as they are', () => {
  for (const message of ['memory access out of bounds', 'Invalid typed array length: 9', 'abort(OOM)'])
    expect(explainMemory(new Error(message))).toMatchObject({
      code: 'outOfMemory',
      message: `The training ran out of memory (${message}).`,
    })
  for (const other of [new Error('shape mismatch'), new CausewayError('diverged', 'The loss is NaN: OOM')])
    expect(explainMemory(other)).toBe(other)
})

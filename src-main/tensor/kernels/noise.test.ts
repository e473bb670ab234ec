import { beforeAll, describe, expect, test } from 'vitest'
import { bothWays, firstDifference, startedKernels, unitAt } from '../../../tests/support/kernels'
import { Rng } from '../rng'
import type { Kernels } from './kernels'

let kernels: Kernels
beforeAll(async () => {
  kernels = await startedKernels()
})

/** The second word of a state that makes the generator's next word `word`: its multiplications and rotation undone. */
function secondWordFor(word: number): number {
  const x = Math.imul(word, 0x38e38e39)
  return Math.imul((x >>> 7) | (x << 25), 0xcccccccd) >>> 0
}

/** A state whose next two words are given. */
function stateFor(first: number, second: number): number[] {
  const s0 = 0x12345678
  const s1 = secondWordFor(first)
  // After a step the second word is s1 ^ s2 ^ s0.
  return [s0, s1, (secondWordFor(second) ^ s1 ^ s0) >>> 0, 0x9abcdef0]
}

/** A unit in the last place, or what sine and cosine of float64 are off near their zeros. */
const allowed = (expected: Float32Array) => (at: number) => Math.max(unitAt(expected[at]!), 1e-14)

describe('normals', () => {
  test('are those of the portable way within a unit in the last place, and the generator goes on alike', () => {
    for (const length of [256, 257, 511, 4095, 4096, 4097, 10_007, 200_000]) {
      const { fast, portable } = bothWays(['noise'], () => {
        const rng = Rng.seeded(length)
        const values = rng.fillNormal(new Float32Array(length))
        return { values, state: rng.state(), next: rng.normal() }
      })
      expect(firstDifference(fast.values, portable.values, allowed(portable.values)), `${length}`).toBeNull()
      // Both are computed in float64, so that hardly one is rounded to another float32.
      expect(fast.values.filter((value, at) => value !== portable.values[at]).length).toBeLessThan(2 + length / 10_000)
      expect(fast.state).toEqual(portable.state)
      expect(fast.next).toBe(portable.next)
    }
  })

  test('of the smallest and largest words and of whole eighths of a turn are those of the portable way', () => {
    for (const radius of [0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff])
      for (let eighth = 0; eighth <= 8; eighth++)
        for (const beside of [-1, 0, 1]) {
          const angle = Math.min(0xffffffff, Math.max(0, eighth * 0x20000000 + beside))
          const state = stateFor(radius, angle)
          const check = Rng.fromState(state)
          expect([check.uint32(), check.uint32()]).toEqual([radius, angle])
          const expected = Rng.fromState(state).fillNormal(new Float32Array(2))
          const found = new Float32Array(2)
          kernels.fillNormal(Uint32Array.from(state), found)
          expect(firstDifference(found, expected, allowed(expected)), `${radius}, ${angle}`).toBeNull()
        }
  })

  test('one alone and none at all', () => {
    const state = Rng.seeded(3).state()
    const one = new Float32Array(1)
    kernels.fillNormal(Uint32Array.from(state), one)
    expect(one[0]).toBeCloseTo(Rng.fromState(state).fillNormal(new Float32Array(1))[0]!, 6)
    const untouched = Uint32Array.from(state)
    kernels.fillNormal(untouched, new Float32Array(0))
    expect([...untouched]).toEqual(state)
  })
})

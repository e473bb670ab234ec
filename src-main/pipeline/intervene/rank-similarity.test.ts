import { expect, test } from 'vitest'
import { Rng } from '../../tensor/rng'
import { jaccard, listTau } from './rank-similarity'

test('Jaccard counts items in both over items in either', () => {
  expect(jaccard([1, 2, 3], [3, 2, 1])).toBe(1)
  expect(jaccard([1, 2, 3], [3, 4, 5])).toBe(1 / 5)
  expect(jaccard([1], [2])).toBe(0)
})

test('tau is 1 for equal lists, -1 for reversed ones, and by hand in between', () => {
  expect(listTau([4, 5, 6], [4, 5, 6])).toBe(1)
  expect(listTau([4, 5, 6], [6, 5, 4])).toBe(-1)
  expect(listTau([4], [4])).toBe(1)
  expect(listTau([4], [5])).toBe(-1)
  // Lists of 10 items without a common one.
  const ten = Array.from({ length: 10 }, (_, at) => at)
  expect(
    listTau(
      ten,
      ten.map((item) => item + 10),
    ),
  ).toBeCloseTo(-20 / 29, 12)
  // a b c → a c d: ranks (1,1) (2,4) (3,2) (4,3): discordant are b-c and b-d only.
  expect(listTau([0, 1, 2], [0, 2, 3])).toBeCloseTo((4 - 2) / 6, 12)
})

/** Tau-b from its definition, all pairs. */
function tauOfPairs(before: number[], after: number[]): number {
  const union = [...new Set([...before, ...after])]
  const rank = (list: number[], item: number): number => (list.includes(item) ? list.indexOf(item) : list.length)
  let sum = 0
  let first = 0
  let second = 0
  for (const [at, a] of union.entries())
    for (const b of union.slice(at + 1)) {
      const x = Math.sign(rank(before, a) - rank(before, b))
      const y = Math.sign(rank(after, a) - rank(after, b))
      sum += x * y
      first += x * x
      second += y * y
    }
  return sum / Math.sqrt(first * second)
}

test('tau equals its definition over all pairs', () => {
  const rng = Rng.seeded(2)
  for (let trial = 0; trial < 300; trial++) {
    const k = 2 + rng.integer(12)
    const draw = (): number[] => rng.shuffle(Array.from({ length: 18 }, (_, item) => item)).slice(0, k)
    const [before, after] = [draw(), draw()]
    expect(listTau(before, after)).toBeCloseTo(tauOfPairs(before, after), 12)
  }
})

import { expect, test } from 'vitest'
import { comparisonOf } from '../../../src-renderer/testing/comparison'
import { describeComparison } from './compare-commands'

test('a comparison has its means, marks, tests and what the numbers are', () => {
  const lines = describeComparison(comparisonOf(['ndcg@10', 'recall@10'])).split('\n')
  expect(lines[0]).toBe('All users (942), test part; mean ± sd over seeds, 95 % bootstrap interval over users')
  expect(lines).toContain('CSC            3  0.3018 ± 0.0020  0.287 to 0.317  best')
  expect(lines).toContain(
    'Recall@10, CSC: The highest mean, not marked: no difference from Multi-VAE shown, paired t over 3 seeds, Holm p 0.4.',
  )
  const test = lines.find((line) => line.startsWith('NDCG@10    CSC − Multi-VAE') && line.includes('over seeds'))!
  expect(test.split(/ {2,}/).slice(2)).toEqual([
    '0.020',
    '0.010 to 0.030',
    'Paired t over seeds',
    '3 seeds',
    '0.004',
    '0.008',
    'CSC is better',
  ])
  expect(lines.find((line) => line.startsWith('NDCG@10') && line.includes('Sum of 1 / log2'))).toBeDefined()
  expect(lines).toContain('Data        ml-100k, hash data-hash')
})

test('groups that are not comparable are said to have no ranking', () => {
  const text = describeComparison(
    comparisonOf(['ndcg@10'], { rankable: false, users: { kind: 'activity', min: 5, max: null } }),
  )
  expect(text).toContain('No ranking, no tests and no marks: the groups are not comparable.')
  expect(text).toMatch(/^Users with at least 5 train items/)
})

import { describe, expect, it } from 'vitest'
import { exposedOf, itemEffectsOf, segmentsOf, strongestOf } from '../testing/exposure'
import { exposedSentence, exposedTable, itemSentence, segmentsTable, strongestTable } from './exposure'

describe('exposures in words', () => {
  it('say what an item does, and whether the user was shown it', () => {
    expect(itemSentence(itemEffectsOf('f1', null))).toBe(
      'Exposing Film 1 raises 40 items and lowers 19. On itself: +0.500.',
    )
    expect(itemSentence(itemEffectsOf('f1', 'u1'))).toContain(
      'Film 1, which user u1 was not shown in the train part, raises',
    )
  })

  it('say what became of a list', () => {
    expect(exposedSentence(exposedOf('u1', [], []))).toContain('Nothing is set')
    expect(exposedSentence(exposedOf('u1', ['f9'], []))).toBe('1 item of 3 is new. Most moves Film 9: +0.250.')
    const still = { ...exposedOf('u1', ['f9'], []), moved: [] }
    still.listed = still.listed.slice(0, 2)
    expect(exposedSentence({ ...still, moved: exposedOf('u1', ['f9'], []).moved })).toContain(
      'The list stays as it is.',
    )
  })
})

describe('exposures as tables', () => {
  it('have a row each', () => {
    expect(strongestTable(strongestOf(null)).rows).toHaveLength(3)
    expect(strongestTable(strongestOf(null)).rows[1]).toEqual(['', 'f4', 'Film 4', 'f2', 'Film 2', -0.2, 'rating'])
    expect(strongestTable(strongestOf('u1')).rows[1]![0]).toBe('u1')
    expect(exposedTable(exposedOf('u1', ['f9'], [])).rows[2]).toEqual([
      ...['u1', 'list', 'f9', 'Film 9', 8, 3],
      ...[4 - 0.9, 4 - 0.9 + 0.25, 'rating', 'exposed'],
    ])
    const rows = segmentsTable(segmentsOf('f1', 'gender')).rows
    expect(rows.map((row) => row[3])).toEqual(['mean over users', 'f', 'm'])
    expect(rows[1]!.slice(4)).toEqual([40, 40, 0.4, 0.02, 0.1, 0.02, 'rating'])
  })
})

import { describe, expect, it } from 'vitest'
import { delimiterChoices, mappingProblem, nameProblem, roleOfColumn, suggestName } from './import-plan'

describe('the name of a data set', () => {
  it('comes from its file and is free', () => {
    expect(suggestName(['ml-100k.inter'], new Set())).toBe('ml-100k')
    expect(suggestName(['ml-100k.inter'], new Set(['ml-100k', 'ml-100k-2']))).toBe('ml-100k-3')
    expect(suggestName(['Käufe 2026 (final).csv'], new Set())).toBe('Käufe-2026-final')
    expect(suggestName(['.csv'], new Set())).toBe('data')
  })

  it('is refused with its reason', () => {
    expect(nameProblem(' ', new Set())).toBe('Give the data set a name.')
    expect(nameProblem('a', new Set(['a']))).toContain('already')
    expect(nameProblem('b', new Set(['a']))).toBeNull()
  })
})

describe('the mapping', () => {
  it('needs a user and an item, each column once', () => {
    expect(mappingProblem({})).toContain('user and which the item')
    expect(mappingProblem({ user: 'u' })).toContain('item')
    expect(mappingProblem({ user: 'u', item: 'u' })).toBe('The column u is used twice.')
    expect(mappingProblem({ user: 'u', item: 'i', rating: undefined })).toBeNull()
    expect(mappingProblem({ user: 'u', item: 'i', rating: 'p', propensity: 'p' })).toBe('The column p is used twice.')
  })

  it('names the role of a column', () => {
    expect(roleOfColumn({ user: 'u', item: 'i' }, 'i')).toBe('Item')
    expect(roleOfColumn({ user: 'u', item: 'i', randomised: 'r' }, 'r')).toBe('Randomised')
    expect(roleOfColumn({ user: 'u', item: 'i' }, 'x')).toBeNull()
  })

  it('offers the delimiter of the file, however unusual', () => {
    expect(delimiterChoices('^').at(-1)?.value).toBe('^')
    expect(delimiterChoices(',').filter((choice) => choice.value === ',')).toHaveLength(1)
  })
})

import { describe, expect, it } from 'vitest'
import { changeExperimentText, formOf, insertIntoList, removeFromList, valueChanges } from './experiment-text'
import { parseSeeds } from './seeds'

const text = `# Which one is it to be?
type: causeway-experiment
version: 1
name: first try # a working title
data:
  dataset: demo

# Two that differ in one thing only.
methods:
  # the causal one
  - method: csc
    params:
      epochs: 20 # short
      learningRate: 0.10
    search:
      confounders: [2, 4, 8] # as in the paper
  # the same without a graph
  - method: multi-vae
seeds: [1, 2, 3] # three are few
`

const read = (given: string) => {
  const file = formOf(given)
  expect(file).not.toBeNull()
  return file!
}

describe('what a form is filled from', () => {
  it('has the defaults of what was left out', () => {
    const file = read(text)
    expect(file.methods.map(({ method }) => method)).toEqual(['csc', 'multi-vae'])
    expect(file.search.strategy).toBe('grid')
    expect(file.budget.trialsPerMethod).toBe(20)
  })

  it('is there for a method that is not: the form is where another is chosen', () => {
    expect(read(text.replace('multi-vae', 'gone')).methods[1]!.method).toBe('gone')
  })

  it.each([
    ['with a fault in the YAML', 'name: [1, 2\nseeds: [1]'],
    ['with a missing key', text.replace(/^seeds.*\n/m, '')],
    ['with a key that does not exist', text.replace('    params:', '    parms:')],
    ['that is no map', '- 1\n'],
    ['of nothing', ''],
    [
      'of aliases that multiply',
      `${text}notes: ${'x'}\na: &a [${'x, '.repeat(9)}x]\nb: &b [${'*a, '.repeat(9)}*a]\nc: &c [${'*b, '.repeat(9)}*b]\nd: [${'*c, '.repeat(9)}*c]\n`,
    ],
  ])('is nothing for a text %s', (_, given) => expect(formOf(given)).toBeNull())
})

describe('changing', () => {
  const comments = [...text.matchAll(/#.*$/gm)].map(([comment]) => comment)
  const keepsComments = (changed: string): void => {
    for (const comment of comments) expect(changed).toContain(comment)
  }

  it('changes the one line and nothing else', () => {
    const changed = changeExperimentText(text, [{ path: ['name'], value: 'second try' }])
    expect(changed).toBe(text.replace('first try', 'second try'))
  })

  it('keeps every comment through changes of values, lists and maps', () => {
    const changed = changeExperimentText(text, [
      { path: ['methods', 0, 'params', 'epochs'], value: 7 },
      { path: ['methods', 0, 'search', 'confounders'], value: { min: 1, max: 16, log: true } },
      { path: ['seeds'], value: [1, 2, 3, 4, 5] },
      { path: ['search', 'strategy'], value: 'tpe' },
    ])
    keepsComments(changed)
    const file = read(changed)
    expect(file.methods[0]!.params).toEqual({ epochs: 7, learningRate: 0.1 })
    expect(file.methods[0]!.search).toEqual({ confounders: { min: 1, max: 16, log: true } })
    expect(file.seeds).toEqual([1, 2, 3, 4, 5])
    expect(file.search).toEqual({ strategy: 'tpe', seed: 0, earlyTermination: true })
    expect(changed).toContain('confounders: {min: 1, max: 16, log: true} # as in the paper')
    expect(changed).toContain('seeds: [1, 2, 3, 4, 5] # three are few')
  })

  it('is read again as the very values that were put in', () => {
    for (const name of ['yes', '1', 'null', 'a b', 'Größe (2)', '2026-01-01'])
      expect(read(changeExperimentText(text, [{ path: ['name'], value: name }])).name).toBe(name)
  })

  it('takes values away, with maps they leave empty', () => {
    const changed = changeExperimentText(text, [
      { path: ['methods', 0, 'params', 'epochs'], value: undefined },
      { path: ['methods', 0, 'params', 'learningRate'], value: undefined },
    ])
    expect(changed).not.toContain('params')
    expect(read(changed).methods[0]!.params).toEqual({})
  })

  it('adds and removes methods beside the comments of the others', () => {
    const added = insertIntoList(text, ['methods'], 1, {
      method: 'csc',
      label: 'CSC, wide',
      params: { confounders: 16 },
    })
    keepsComments(added)
    expect(read(added).methods.map(({ method, label }) => label ?? method)).toEqual(['csc', 'CSC, wide', 'multi-vae'])
    const removed = removeFromList(added, ['methods'], 1)
    expect(read(removed)).toEqual(read(text))
    expect(removed).toContain('# short')
  })

  it('will not change a text with a fault', () => {
    expect(() => changeExperimentText('name: [', [])).toThrow(/without faults/)
  })
})

describe('values of a form', () => {
  it('become changes where they differ, and go where they are the default again', () => {
    const changes = valueChanges(
      ['data', 'recipe'],
      { kCore: 5, threshold: 3 },
      { kCore: 0, threshold: 3, splitBy: 'time' },
      { kCore: 0, threshold: 4, splitBy: 'random' },
    )
    expect(changes).toEqual([
      { path: ['data', 'recipe', 'kCore'], value: undefined },
      { path: ['data', 'recipe', 'splitBy'], value: 'time' },
    ])
  })
})

describe('seeds as typed', () => {
  it.each([
    ['1', [1]],
    ['1-5', [1, 2, 3, 4, 5]],
    ['1–3, 8', [1, 2, 3, 8]],
    ['7 1..3 2', [7, 1, 2, 3]],
  ])('%s', (typed, seeds) => expect(parseSeeds(typed)).toEqual(seeds))

  it.each(['', 'one', '5-1', '-1', '1.5', '0-100', '2147483648'])('refuses %s', (typed) =>
    expect(parseSeeds(typed)).toBeNull(),
  )
})

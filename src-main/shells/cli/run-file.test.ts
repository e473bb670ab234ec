import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filesToImport } from './import-files'
import { parseSettings, readRunFile, trainRequest } from './run-file'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-cli-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const write = (name: string, text = ''): string => {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

describe('settings', () => {
  it('go to the method, or with "data." to the recipe', () => {
    expect(parseSettings(['epochs=3', 'data.threshold=3', 'variant=g+l', 'note=a=b'])).toEqual({
      params: { epochs: '3', variant: 'g+l', note: 'a=b' },
      recipe: { threshold: '3' },
    })
  })

  it.each(['epochs', '=3', ''])('%j is refused', (pair) => {
    expect(() => parseSettings([pair])).toThrow(expect.objectContaining({ code: 'badRequest' }))
  })
})

describe('a run file', () => {
  const yaml = 'method: csc\ndata: ml\nseed: 4\nparams: { epochs: 9, k: 3 }\nrecipe: { threshold: 3 }\n'

  it('says everything a training needs, and the command line wins over it', () => {
    const config = write('run.yaml', yaml)
    expect(trainRequest(undefined, { config, set: [] })).toEqual({
      method: 'csc',
      dataset: 'ml',
      seed: 4,
      backend: undefined,
      params: { epochs: 9, k: 3 },
      recipe: { threshold: 3 },
    })
    expect(
      trainRequest('multi-vae', { config, data: 'other', seed: 0, backend: 'cpu', set: ['epochs=2', 'data.kCore=5'] }),
    ).toEqual({
      method: 'multi-vae',
      dataset: 'other',
      seed: 0,
      backend: 'cpu',
      params: { epochs: '2', k: 3 },
      recipe: { threshold: 3, kCore: '5' },
    })
  })

  it('with an unknown key is refused with those it can have', () => {
    expect(() => readRunFile(write('run.yaml', 'methods: csc\n'))).toThrow(
      expect.objectContaining({
        code: 'paramUnknown',
        message: expect.stringContaining('Allowed: method, data, seed, backend, params, recipe'),
      }),
    )
  })

  it.each(['seed: many', 'backend: gpu', 'params: [1]', '- a', 'a: [', 'params: { epochs: { a: 1 } }'])(
    '%j is refused',
    (text) => {
      expect(() => readRunFile(write('run.yaml', text))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^param/) }),
      )
    },
  )

  it('that is empty, or missing', () => {
    expect(readRunFile(write('run.yaml'))).toEqual({})
    expect(() => readRunFile(join(directory, 'none.yaml'))).toThrow(expect.objectContaining({ code: 'fileUnreadable' }))
  })
})

describe('the files of an import', () => {
  const names = (paths: string[]): string[] => filesToImport(paths).map((path) => path.slice(directory.length + 1))

  it('are a table with what lies beside it', () => {
    for (const name of ['ml.inter', 'ml.item', 'ml.user', 'other.item', 'README']) write(name)
    expect(names([join(directory, 'ml.inter')])).toEqual(['ml.inter', 'ml.item', 'ml.user'])
    expect(names([directory])).toEqual(['ml.inter', 'ml.item', 'ml.user'])
    expect(names([join(directory, 'ml.inter'), join(directory, 'ml.item')])).toEqual(['ml.inter', 'ml.item', 'ml.user'])
  })

  it('of a folder are the table of a known layout, else its only table', () => {
    for (const name of ['ratings.csv', 'movies.csv', 'tags.csv', 'links.csv']) write(name)
    expect(names([directory])).toEqual(['ratings.csv', 'movies.csv'])
    rmSync(join(directory, 'ratings.csv'))
    expect(() => names([directory])).toThrow(/several tables \(links\.csv, movies\.csv, tags\.csv\)/)
    for (const name of ['movies.csv', 'tags.csv']) rmSync(join(directory, name))
    expect(names([directory])).toEqual(['links.csv'])
    rmSync(join(directory, 'links.csv'))
    expect(() => names([directory])).toThrow(/holds no table/)
  })

  it('of matrices are those of train and test with the features and their maps', () => {
    const matrices = [
      'train.ascii',
      'test.ascii',
      'user_features.ascii',
      'user_features_map.txt',
      'item_features.ascii',
      'item_features_map.txt',
    ]
    for (const name of [...matrices, 'README.txt']) write(name)
    expect(names([directory])).toEqual(matrices)
    expect(names([join(directory, 'train.ascii')])).toEqual(matrices)
  })

  it('have to be there', () => {
    expect(() => names([join(directory, 'none.csv')])).toThrow(expect.objectContaining({ code: 'fileUnreadable' }))
  })
})

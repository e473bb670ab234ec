import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itemCards } from '../../../tests/support/data-files'
import { splitDirectory } from '../../storage/layout'
import { readRows } from '../dataset/catalog'
import { prepareSplit } from '../split/prepare-split'
import { readSplit, readSplitIds } from '../split/split-store'
import type { SourceFile } from './detect'
import { importTables } from './import-tables'
import { previewImport } from './preview'

const folder = resolve(import.meta.dirname, '../../../../shared/data/ml-100k')
const present = existsSync(folder)
if (!present) console.warn(`Skipped: the MovieLens 100K files are not at ../shared/data/ml-100k.`)

const source = async (path: string): Promise<SourceFile> => ({
  path,
  handle: { id: path, name: basename(path), sizeBytes: (await stat(path)).size },
})

describe.skipIf(!present)('MovieLens 100K in RecBole atomic files', () => {
  let workspace: string
  let files: SourceFile[]

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'causeway-data-'))
    files = await Promise.all(['item', 'inter', 'user'].map((end) => source(join(folder, `ml-100k.${end}`))))
    await importTables({ workspace, name: 'ml-100k', files })
  })
  afterAll(() => rm(workspace, { recursive: true, force: true }))

  it('is recognised whichever order the files come in', async () => {
    const preview = await previewImport(files)
    expect(preview.tables.map((table) => [table.role, table.kind])).toEqual([
      ['interactions', 'recbole'],
      ['items', 'recbole'],
      ['users', 'recbole'],
    ])
    expect(preview.mapping).toEqual({ user: 'user_id', item: 'item_id', rating: 'rating', time: 'timestamp' })
    expect(preview.missing).toEqual([])
    expect(preview.tables[0]!.rows[0]).toEqual(['196', '242', '3', '881250949'])
  })

  it('keeps all interactions, with the attributes of items and users', async () => {
    const rows = await readRows(workspace, 'ml-100k', 'interactions', 0, 2)
    expect(rows.totalRows).toBe(100_000)
    expect(rows.rows[0]).toEqual(['196', '242', 3, '1997-12-04 15:55:49'])
    const catalog = await itemCards(workspace, 'ml-100k')
    expect(catalog.size).toBe(1682)
    expect(catalog.get('1')!.title).toBe('Toy Story')
    expect(catalog.get('1')!.attributes).toEqual({ release_year: 1995, class: "Animation Children's Comedy" })
  })

  it('has 942 users, 1447 items and 55,375 positives from a rating of 4', async () => {
    const split = await prepareSplit(workspace, 'ml-100k', {})
    expect([split.users, split.items]).toEqual([942, 1447])
    expect(split.nnz.train + split.nnz.validation + split.nnz.test).toBe(55_375)
    const read = await readSplit(splitDirectory(workspace, split.hash))
    const ids = await readSplitIds(splitDirectory(workspace, split.hash))
    expect([ids.users.length, ids.items.length]).toEqual([942, 1447])
    expect([read.train.indices.length, read.validation.indices.length, read.test.indices.length]).toEqual([
      split.nnz.train,
      split.nnz.validation,
      split.nnz.test,
    ])
  })
})

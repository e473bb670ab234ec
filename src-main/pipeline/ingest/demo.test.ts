import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itemCards } from '../../../tests/support/data-files'
import type { DatasetManifest } from '../../../src-shared/domain/dataset'
import { makeCard } from '../dataset/card'
import { generateDemo, importDemo } from './demo'
import { readTruth } from './truth'

describe('the built-in data set', () => {
  let workspace: string
  let manifest: DatasetManifest

  beforeAll(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'causeway-demo-'))
    manifest = await importDemo(workspace)
  })
  afterAll(() => rm(workspace, { recursive: true, force: true }))

  it('is imported like any file: 300 users, 500 items, named columns', () => {
    expect(manifest).toMatchObject({
      name: 'demo',
      users: 300,
      hasRatings: true,
      hasTimes: true,
      titleAttribute: 'title',
    })
    expect(manifest.source.kind).toBe('demo')
    expect(manifest.items).toBeGreaterThan(480)
    expect(manifest.itemAttributes).toEqual([
      { name: 'title', type: 'text' },
      { name: 'category', type: 'text' },
      { name: 'price', type: 'number' },
      { name: 'year', type: 'integer' },
    ])
  })

  it('gives every user something to learn from, and no item all of it', async () => {
    const card = await makeCard(workspace, 'demo', {})
    expect(card.raw.density).toBeGreaterThan(0.08)
    expect(card.raw.density).toBeLessThan(0.12)
    expect(card.prepared.users).toBe(300)
    expect(card.prepared.coldUsers).toBe(0)
    expect(card.positivesPerUser.counts.slice(0, 3)).toEqual([0, 0, 0])
    expect(card.shareOfTop20Percent).toBeLessThan(0.6)
    expect(card.longTail[0]![1]).toBeLessThan(150)
  })

  it('names its items as a shop would, each once', async () => {
    const catalog = await itemCards(workspace, 'demo')
    const titles = [...catalog.values()].map((card) => card.title)
    expect(new Set(titles).size).toBe(500)
    expect(titles.every((title) => /^[A-Z][\w-]+ [A-Z]/.test(title))).toBe(true)
  })

  it('keeps the graph it was drawn from: c1 → c2, c2 → c3, c2 → c4', async () => {
    expect((await readTruth(workspace, 'demo'))!.adjacency).toEqual([
      [0, 1, 0, 0],
      [0, 0, 1, 1],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ])
  })

  it('is the same for the same seed and another for another', () => {
    const again = generateDemo(16)
    expect(generateDemo(16)).toEqual(again)
    expect(generateDemo(17).interactions).not.toBe(again.interactions)
  })

  it('draws its parameters from the ranges of the paper', () => {
    for (const { mean, variance } of generateDemo(16).truth.exogenous) {
      expect(Math.abs(mean)).toBeLessThanOrEqual(3)
      expect(variance).toBeGreaterThanOrEqual(0.01)
      expect(variance).toBeLessThanOrEqual(4)
    }
  })
})

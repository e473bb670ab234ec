import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readItemCards } from '../../src-main/pipeline/dataset/catalog'
import { readDataset } from '../../src-main/pipeline/dataset/dataset'
import type { FileHandle } from '../../src-shared/domain/dataset'
import type { ItemCard } from '../../src-shared/domain/recommendation'

/** A folder for one test: a workspace, and beside it the files to import. */
export interface DataFolder {
  workspace: string
  /** Writes a file to import. */
  file(name: string, content: string | Uint8Array): Promise<{ path: string; handle: FileHandle }>
  /** Every file of the workspace with its content's length, folders included: to see that nothing changed. */
  contents(): Promise<string[]>
  remove(): Promise<void>
}

export async function makeDataFolder(): Promise<DataFolder> {
  const root = await mkdtemp(join(tmpdir(), 'causeway-data-'))
  const workspace = await mkdtemp(join(root, 'workspace-'))
  return {
    workspace,
    async file(name, content) {
      const path = join(root, name)
      await writeFile(path, content)
      return { path, handle: { id: name, name, sizeBytes: (await stat(path)).size } }
    },
    async contents() {
      const names = (await readdir(workspace, { recursive: true })).sort()
      const lengths = names.map(async (name) => {
        const path = join(workspace, name)
        return (await stat(path)).isDirectory() ? `${name}/` : `${name} ${(await readFile(path)).length}`
      })
      return Promise.all(lengths)
    },
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

/** The item cards of a data set by id. */
export async function itemCards(workspace: string, dataset: string): Promise<Map<string, ItemCard>> {
  const cards = await readItemCards(workspace, await readDataset(workspace, dataset))
  return new Map(cards.map((card) => [card.id, card]))
}

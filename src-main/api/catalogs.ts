import { CausewayError } from '../../src-shared/contract/errors'
import type { Attribute, DatasetManifest } from '../../src-shared/domain/dataset'
import type { ItemCard } from '../../src-shared/domain/recommendation'
import type { RunManifest } from '../../src-shared/domain/run'
import type { DataHost } from '../jobs/data-host'
import type { EntityAttributes } from '../jobs/data-worker-contract'
import type { Splits } from '../jobs/splits'
import type { AttributeTable, AttributeTables } from '../jobs/trainer-contract'
import { readDataset } from '../pipeline/dataset/dataset'
import type { Workspace } from '../storage/workspace'

type CardOf = (id: string) => ItemCard

const kept = 2

/**
 * Titles and attributes of the items and users of runs' data sets; those of the last few runs are kept, and shown for as long as
 * the data set is there.
 */
export class Catalogs {
  private readonly cardsByData = new Map<string, Promise<Map<string, ItemCard>>>()
  private readonly tablesBySplit = new Map<string, Promise<AttributeTables>>()

  constructor(
    private readonly workspace: Pick<Workspace, 'path'>,
    private readonly data: Pick<DataHost, 'query'>,
    private readonly splits: Splits,
  ) {}

  /** Cards of a run's items; an item without any attribute goes by its id. */
  async cards(manifest: RunManifest): Promise<CardOf> {
    const cards = await this.allCards(manifest)
    return (id) => cards.get(id) ?? { id, title: id, attributes: {} }
  }

  /** What effects are described by: item attributes without the title, and user attributes. Empty where the data set is gone. */
  async tables(manifest: RunManifest): Promise<AttributeTables> {
    const { datasetHash, splitHash } = manifest.producedBy
    const dataset = await this.datasetOf(manifest)
    if (dataset === null) return noTables
    return keep(this.tablesBySplit, `${datasetHash} ${splitHash}`, async () => {
      const [view, cards, users] = await Promise.all([
        this.splits.view(manifest),
        this.allCards(manifest),
        this.data.query((worker) =>
          worker.call('userAttributes', { workspace: this.workspace.path, dataset: dataset.name }),
        ),
      ])
      const described = dataset.itemAttributes.filter(({ name }) => name !== dataset.titleAttribute)
      const userById = new Map(users.map((user) => [user.id, user]))
      return {
        items: attributeTable(described, view.items, cards),
        users: attributeTable(dataset.userAttributes, view.users, userById),
      }
    })
  }

  private async allCards(manifest: RunManifest): Promise<Map<string, ItemCard>> {
    const dataset = await this.datasetOf(manifest)
    if (dataset === null) return new Map()
    return keep(this.cardsByData, manifest.producedBy.datasetHash, async () => {
      const cards = await this.data.query((worker) =>
        worker.call('catalog', { workspace: this.workspace.path, dataset: dataset.name }),
      )
      return new Map(cards.map((card) => [card.id, card]))
    })
  }

  /** The data set a run was trained on; null where it is gone, or another now has its name: its attributes would be wrong ones. */
  async datasetOf({ dataset, producedBy }: RunManifest): Promise<DatasetManifest | null> {
    try {
      const manifest = await readDataset(this.workspace.path, dataset)
      return manifest.hash === producedBy.datasetHash ? manifest : null
    } catch (error) {
      if (error instanceof CausewayError && error.code === 'notFound') return null
      throw error
    }
  }
}

const noAttributes: AttributeTable = { numbers: [], texts: [] }
const noTables: AttributeTables = { items: noAttributes, users: noAttributes }

/** The attributes as columns over `ids`. */
export function attributeTable(
  attributes: Attribute[],
  ids: string[],
  known: ReadonlyMap<string, Pick<EntityAttributes, 'attributes'>>,
): AttributeTable {
  const valueOf = (id: string, name: string): string | number | undefined => {
    const entity = known.get(id)
    // An attribute may be called "constructor".
    return entity && Object.hasOwn(entity.attributes, name) ? entity.attributes[name] : undefined
  }
  const numbers = attributes
    .filter(({ type }) => type !== 'text')
    .map(({ name }) => ({
      name,
      values: Float64Array.from(ids, (id) => {
        const value = valueOf(id, name)
        return typeof value === 'number' ? value : Number.NaN
      }),
    }))
  const texts = attributes
    .filter(({ type }) => type === 'text')
    .map(({ name }) => {
      const codeOf = new Map<string, number>()
      const codes = Int32Array.from(ids, (id) => {
        const value = valueOf(id, name)
        if (value === undefined) return -1
        const label = String(value)
        const code = codeOf.get(label) ?? codeOf.size
        codeOf.set(label, code)
        return code
      })
      return { name, labels: [...codeOf.keys()], codes }
    })
  return { numbers, texts }
}

/** The kept answer, or a new one that is then kept unless it fails. */
async function keep<T>(answers: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const answer = answers.get(key) ?? ask()
  answers.delete(key)
  answers.set(key, answer)
  if (answers.size > kept) answers.delete(answers.keys().next().value!)
  try {
    return await answer
  } catch (error) {
    if (answers.get(key) === answer) answers.delete(key)
    throw error
  }
}

import type { Attribute, DatasetManifest, DatasetRows } from '../../../src-shared/domain/dataset'
import type { ItemCard } from '../../../src-shared/domain/recommendation'
import { CausewayError } from '../../../src-shared/contract/errors'
import type { EntityAttributes } from '../../jobs/data-worker-contract'
import { datasetDirectory } from '../../storage/layout'
import { readDataset, tablePath, type TableName } from './dataset'
import { sqlName, sqlParquet, withDuckDb } from './duckdb'

/**
 * All items that have attributes, in the order of their table, with the title (or the id, where there is none). An item that is
 * not among them goes by its id.
 */
export async function readItemCards(workspace: string, manifest: DatasetManifest): Promise<ItemCard[]> {
  const { itemAttributes, titleAttribute } = manifest
  const items = await readAttributes(workspace, manifest, 'items', itemAttributes)
  return items.map(({ id, attributes }) => {
    if (titleAttribute === null) return { id, title: id, attributes }
    const { [titleAttribute]: title, ...others } = attributes
    return { id, title: typeof title === 'string' ? title : id, attributes: others }
  })
}

/** All users that have attributes, in the order of their table. */
export const readUserAttributes = (workspace: string, manifest: DatasetManifest): Promise<EntityAttributes[]> =>
  readAttributes(workspace, manifest, 'users', manifest.userAttributes)

async function readAttributes(
  workspace: string,
  { name }: DatasetManifest,
  table: TableName,
  attributes: Attribute[],
): Promise<EntityAttributes[]> {
  if (attributes.length === 0) return []
  const columns = attributes.map(({ name, type }) =>
    type === 'text' ? sqlName(name) : `CAST(${sqlName(name)} AS DOUBLE) AS ${sqlName(name)}`,
  )
  const path = tablePath(datasetDirectory(workspace, name), table)
  const rows = await withDuckDb({}, (db) =>
    db.rows<Record<string, string | number | null> & { id: string }>(
      `SELECT "id", ${columns.join(', ')} FROM ${sqlParquet(path)}`,
    ),
  )
  return rows.map(({ id, ...values }) => {
    const known: EntityAttributes['attributes'] = {}
    for (const [attribute, value] of Object.entries(values)) if (value !== null) known[attribute] = value
    return { id, attributes: known }
  })
}

/** Some rows of a stored table, in its order. @throws CausewayError `notFound` where the data set has no such table. */
export async function readRows(
  workspace: string,
  dataset: string,
  table: TableName,
  offset: number,
  limit: number,
): Promise<DatasetRows> {
  const manifest = await readDataset(workspace, dataset)
  const { itemAttributes, userAttributes } = manifest
  const columns = {
    interactions: [
      { name: 'user', type: 'text' },
      { name: 'item', type: 'text' },
      ...(manifest.hasRatings ? [{ name: 'rating', type: 'number' }] : []),
      ...(manifest.hasTimes ? [{ name: 'time', type: 'time' }] : []),
      ...(manifest.randomised === undefined ? [] : [{ name: 'randomised', type: 'yes or no' }]),
      ...(manifest.hasPropensities ? [{ name: 'propensity', type: 'number' }] : []),
    ],
    items: itemAttributes.length ? [{ name: 'id', type: 'text' }, ...itemAttributes] : [],
    users: userAttributes.length ? [{ name: 'id', type: 'text' }, ...userAttributes] : [],
  }[table]
  if (columns.length === 0)
    throw new CausewayError('notFound', `The data set "${dataset}" has no table of ${table}.`, { dataset, table })
  const select = columns.map(({ name, type }) => {
    const column = sqlName(name)
    if (type === 'time') return `strftime(make_timestamp(${column} * 1000000), '%Y-%m-%d %H:%M:%S') AS ${column}`
    if (type === 'yes or no') return `CASE WHEN ${column} THEN 'yes' ELSE 'no' END AS ${column}`
    return type === 'text' ? column : `CAST(${column} AS DOUBLE) AS ${column}`
  })
  const source = sqlParquet(tablePath(datasetDirectory(workspace, dataset), table), true)
  return withDuckDb({}, async (db) => {
    const rows = await db.rows<Record<string, string | number | null>>(
      `SELECT ${select.join(', ')} FROM ${source} WHERE file_row_number >= ${offset} AND file_row_number < ${offset + limit} ORDER BY file_row_number`,
    )
    const { total } = await db.row<{ total: number }>(`SELECT count(*)::DOUBLE AS total FROM ${source}`)
    return {
      columns: columns.map(({ name }) => name),
      rows: rows.map((row) => columns.map(({ name }) => row[name] ?? null)),
      totalRows: total,
    }
  })
}

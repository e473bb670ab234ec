import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import { datasetManifestSchema, type DatasetManifest } from '../../../src-shared/domain/dataset'
import { datasetDirectory, datasetsDirectory } from '../../storage/layout'
import { toIoError } from '../../storage/io-errors'

/** The tables inside a data-set folder. */
export const tableFiles = {
  interactions: 'interactions.parquet',
  items: 'items.parquet',
  users: 'users.parquet',
} as const
export type TableName = keyof typeof tableFiles

export const tablePath = (directory: string, table: TableName): string => join(directory, tableFiles[table])

const manifestPath = (directory: string): string => join(directory, 'manifest.json')

/**
 * The manifest of a stored data set.
 * @throws CausewayError `notFound` listing the data sets there are, `workspaceInvalid` where its folder is damaged.
 */
export async function readDataset(workspace: string, name: string): Promise<DatasetManifest> {
  const known = await datasetNames(workspace)
  if (!known.includes(name))
    throw new CausewayError(
      'notFound',
      `There is no data set named "${name}". ${known.length ? `There are: ${known.join(', ')}.` : 'There are none yet.'}`,
      { dataset: name, known },
    )
  return readManifest(datasetDirectory(workspace, name))
}

async function readManifest(directory: string): Promise<DatasetManifest> {
  try {
    const manifest = datasetManifestSchema.parse(JSON.parse(await readFile(manifestPath(directory), 'utf8')))
    if (!existsSync(tablePath(directory, 'interactions'))) throw new Error('its interactions are missing')
    return manifest
  } catch (thrown) {
    throw new CausewayError(
      'workspaceInvalid',
      `The data set in "${directory}" is damaged: ${(thrown as Error).message}.`,
      { directory },
      { cause: thrown },
    )
  }
}

async function datasetNames(workspace: string): Promise<string[]> {
  try {
    const entries = await readdir(datasetsDirectory(workspace), { withFileTypes: true })
    return entries
      .filter((entry) => entry.isDirectory() && existsSync(manifestPath(datasetDirectory(workspace, entry.name))))
      .map((entry) => entry.name)
      .sort((a, b) => a.localeCompare(b, 'en'))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw toIoError(thrown, { action: 'read', path: datasetsDirectory(workspace) })
  }
}

/** The manifests of all data sets of a workspace, by name. */
export async function listDatasets(workspace: string): Promise<DatasetManifest[]> {
  const names = await datasetNames(workspace)
  return Promise.all(names.map((name) => readManifest(datasetDirectory(workspace, name))))
}

import { randomUUID } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { DatasetManifest, FileHandle } from '../../src-shared/domain/dataset'
import { isActive, type JobSnapshot } from '../../src-shared/domain/job'
import type { DataWorker } from '../jobs/data-host'
import { listDatasets, readDataset } from '../pipeline/dataset/dataset'
import { checkDatasetName } from '../pipeline/ingest/import-tables'
import { writing } from '../storage/atomic'
import { datasetDirectory, temporaryDirectory } from '../storage/layout'
import { assertInside, assertSafeName } from '../storage/safe-paths'
import type { Core } from './core'

type Names = 'data:preview' | 'data:import' | 'data:demo' | 'data:list' | 'data:card' | 'data:rows' | 'data:remove'

interface SourceFile {
  path: string
  handle: FileHandle
}

/** Importing data sets and looking at them. */
export function dataHandlers(core: Core): Pick<Handlers, Names> {
  const { data, events, files, jobs } = core
  const workspace = core.workspace.path

  const sources = (ids: string[]): SourceFile[] => ids.map((id) => files.source(id))

  function startImport(
    name: string,
    work: (worker: DataWorker, task: string) => Promise<DatasetManifest>,
  ): JobSnapshot {
    return jobs.submit({
      id: `import-${randomUUID()}`,
      kind: 'import',
      title: `Import ${name}`,
      run: null,
      dataset: name,
      backend: null,
      pausable: false,
      work: async (context) => {
        await data.task(
          {
            progress: (progress) => context.progress(progress),
            onStop: (stop) => context.onStop(stop),
            onKill: (kill) => context.onKill(kill),
          },
          work,
        )
        events.emit('data:changed', { dataset: name })
        return 'completed'
      },
    })
  }

  /** A name is refused before the job starts: nothing that the analyst typed should fail minutes later. */
  async function requireName(name: string): Promise<void> {
    core.workspace.assertWritable()
    await checkDatasetName(workspace, name)
    assertInside(workspace, datasetDirectory(workspace, assertSafeName(name, 'data set')))
    const importing = jobs.list().find((job) => job.kind === 'import' && job.dataset === name && isActive(job.state))
    if (importing) throw new CausewayError('nameTaken', `A data set named "${name}" is being imported.`, { name })
  }

  return {
    'data:preview': (input) =>
      data.query((worker) => worker.call('preview', { files: sources(input.files), text: input.text })),
    'data:import': async (input) => {
      const from = sources(input.files)
      await requireName(input.name)
      return startImport(input.name, (worker, task) =>
        worker.call('import', {
          workspace,
          task,
          name: input.name,
          files: from,
          mapping: input.mapping,
          text: input.text,
        }),
      )
    },
    'data:demo': async () => {
      await requireName(demoName)
      return startImport(demoName, (worker, task) => worker.call('demo', { workspace, task }))
    },
    'data:list': () => listDatasets(workspace),
    'data:card': ({ dataset, recipe }) =>
      data.query((worker) => worker.call('card', { workspace, task: randomUUID(), dataset, recipe })),
    'data:rows': (input) => data.query((worker) => worker.call('rows', { workspace, ...input })),
    'data:remove': async ({ dataset }) => {
      core.workspace.assertWritable()
      await readDataset(workspace, dataset)
      const using = jobs.list().find((job) => job.dataset === dataset && isActive(job.state))
      if (using)
        throw new CausewayError('badRequest', `"${using.title}" is ${using.state}: it uses the data set.`, { dataset })
      const directory = assertInside(workspace, datasetDirectory(workspace, assertSafeName(dataset, 'data set')))
      const removed = join(temporaryDirectory(workspace), `removed-${randomUUID()}`)
      // Out of sight in one step, then its files.
      writing(directory, () => {
        renameSync(directory, removed)
        rmSync(removed, { recursive: true, force: true })
      })
      events.emit('data:changed', { dataset })
      return null
    },
  }
}

/** The name the built-in data set is imported under. */
const demoName = 'demo'

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { StandInApp } from '../../tests/electron-stand-in/app'
import { Analyst } from '../actions/analyst'
import { expect, test } from '../fixtures'

const root = resolve(import.meta.dirname, '../..')
const ml100k = resolve(root, '../shared/data/ml-100k')
const files = ['inter', 'item', 'user'].map((kind) => join(ml100k, `ml-100k.${kind}`))

/** The metrics of the only run of a workspace, as they lie on disk. */
async function metricsIn(workspace: string): Promise<Record<string, number>> {
  const [run] = await readdir(join(workspace, 'runs'))
  const manifest = JSON.parse(await readFile(join(workspace, 'runs', run!, 'manifest.json'), 'utf8')) as {
    params: Record<string, unknown>
    metrics: Record<string, number>
  }
  expect(manifest.params['confounders']).toBe(4)
  return manifest.metrics
}

test('window, browser and terminal train CSC on ML-100K to the same bits', async ({
  browser,
  page,
  workspace,
  openWorkbench,
}) => {
  test.skip(!existsSync(files[0]!), 'ML-100K does not lie beside the repository (../shared/data/ml-100k).')
  test.setTimeout(300_000)

  await openWorkbench()
  const inBrowser = new Analyst(page)
  await inBrowser.importsData(files, 'ml-100k')
  await inBrowser.startsTraining({ epochs: '2' }, '11')
  await inBrowser.waitsForState('completed')

  const elsewhere = dirname(workspace)
  const ofWindow = join(elsewhere, 'window')
  const app = StandInApp.start({ CAUSEWAY_WORKSPACE: ofWindow, STAND_IN_USER_DATA: join(elsewhere, 'user-data') })
  try {
    const inWindow = new Analyst((await app.open(browser)).page)
    await app.call('choose', files)
    await inWindow.importsPickedData('ml-100k')
    await inWindow.startsTraining({ epochs: '2' }, '11')
    await inWindow.waitsForState('completed')
  } finally {
    await app.kill()
  }

  const ofTerminal = join(elsewhere, 'terminal')
  const inTerminal = (...args: string[]) =>
    promisify(execFile)(process.execPath, [
      join(root, 'bin/causeway.mjs'),
      ...args,
      '--workspace',
      ofTerminal,
      '--json',
    ])
  await inTerminal('data', 'import', ml100k, '--name', 'ml-100k')
  await inTerminal('train', 'csc', '--data', 'ml-100k', '--seed', '11', '--set', 'epochs=2')

  const metrics = await metricsIn(workspace)
  expect(metrics['ndcg@10']).toBeGreaterThan(0.05)
  expect(await metricsIn(ofWindow)).toEqual(metrics)
  expect(await metricsIn(ofTerminal)).toEqual(metrics)
})

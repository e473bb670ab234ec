import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Analyst } from '../actions/analyst'
import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'
import { writeInteractions } from '../interactions'

const causeway = resolve(import.meta.dirname, '../../bin/causeway.mjs')

/** Runs a command of the terminal's Causeway and gives its JSON document. */
async function inTerminal(workspace: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    causeway,
    ...args,
    '--workspace',
    workspace,
    '--json',
  ])
  return JSON.parse(stdout) as Record<string, unknown>
}

// Long enough that a cancel and a power cut meet the training, on a fast machine too.
const epochs = 250
const params = { epochs: String(epochs), patience: String(epochs), hidden: '64', latent: '16' }

test('from a raw file to a list of titles, through a cancel, a resume and a power cut', async ({
  page,
  server,
  workspace,
  openWorkbench,
  complaints,
}) => {
  test.setTimeout(300_000)
  const data = await writeInteractions(join(workspace, '../files'))
  const analyst = new Analyst(page)
  const { sees } = analyst

  await openWorkbench()
  await analyst.importsData(data.files, 'films')
  await expect(page.getByText(data.interactions.toLocaleString('en-US'), { exact: true }).first()).toBeVisible()

  await analyst.startsTraining(params, '3')
  await expect.poll(() => analyst.countsEpochs(), { timeout: 60_000 }).toBeGreaterThan(2)
  await sees.run().getByRole('button', { name: 'Cancel' }).click()
  await analyst.waitsForState('cancelled')
  const before = await analyst.countsEpochs()
  expect(before).toBeGreaterThan(2)
  expect(before).toBeLessThan(epochs)

  await sees.run().getByRole('button', { name: 'Resume' }).click()
  await analyst.waitsForState('running')
  await expect.poll(() => analyst.countsEpochs(), { timeout: 60_000 }).toBeGreaterThan(before)
  await server.kill()
  await server.start()
  await openWorkbench()
  await sees.view('Train').click()
  await analyst.waitsForState('interrupted')
  await sees.run().getByRole('button', { name: 'Resume' }).click()
  await analyst.waitsForState('completed')
  const shown = Number(await sees.metric('ndcg@10').textContent())

  await sees.view('Graph').click()
  await expect(sees.graphStatement()).toHaveText(/acyclic|edge/)
  await expect(
    sees
      .matrix()
      .getByRole('gridcell', { name: /^c1 → c2: probability \d/ })
      .first(),
  ).toBeVisible()

  await analyst.looksUpUser('user 12')
  await expect(sees.items('Recommended items')).toHaveCount(10)
  await expect(sees.items('Recommended items').first()).toContainText(/Film number \d+/)
  await expect(sees.items('History').first()).toContainText(/Film number \d+/)
  const titles = await sees.items('Recommended items').locator('td.title').allTextContents()

  await server.stop()
  await server.start()
  await openWorkbench()
  await sees.view('Compare').click()
  await expect(sees.runRow('CSC')).toContainText('completed')

  // The same training in a terminal, never interrupted, gives the very same numbers and list.
  await server.stop()
  const elsewhere = join(workspace, '../terminal')
  await inTerminal(elsewhere, 'data', 'import', ...data.files, '--name', 'films')
  const sets = Object.entries(params).flatMap(([key, value]) => ['--set', `${key}=${value}`])
  const trained = await inTerminal(
    elsewhere,
    'train',
    'csc',
    '--data',
    'films',
    '--seed',
    '3',
    '--backend',
    'wasm',
    ...sets,
  )
  const metrics = trained['metrics'] as Record<string, number>
  expect(metrics['ndcg@10']!.toFixed(4)).toBe(shown.toFixed(4))
  const top = await inTerminal(elsewhere, 'recommend', trained['run'] as string, '--user', 'user 12', '--top', '10')
  // A title's cell ends with the item's own id.
  expect((top['items'] as { title: string; id: string }[]).map(({ title, id }) => title + id)).toEqual(
    titles.map((text) => text.trim()),
  )

  // A cut connection is said in the window and on the console; nothing else may complain.
  expect(complaints.filter((text) => !/WebSocket|ERR_CONNECTION/.test(text))).toEqual([])
})

test('the demo trains in one click and every view passes axe in light and dark', async ({ page, openWorkbench }) => {
  test.setTimeout(300_000)
  const analyst = new Analyst(page)
  const { sees } = analyst
  await openWorkbench()
  await sees.button('Train on the demo').click()
  await expect(sees.state()).toHaveText(/queued|running/, { timeout: 60_000 })
  await analyst.waitsForState('completed')
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    for (const view of ['Data', 'Train', 'Graph', 'Recommend', 'Compare', 'Report', 'Jobs', 'Settings']) {
      await sees.view(view).click()
      await expect(page).toHaveTitle(new RegExp(view))
      if (view === 'Graph') {
        await expect(sees.matrix().first()).toBeVisible({ timeout: 30_000 })
        await expect(sees.inspector()).toContainText('The known graph of this data')
      }
      expect(await barriersOn(page), `${view}, ${theme}`).toEqual([])
    }
  }
})

test('the keyboard alone reaches a training', async ({ page, openWorkbench }) => {
  await openWorkbench()
  await page.keyboard.press('Control+k')
  const search = page.getByRole('combobox', { name: 'Search actions, data sets and runs' })
  await expect(search).toBeFocused()
  await search.fill('demo')
  await page.keyboard.press('Enter')
  const { sees } = new Analyst(page)
  await expect(sees.state()).toHaveText(/queued|running/, { timeout: 60_000 })
  await page.keyboard.press('5')
  await expect(page).toHaveTitle(/Compare/)
  await expect(sees.runRow('CSC')).toBeVisible()
})

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { maskSchema } from '../../src-shared/domain/mask'
import { Analyst } from '../actions/analyst'
import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'
import { writeInteractions } from '../interactions'

const causeway = resolve(import.meta.dirname, '../../bin/causeway.mjs')

/** What `causeway do --json` prints, as far as this test reads it. */
interface Printed {
  users: number
  baseline: Record<string, number>
  intervened: Record<string, number>
  change: Record<string, { mean: number; low: number; high: number }>
  changedLists: number
}

const avp = 'avp@10:price'

test('a row zeroed by keyboard re-ranks the list, is undone to the bit, saved, exported, and the same in a terminal', async ({
  page,
  server,
  workspace,
  openWorkbench,
  complaints,
}) => {
  test.setTimeout(240_000)
  const files = join(workspace, '../files')
  const data = await writeInteractions(files)
  const analyst = new Analyst(page)
  const { sees } = analyst
  await openWorkbench()
  await analyst.importsData(data.files, 'films')
  await analyst.startsTraining({ epochs: '40', patience: '40', hidden: '64', latent: '16' }, '3')
  await analyst.waitsForState('completed')
  await analyst.looksUpUser('user 12')

  // Everything from here to the export is done by keyboard.
  await page.keyboard.press('3')
  await expect(sees.listAfter()).toHaveCount(10, { timeout: 30_000 })
  await expect(sees.effects()).toContainText(/Nothing is changed yet/)
  await analyst.opensEffects('Segment')
  await expect(sees.quantity(avp)).toBeVisible({ timeout: 30_000 })
  const before = await analyst.savesEffects()
  expect(before.get('changedLists')?.after).toBe(0)
  expect(before.get(avp)).toMatchObject({ change: 0, change_low: 0, change_high: 0 })
  await analyst.opensEffects('User')
  const titles = await sees.listAfter().allTextContents()

  await page.keyboard.press('m')
  await analyst.walksTo(sees.matrixNode('c1'))
  await page.keyboard.press('Enter')
  await page.keyboard.press('z')
  await expect(sees.changes()).toHaveText([/do\(c1\)/])
  await expect.poll(() => sees.listAfter().allTextContents()).not.toEqual(titles)

  await analyst.opensEffects('Segment')
  const changed = await analyst.savesEffects()
  expect(changed.get('changedLists')!.after).toBeGreaterThan(0)
  const price = changed.get(avp)!
  expect(price['change_low']!).toBeLessThanOrEqual(price['change']!)
  expect(price['change_high']!).toBeGreaterThanOrEqual(price['change']!)
  expect(price['change_high']!).toBeGreaterThan(price['change_low']!)
  await expect(sees.quantity(avp)).toContainText(/ to /)

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await barriersOn(page), colorScheme).toEqual([])
  }

  await page.keyboard.press('Control+z')
  await expect(sees.changes().first()).not.toContainText('do(c1)')
  expect(await analyst.savesEffects()).toEqual(before)
  await analyst.opensEffects('User')
  await expect.poll(() => sees.listAfter().allTextContents()).toEqual(titles)
  await page.keyboard.press('Control+Shift+z')
  await expect(sees.changes()).toHaveText([/do\(c1\)/])

  await sees.button('Masks…').press('Enter')
  await sees.masks().getByLabel('Name', { exact: true }).fill('without c1')
  await page.keyboard.press('Enter')
  await expect(sees.masks().getByRole('row', { name: /without c1/ })).toBeVisible()
  await sees.masks().getByRole('tab', { name: 'Export, import' }).press('Enter')
  const exported = page.waitForEvent('download')
  await sees
    .masks()
    .getByRole('button', { name: /Export as .*JSON/ })
    .press('Enter')
  const maskFile = join(files, 'mask.json')
  await (await exported).saveAs(maskFile)
  const mask = maskSchema.parse(JSON.parse(await readFile(maskFile, 'utf8')))
  expect(mask.factors.map((row) => row.reduce((sum, factor) => sum + factor, 0))).toEqual([1, 4, 4, 4])

  // Before the server goes: a page complains of a cut connection, as it should.
  expect(complaints).toEqual([])

  // The very same in a terminal: by the file, by the name it was saved under, and by the node.
  await server.stop()
  const inTerminal = async <T = Printed>(...args: string[]): Promise<T> => {
    const command = [causeway, ...args, '--workspace', workspace, '--json']
    return JSON.parse((await promisify(execFile)(process.execPath, command)).stdout) as T
  }
  const [{ id: run }] = await inTerminal<[{ id: string }]>('runs', 'list')
  const printed = await inTerminal('do', run, '--mask', maskFile, '--users', 'all')
  expect(printed.users).toBe(data.users)
  expect(printed.changedLists).toBe(changed.get('changedLists')!.after)
  const quantities = [...changed].filter(([id]) => id in printed.baseline)
  expect(quantities.length).toBeGreaterThanOrEqual(6)
  for (const [id, shown] of quantities) {
    expect(printed.baseline[id], id).toBe(shown.before)
    expect(printed.intervened[id], id).toBe(shown.after)
    expect(printed.change[id], id).toEqual({ mean: shown.change, low: shown.change_low, high: shown.change_high })
  }
  for (const way of [
    ['--mask', 'without c1'],
    ['--zero-row', 'c1'],
  ]) {
    const { baseline, intervened, changedLists } = await inTerminal('do', run, ...way, '--users', 'all')
    expect({ baseline, intervened, changedLists }).toEqual({
      baseline: printed.baseline,
      intervened: printed.intervened,
      changedLists: printed.changedLists,
    })
  }
})

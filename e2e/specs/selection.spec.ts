import { execFile } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { writeRandomisedLog } from '../../tests/support/randomised-log'
import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'
import { Workbench } from '../pages/workbench'
import { Server } from '../server'

test('an analyst judges weights, sees the error over all pairs, and what would turn a comparison around', async ({
  page,
  workspace,
  complaints,
}) => {
  test.setTimeout(120_000)
  const inTerminal = (...args: string[]) =>
    promisify(execFile)(process.execPath, [
      resolve(import.meta.dirname, '../../bin/causeway.mjs'),
      ...['--workspace', workspace],
      ...args,
    ])
  await inTerminal('data', 'import', writeRandomisedLog(dirname(workspace)), '--name', 'log')
  const small = ['epochs=3', 'embeddingSize=4', 'data.splitBy=randomised'].flatMap((pair) => ['--set', pair])
  for (const method of ['ips', 'dr-jl'])
    await inTerminal('train', method, '--data', 'log', '--backend', 'wasm', ...small)

  const server = new Server(workspace)
  await server.start()
  try {
    await page.goto(server.url)
    const sees = new Workbench(page)
    await sees.view('Compare').click()
    for (const method of [/DR-JL/, /IPS/]) await sees.runRow(method).getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Selection', exact: true }).click()
    const panel = page.getByRole('region', { name: 'Selected runs, compared' })
    await expect(panel.locator('[data-reading="effective"]')).toHaveText(/\d+ of \d+ \([\d.]+ %\)/, { timeout: 30_000 })
    await expect(panel.getByRole('row', { name: /cross-entropy Randomised/ })).toBeVisible({ timeout: 30_000 })
    await expect(panel.getByRole('figure', { name: 'Overlap' })).toBeVisible()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await barriersOn(page)).toEqual([])
    }

    await page.getByRole('tab', { name: 'Sensitivity' }).click()
    await expect(panel.locator('.flip')).toHaveText(/turns? this around\./, { timeout: 30_000 })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await barriersOn(page)).toEqual([])
    }
    const figure = panel.getByRole('figure', { name: 'Difference over Γ' })
    await figure.getByRole('button', { name: /^Table/ }).click()
    await expect(figure.getByRole('row')).toHaveCount(62)
    expect(complaints).toEqual([])
  } finally {
    await server.stop()
  }
})

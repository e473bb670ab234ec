import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Analyst } from '../actions/analyst'
import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'
import { writeInteractions } from '../interactions'

const causeway = resolve(import.meta.dirname, '../../bin/causeway.mjs')

test('a correlation is learned, set by keyboard, bootstrapped, drawn, and the same in a terminal', async ({
  page,
  server,
  workspace,
  openWorkbench,
  complaints,
}) => {
  test.setTimeout(90_000)
  const data = await writeInteractions(join(workspace, '../files'))
  const analyst = new Analyst(page)
  const { sees } = analyst
  await openWorkbench()
  await analyst.importsData(data.files, 'films')
  await analyst.choosesMethod('CLEV')
  await analyst.startsTraining({ epochs: '8', warmUp: '0', embeddingSize: '8' }, '3')
  await analyst.waitsForState('completed')
  await expect(sees.run()).toContainText(/Learned correlation ρ −?0\.\d\d/)

  await page.keyboard.press('3')
  const rows = sees.effects().locator('.correlation-lists tbody tr')
  await expect(rows).toHaveCount(10, { timeout: 30_000 })
  const slider = sees.effects().getByRole('slider', { name: 'Correlation ρ' })
  await analyst.walksTo(slider)
  await page.keyboard.press('End')
  await expect(slider).toHaveAttribute('aria-valuetext', /^0\.99, learned /)
  await expect(sees.effects().getByRole('status').filter({ hasText: 'With ρ at 0.99' })).toBeVisible()
  await expect(sees.effects().getByRole('figure')).toHaveCount(2)
  await expect(page.getByRole('button', { name: 'U_O ↔ U_R' })).toBeVisible()
  await page.getByRole('button', { name: 'U_O ↔ U_R' }).press('Enter')
  await expect(page.getByText('their correlation is ρ')).toBeVisible()

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await barriersOn(page), colorScheme).toEqual([])
  }

  await sees.effects().getByRole('spinbutton', { name: 'Correlation ρ as a number' }).fill('0.5')
  await page.keyboard.press('Enter')
  await expect(sees.effects().getByRole('columnheader', { name: 'set 0.50' }).first()).toBeVisible()
  const likelihood = await sees
    .effects()
    .locator('.measures tbody tr')
    .first()
    .locator('td.set:not(.stale)')
    .textContent()

  await page.getByLabel('Resamples').fill('2')
  await page.getByRole('button', { name: 'Find out' }).press('Enter')
  await expect(page.getByText(/the middle 95 % of 2 trainings/)).toBeVisible({ timeout: 60_000 })
  const learned = await page.locator('.correlation-confidence .rho').textContent()
  expect(complaints).toEqual([])

  await server.stop()
  const inTerminal = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [causeway, ...args, '--workspace', workspace])).stdout
  const [{ id: run }] = JSON.parse(await inTerminal('runs', 'list', '--json')) as [{ id: string }]
  expect(await inTerminal('runs', 'show', run)).toContain(learned!.replace('ρ ', ''))
  const { measures } = JSON.parse(await inTerminal('effect', 'correlation', run, '--rho', '0.5', '--json')) as {
    measures: { set: { logLikelihood: number } }
  }
  expect(measures.set.logLikelihood.toFixed(4)).toBe(likelihood!.trim().replace('−', '-'))
})

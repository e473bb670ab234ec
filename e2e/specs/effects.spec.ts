import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Analyst } from '../actions/analyst'
import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'
import { writeInteractions } from '../interactions'

const causeway = resolve(import.meta.dirname, '../../bin/causeway.mjs')

test('what exposing items does is checked, explored by keyboard, set for a user, and the same in a terminal', async ({
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
  await analyst.choosesMethod('Deep-Deconf')
  await analyst.startsTraining({ epochs: '10', latent: '8' }, '3')
  await analyst.waitsForState('completed')
  await expect(sees.run()).toContainText(/The exposure model (passes|fails) its check, p/)

  await page.keyboard.press('3')
  const strongest = page.getByRole('region', { name: 'Strongest effects' })
  const pairs = strongest.locator('tbody tr')
  await expect(pairs).toHaveCount(20, { timeout: 30_000 })
  await expect(page.locator('.exposure-verdict')).toContainText(/The exposure model (passes|fails) its check, p/)
  const firstPair = pairs.first().getByRole('button')
  await firstPair.focus()
  await page.keyboard.press('Enter')
  await expect(strongest.locator('.inspector')).toContainText(/^Exposing Film number \d+ (raises|lowers) Film number/)

  await page.keyboard.press('p')
  await expect(page.getByRole('combobox', { name: 'Search an item' })).toBeFocused()
  await page.keyboard.type('number 12')
  await expect(page.getByRole('option', { name: 'Film number 12' })).toBeVisible()
  await expect(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  const affected = sees.effects().locator('.exposure-item-tab tbody tr')
  await expect(affected).toHaveCount(20)
  await expect(sees.effects().getByRole('status').filter({ hasText: 'Exposing Film number 12 raises' })).toBeVisible()
  const effect = (await affected.first().locator('td.effect').innerText()).match(/[+−][\d.]+/)![0]
  const risesMost = await affected.first().getByRole('button').innerText()

  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await barriersOn(page), colorScheme).toEqual([])
  }

  // At one user, an item with two digits that the user was not shown: its title is of no other item.
  await sees.effects().getByRole('radio', { name: 'One user' }).focus()
  await page.keyboard.press('Space')
  const notShown = affected.filter({ has: page.locator('td.exposed', { hasText: 'no' }), hasText: /Film number \d\d/ })
  await expect(notShown.first()).toBeVisible()
  const title = await notShown.first().getByRole('button').innerText()
  const userButton = sees.effects().getByRole('button', { name: /^User / })
  const user = (await userButton.innerText()).replace(/^User | ▾$/g, '')

  await analyst.opensEffects('Expose')
  await expect(sees.effects()).toContainText('Nothing is set')
  await page.keyboard.press('p')
  await expect(page.getByRole('combobox', { name: 'Search an item' })).toBeFocused()
  await page.keyboard.type(title)
  await expect(page.getByRole('option')).toHaveCount(1)
  await page.keyboard.press('Enter')
  await expect(sees.effects().getByRole('list', { name: 'Exposures that are set' })).toContainText(`exposed ${title}`)
  const moved = sees.effects().getByRole('table', { name: 'What moves most' }).locator('tbody tr')
  await expect(moved).toHaveCount(10)
  const change = await moved.first().locator('td').nth(4).innerText()
  expect(await barriersOn(page), 'exposures set, dark').toEqual([])
  await analyst.opensEffects('By segment')
  await expect(sees.effects()).toContainText('Import it with a table of users')
  expect(complaints).toEqual([])

  await server.stop()
  const inTerminal = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [causeway, ...args, '--workspace', workspace])).stdout
  const [{ id: run }] = JSON.parse(await inTerminal('runs', 'list', '--json')) as [{ id: string }]
  const ofTwelve = await inTerminal('effects', 'of', run, 'I012')
  expect(ofTwelve.split('\n').find((line) => line.includes(`${risesMost}  `))).toContain(effect)
  const exposed = await inTerminal('effects', 'expose', run, '--user', user, '--expose', `I0${title.slice(-2)}`)
  expect(exposed.slice(exposed.indexOf('What moves most'))).toContain(change)
})

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron, expect, test as base, type ElectronApplication } from '@playwright/test'
import { Analyst } from '../actions/analyst'
import { installedElectron, noDisplayReason } from '../../scripts/electron-binary.mjs'

// The desktop app in Electron itself. Where its binary is absent, tests/electron-shell covers the built bundles.

const root = resolve(import.meta.dirname, '../..')
const executablePath = installedElectron()
const missing = executablePath ? noDisplayReason() : "Electron's binary is not installed (npx install-electron)"

const test = base.extend<{ directory: string; launch: () => Promise<ElectronApplication> }>({
  directory: async ({}, use) => {
    const directory = await mkdtemp(join(tmpdir(), 'causeway-desktop-'))
    await use(directory)
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  },
  launch: async ({ directory }, use) => {
    const launched: ElectronApplication[] = []
    await use(async () => {
      const app = await _electron.launch({
        executablePath: executablePath!,
        args: [root, `--user-data-dir=${join(directory, 'profile')}`],
        env: { ...(process.env as Record<string, string>), CAUSEWAY_WORKSPACE: join(directory, 'workspace') },
      })
      launched.push(app)
      return app
    })
    for (const app of launched) await app.close()
  },
})

test.skip(missing !== null, `${missing}: the desktop specs are skipped.`)

test('opens the workbench in a sandboxed page', async ({ launch, directory }) => {
  const app = await launch()
  const page = await app.firstWindow()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  await expect(page.locator('#app')).not.toBeEmpty()
  await expect(page.getByText('workspace', { exact: true }).first()).toBeVisible()
  expect(page.url()).toMatch(/^app:\/\/causeway\//)
  expect(
    await page.evaluate(() => ['require', 'process', 'module', 'Buffer'].filter((name) => name in window)),
  ).toEqual([])
  expect(await page.evaluate(() => Object.keys((window as unknown as { causeway: object }).causeway).sort())).toEqual([
    'on',
    'post',
    'shell',
  ])
  expect(complaints).toEqual([])
  expect(existsSync(join(directory, 'workspace', 'workspace.json'))).toBe(true)
})

test('refuses navigation, windows and permissions', async ({ launch }) => {
  const app = await launch()
  const page = await app.firstWindow()
  await expect(page.locator('#app')).not.toBeEmpty()
  await page.evaluate(() => void (location.href = 'https://example.com/'))
  await page.evaluate(() => void window.open('https://example.com/'))
  expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied')
  expect(page.url()).toMatch(/^app:\/\/causeway\//)
  expect(app.windows()).toHaveLength(1)
})

test('trains on the demo and shows the run again after a restart', async ({ launch }) => {
  test.setTimeout(300_000)
  const app = await launch()
  const analyst = new Analyst(await app.firstWindow())
  await analyst.sees.button('Train on the demo').click()
  await analyst.waitsForState('completed')
  await app.close()
  const again = new Analyst(await (await launch()).firstWindow())
  await again.sees.view('Runs').click()
  await expect(again.sees.runRow('CSC')).toBeVisible()
})

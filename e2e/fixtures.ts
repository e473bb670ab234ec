import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as base } from '@playwright/test'
import { Server } from './server'

interface Fixtures {
  /** A fresh workspace, gone after the test. */
  workspace: string
  /** The web shell, running on the workspace. */
  server: Server
  /** What the page said that a clean page does not: console errors, uncaught exceptions, violations of its policy. */
  complaints: string[]
  /** Opens the workbench at the server's address; again after a restart. */
  openWorkbench: () => Promise<void>
}

export const test = base.extend<Fixtures>({
  workspace: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-e2e-'))
    await use(join(folder, 'workspace'))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  },
  server: async ({ workspace }, use) => {
    const server = new Server(workspace)
    await server.start()
    await use(server)
    await server.stop()
  },
  complaints: async ({ page }, use) => {
    const complaints: string[] = []
    // A violation of the policy is reported on the console as an error.
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    await use(complaints)
  },
  openWorkbench: async ({ page, server }, use) => {
    await use(async () => {
      await page.goto(server.url)
      await expect(page.locator('#app')).not.toBeEmpty()
    })
  },
})
export { expect }

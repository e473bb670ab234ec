import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumArguments, findChromium } from '../../../scripts/chromium.mjs'
import { builtEntries, root } from '../../../tests/support/built'
import { writeTinyInteractions } from '../../../tests/support/tiny-interactions'

/** Reports as a script writes them, and one of them opened as a reader does: from the disk, in a browser without a network. */

const program = join(root, 'bin', 'causeway.mjs')
const browser = findChromium()
const withBrowser = browser === null ? it.skip : it
if (browser === null) console.warn('No Chromium here: reports are neither printed nor opened.')

let directory: string
const runs: string[] = []

function causeway(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--workspace', join(directory, 'workspace'), ...args, '--json'],
    {
      encoding: 'utf8',
      env: { ...process.env, CAUSEWAY_SKIP_BUILD: '1', ...(browser ? { CAUSEWAY_CHROMIUM: browser } : {}) },
    },
  )
  return { code: status, stdout, stderr }
}
function json<T>(code: number, ...args: string[]): T {
  const ended = causeway(...args)
  expect(ended, ended.stderr).toMatchObject({ code })
  return JSON.parse(ended.stdout) as T
}
const small = ['epochs=3', 'hidden=32', 'latent=8', 'batchSize=16'].flatMap((pair) => ['--set', pair])
const file = (name: string): string => join(directory, name)

beforeAll(() => {
  builtEntries()
  directory = mkdtempSync(join(tmpdir(), 'causeway-cli-report-'))
  json(0, 'data', 'import', writeTinyInteractions(directory).interactions, '--name', 'tiny')
  for (const [method, seed] of [
    ['csc', '1'],
    ['csc', '2'],
    ['multi-vae', '1'],
    ['multi-vae', '2'],
  ] as const)
    runs.push(
      json<{ run: string }>(0, 'train', method, '--data', 'tiny', '--backend', 'wasm', '--seed', seed, ...small).run,
    )
}, 240_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe('causeway report', { timeout: 120_000 }, () => {
  it('compares runs, with the sections, title and summary that were asked for', () => {
    writeFileSync(file('summary.txt'), 'What I asked.\n\nWhat I found.')
    const written = json<{ sizeBytes: number }>(
      0,
      ...['report', '--runs', runs.join(','), '--metrics', 'ndcg@10,coverage@10', '--out', file('all.md')],
      ...['--sections', 'comparison,limitations', '--title', 'Both', '--summary-file', file('summary.txt')],
    )
    const text = readFileSync(file('all.md'), 'utf8')
    expect(written.sizeBytes).toBe(Buffer.byteLength(text))
    expect(text).toMatch(/^# Both\n/)
    expect(text).toContain('\n\nWhat I asked.\n\nWhat I found.\n\n')
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(['Comparison', 'Limitations'])
    expect(text).toContain('### Coverage@10')
  })

  it.each([
    ['no subject', ['--out', 'x.html'], /one of the three/],
    ['two subjects', ['run', '--runs', 'a,b', '--out', 'x.html'], /one of the three/],
    ['no such folder', ['run', '--out', 'no/such/folder/x.html'], /no folder .*no\/such\/folder/],
    ['another form', ['run', '--out', 'x.docx'], /\.html, \.md or \.pdf/],
    ['a section there is none of', ['run', '--out', 'x.md', '--sections', 'data,weather'], /"weather".*limitations/],
    ['a metric there is none of', ['--runs', 'a,b', '--metrics', 'joy@10', '--out', 'x.md'], /"joy@10"/],
  ])('refuses %s', (_, args, message) => {
    expect(json<{ error: { message: string } }>(2, 'report', ...args).error.message).toMatch(message)
  })

  withBrowser('prints a PDF', () => {
    json(0, 'report', runs[0]!, '--out', file('one.pdf'), '--aggregates-only')
    expect(readFileSync(file('one.pdf')).subarray(0, 5).toString()).toBe('%PDF-')
  })

  withBrowser('is read from the disk without a network, and by readers of any kind, in light and dark', async () => {
    json(0, 'report', '--runs', runs.join(','), '--out', file('all.html'))
    const opened = await chromium.launch({ executablePath: browser!, args: chromiumArguments })
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        // The page itself may run nothing; axe comes in past its policy.
        const context = await opened.newContext({ colorScheme, offline: true, bypassCSP: true })
        const page = await context.newPage()
        const wanted: string[] = []
        page.on('request', (request) => wanted.push(request.url()))
        await page.goto(`file://${file('all.html')}`)
        await page.getByRole('link', { name: 'Comparison' }).click()
        expect(await page.getByRole('heading', { name: 'Comparison', level: 2 }).isVisible()).toBe(true)
        for (const folded of await page.locator('details').all())
          await folded.evaluate((one) => one.setAttribute('open', ''))
        expect(
          (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
        ).toEqual([])
        expect(wanted.filter((url) => !url.startsWith('file:'))).toEqual([])
        // Nothing is wider than the page but what scrolls by itself.
        await page.setViewportSize({ width: 480, height: 800 })
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(480)
        await context.close()
      }
    } finally {
      await opened.close()
    }
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { chromiumArguments, findChromium } from '../scripts/chromium.mjs'
import { generateRuns } from '../scripts/generate-runs.mjs'
import { runIndexFile } from '../src-main/storage/layout'
import { median, printLine, rounded } from './line'
import { serve } from './serve'

/**
 * How long an analyst waits for the table of 5,000 runs with 300 metrics in the window: from starting the program, from opening the page at
 * Compare, from switching to Compare, and after a scroll, a sort and a filter, until every row in view shows its values and the frame with
 * them has been drawn. The program is the web shell's server, its window a Chromium that was started just before: how long that took is a
 * figure of its own, for the desktop's shell starts both in one.
 */
const shape = { runs: 5000, metrics: 300, epochs: 10, seed: 0 }
const targetMilliseconds = 1000
const launchTargetMilliseconds = 2000
const repeats = 5

/** Runs in the page: milliseconds from `act` until all rows in view are filled as `when` wants, and drawn. */
interface Act {
  kind: 'nothing' | 'key' | 'scroll' | 'sort' | 'filter'
  value: string | number
}

/** Acts and waits, inside the page, so that nothing but the page's own time is counted. */
const measure = (page: Page, act: Act): Promise<number> =>
  page.evaluate(async ({ kind, value }) => {
    const grid = (): HTMLElement | null => document.querySelector('[role="grid"][aria-label="Runs"]')
    const rowsInView = (): HTMLElement[] => {
      const view = grid()?.getBoundingClientRect()
      if (!view) return []
      return [...grid()!.querySelectorAll<HTMLElement>('[role="row"][aria-rowindex]:not([aria-rowindex="1"])')].filter(
        (row) => row.getBoundingClientRect().bottom > view.top + 40 && row.getBoundingClientRect().top < view.bottom,
      )
    }
    const shown = (): string =>
      rowsInView()
        .map((row) => row.textContent)
        .join('\n')
    const filled = (): boolean => {
      const rows = rowsInView()
      return rows.length >= 5 && rows.every((row) => row.querySelector('.more') && !row.querySelector('.skeleton'))
    }
    const before = shown()
    // Opening counts from the start of the navigation.
    const started = kind === 'nothing' ? 0 : performance.now()
    if (kind === 'key') document.body.dispatchEvent(new KeyboardEvent('keydown', { key: String(value), bubbles: true }))
    else if (kind === 'scroll') grid()!.scrollTop = Number(value)
    else if (kind === 'sort')
      [...grid()!.querySelectorAll<HTMLElement>('[role="columnheader"]')]
        .find((header) => header.textContent?.trim().startsWith(String(value)))!
        .click()
    else if (kind === 'filter') {
      const input = document.querySelector<HTMLInputElement>('input[aria-label="Filter by text"]')!
      input.value = String(value)
      input.dispatchEvent(new Event('input', { bubbles: true }))
    }
    const frame = (): Promise<number> => new Promise(requestAnimationFrame)
    const deadline = performance.now() + 20_000
    while (!(filled() && shown() !== before)) {
      if (performance.now() > deadline) throw new Error(`After ${kind} ${value} the rows in view were never filled.`)
      await frame()
    }
    await frame()
    return performance.now() - started
  }, act)

const executablePath = findChromium()
if (!executablePath) throw new Error('No Chromium was found: set CHROMIUM to the path of one.')
const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
try {
  const workspace = join(folder, 'workspace')
  generateRuns(workspace, shape)
  const browserStarted: number[] = []
  const firstLaunched: number[] = []
  const launched: number[] = []
  const first: number[] = []
  const opened: number[] = []
  const switched: number[] = []
  const scrolled: number[] = []
  const sorted: number[] = []
  const filtered: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    // Once without the index on disk, then with it: a program that has just been started both times.
    for (const withIndex of [false, true]) {
      if (!withIndex) await rm(runIndexFile(workspace), { force: true })
      const beforeBrowser = performance.now()
      const browser = await chromium.launch({ executablePath, args: chromiumArguments })
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      browserStarted.push(performance.now() - beforeBrowser)
      let stop = (): Promise<void> => Promise.resolve()
      try {
        const beforeServer = performance.now()
        const server = await serve(workspace)
        stop = server.stop
        await page.goto(`${server.url}#/compare`, { waitUntil: 'commit' })
        ;(withIndex ? opened : first).push(await measure(page, { kind: 'nothing', value: '' }))
        ;(withIndex ? launched : firstLaunched).push(performance.now() - beforeServer)
        if (withIndex) {
          await page.keyboard.press('1')
          await page.getByRole('grid', { name: 'Runs' }).waitFor({ state: 'detached' })
          switched.push(await measure(page, { kind: 'key', value: '5' }))
          for (const at of [40_000, 90_000, 3_000]) scrolled.push(await measure(page, { kind: 'scroll', value: at }))
          await measure(page, { kind: 'scroll', value: 0 })
          for (let click = 0; click < 2; click++) sorted.push(await measure(page, { kind: 'sort', value: 'NDCG' }))
          for (const text of ['ease', 'csc']) filtered.push(await measure(page, { kind: 'filter', value: text }))
        }
      } finally {
        await browser.close()
        await stop()
      }
    }
  }
  const figures = { browserStarted, firstLaunched, launched, first, opened, switched, scrolled, sorted, filtered }
  printLine('runs-table/window', {
    runs: shape.runs,
    metrics: shape.metrics,
    start_chromium_ms: rounded(median(browserStarted)),
    launch_without_index_ms: rounded(median(firstLaunched)),
    launch_ms: rounded(median(launched)),
    open_page_without_index_ms: rounded(median(first)),
    open_page_ms: rounded(median(opened)),
    switch_to_compare_ms: rounded(median(switched)),
    scroll_ms: rounded(median(scrolled)),
    sort_ms: rounded(median(sorted)),
    filter_ms: rounded(median(filtered)),
    all: Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, values.map(rounded)])),
    target_ms: targetMilliseconds,
    launch_target_ms: launchTargetMilliseconds,
    within_targets:
      median(launched) <= launchTargetMilliseconds &&
      [opened, switched, scrolled, sorted, filtered].every((values) => median(values) <= targetMilliseconds),
  })
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Page } from '@playwright/test'
import { rowOf } from '../src-shared/domain/split'
import { Rng } from '../src-main/tensor/rng'
import { chromiumArguments, findChromium } from '../scripts/chromium.mjs'
import { median, printLine, rounded } from './line'
import { root, serve } from './serve'
import { drawInteractions, shapes } from './shapes'

/**
 * How long an analyst waits for the effect of a mask in the window: from the key press to the frame that shows the answer, through
 * page, WebSocket, services and trainer. CSC with k = 8 at the shape of ML-100K; every question is another mask. The effect on
 * all users waits for 150 ms without a further change before it is asked for, and that wait is in its figure.
 */
const targets = { user: 100, everyone: 1000 }
const confounders = 8

/** A trained run in a fresh workspace. */
async function prepare(workspace: string): Promise<void> {
  const log = drawInteractions(shapes['ml-100k'], Rng.seeded(0))
  const lines = ['user,item,price']
  const prices = Array.from({ length: log.cols }, (_, item) => 5 + ((item * 37) % 100))
  for (let user = 0; user < log.rows; user++)
    for (const item of rowOf(log, user)) lines.push(`u${user},i${item},${prices[item]}`)
  const file = join(workspace, '..', 'log.csv')
  await writeFile(file, lines.join('\n') + '\n')
  const causeway = (...args: string[]): Promise<unknown> =>
    promisify(execFile)(process.execPath, [join(root, 'bin/causeway.mjs'), ...args, '--workspace', workspace])
  await causeway('data', 'import', file, '--name', 'log')
  await causeway('train', 'csc', '--data', 'log', '--set', `confounders=${confounders}`, '--set', 'epochs=20')
}

/** Milliseconds from the next key press to the frame after the first change inside `place`; null where no digit shown changes. */
async function wait(page: Page, place: string, press: () => Promise<void>): Promise<number | null> {
  const measured = page.evaluate(
    (selector) =>
      new Promise<number | null>((done) => {
        setTimeout(() => done(null), 10_000)
        document.addEventListener(
          'keydown',
          ({ timeStamp }) => {
            const watch = new MutationObserver(() => {
              watch.disconnect()
              requestAnimationFrame(() => done(performance.now() - timeStamp))
            })
            watch.observe(document.querySelector(selector)!, {
              subtree: true,
              childList: true,
              characterData: true,
              attributeFilter: ['title'],
            })
          },
          { once: true, capture: true },
        )
      }),
    place,
  )
  await press()
  return measured
}

/** The zero rows of ever more nodes, each a mask that was not asked for before. */
async function measureRows(page: Page, place: string, key: string): Promise<number[]> {
  const figures: number[] = []
  for (let node = 1; node <= confounders; node++) {
    await page
      .getByRole('grid')
      .getByRole('rowheader')
      .getByRole('button', { name: `c${node}`, exact: true })
      .focus()
    await page.keyboard.press('Enter')
    await page.waitForTimeout(400)
    const figure = await wait(page, place, () => page.keyboard.press(key))
    if (figure !== null) figures.push(figure)
    await page.waitForTimeout(1500)
  }
  if (figures.length < confounders / 2) throw new Error(`Only ${figures.length} masks changed anything in ${place}.`)
  return figures
}

const executablePath = findChromium()
if (!executablePath) throw new Error('No Chromium was found: set CHROMIUM to the path of one.')
const folder = await mkdtemp(join(tmpdir(), 'causeway-bench-'))
const workspace = join(folder, 'workspace')
await prepare(workspace)
const server = await serve(workspace)
const browser = await chromium.launch({ executablePath, args: chromiumArguments })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(server.url)
  await page.keyboard.press('3')
  await page.locator('.rank-lists .after button').first().waitFor({ timeout: 60_000 })
  await page.keyboard.press('m')
  const user = await measureRows(page, '.rank-lists', 'z')
  await page.keyboard.press('r')
  await page.getByRole('tab', { name: 'Segment' }).click()
  await page.locator('[data-quantity="avp@10:price"]').waitFor({ timeout: 60_000 })
  const everyone = await measureRows(page, '.segment-tab table', 'Shift+Z')
  printLine('intervene/window', {
    users: shapes['ml-100k'].users,
    confounders,
    user_ms: rounded(median(user)),
    user_ms_all: user.map(rounded),
    user_target_ms: targets.user,
    all_users_ms: rounded(median(everyone)),
    all_users_ms_all: everyone.map(rounded),
    all_users_target_ms: targets.everyone,
    within_targets: median(user) <= targets.user && median(everyone) <= targets.everyone,
  })
} finally {
  await browser.close()
  await server.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

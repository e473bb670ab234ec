import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { unzipSync } from 'fflate'
import { Analyst } from '../actions/analyst'
import { barriersOn } from '../barriers'
import { expect, test } from '../fixtures'
import { writeInteractions } from '../interactions'

const root = resolve(import.meta.dirname, '../..')
const ml100k = resolve(root, '../shared/data/ml-100k')
const ml100kFiles = ['inter', 'item', 'user'].map((kind) => join(ml100k, `ml-100k.${kind}`))

test('from an experiment of two methods × three seeds to a report that reproduces', async ({
  page,
  browser,
  server,
  workspace,
  openWorkbench,
  complaints,
}) => {
  test.setTimeout(480_000)
  const beside = existsSync(ml100kFiles[0]!)
  if (!beside) {
    const description =
      'ML-100K does not lie beside the repository (../shared/data/ml-100k): a small made-up log is used.'
    test.info().annotations.push({ type: 'note', description })
    console.log(description)
  }
  const analyst = new Analyst(page)
  const { sees } = analyst
  const inTerminal = async (...args: string[]): Promise<Record<string, unknown>> => {
    const command = [join(root, 'bin/causeway.mjs'), ...args, '--workspace', workspace, '--json']
    const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 64e6 })
    return JSON.parse(stdout) as Record<string, unknown>
  }

  await openWorkbench()
  const files = beside ? ml100kFiles : (await writeInteractions(join(workspace, '../files'))).files
  await analyst.importsData(files, 'films')

  // Built by clicking.
  await analyst.buildsExperiment({ name: 'two methods', methods: ['csc', 'multi-vae'], seeds: '1-3', epochs: '3' })
  expect(await barriersOn(page), 'the builder').toEqual([])
  await page.getByRole('button', { name: 'Start', exact: true }).click()

  // Watched.
  await expect(page.getByRole('heading', { name: 'two methods' })).toBeVisible()
  await expect(sees.trials().first()).toBeVisible({ timeout: 30_000 })
  await expect(page.getByRole('progressbar', { name: /^Progress of the experiment/ })).toBeVisible()
  await expect(sees.experimentState()).toHaveText('completed', { timeout: 240_000 })
  await expect(sees.trials().filter({ hasText: 'completed' })).toHaveCount(6)
  await expect(
    page.getByText(/every method is trained with the parameters given on 3 seeds, at most 3 epochs each/),
  ).toBeVisible()
  // The comparison has come, and is of all seeds.
  await expect(sees.comparisonGroups().filter({ hasText: '3 seeds' })).toHaveCount(2, { timeout: 30_000 })
  await expect(page.locator('.comparison-panel [aria-busy="true"]')).toHaveCount(0)
  expect(await barriersOn(page), 'the experiment').toEqual([])

  // Compared: two groups of three seeds, and where a number comes from.
  await page.getByRole('button', { name: 'Open in Compare' }).click()
  const groups = sees.comparisonGroups()
  await expect(groups).toHaveCount(2, { timeout: 30_000 })
  await expect(groups.first()).toContainText('3 seeds')
  const number = groups.first().getByRole('button').first()
  await expect(number).toHaveText(/^0\.\d+ ± 0\.\d+$/)
  await number.press('Enter')
  const provenance = page.getByRole('dialog', { name: /NDCG@10 of/ })
  await expect(provenance).toContainText('Definition')
  const { producedBy } = JSON.parse(
    await readFile(
      join(
        workspace,
        'runs',
        await provenance
          .getByRole('button', { name: /^csc-|^multi-vae-/ })
          .first()
          .innerText(),
        'manifest.json',
      ),
      'utf8',
    ),
  ) as { producedBy: { splitHash: string; datasetHash: string } }
  await expect(provenance).toContainText(producedBy.splitHash)
  await expect(provenance).toContainText(producedBy.datasetHash)
  await page.keyboard.press('Escape')
  await expect(provenance).toBeHidden()
  await expect(number).toBeFocused()
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    expect(await barriersOn(page), `Compare, ${theme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })

  // Reported, as HTML and PDF.
  await sees.view('Report').click()
  await analyst.choosesReportOf('two methods')
  expect(await barriersOn(page), 'Report').toEqual([])
  const html = await analyst.saves(() => page.getByRole('button', { name: 'HTML', exact: true }).click())
  expect(html.bytes.length).toBeLessThan(5_000_000)
  const pdf = await analyst.saves(() => page.getByRole('button', { name: 'PDF', exact: true }).click())
  expect(new TextDecoder('latin1').decode(pdf.bytes.subarray(0, 5))).toBe('%PDF-')
  expect(pdf.bytes.length).toBeGreaterThan(20_000)

  // The model, as ONNX.
  const zip = await analyst.exportsModel('ONNX')
  const entries = unzipSync(zip.bytes)
  const onnx = Object.keys(entries).find((name) => name.endsWith('.onnx'))
  expect(onnx, Object.keys(entries).join(', ')).toBeDefined()

  // Reopened from disk in a clean browser without a network.
  const report = join(workspace, '..', 'report.html')
  await writeFile(report, html.bytes)
  const clean = await browser.newContext({ offline: true, colorScheme: 'dark' })
  const reader = await clean.newPage()
  const asked: string[] = []
  reader.on('request', (request) => asked.push(request.url()))
  reader.on('console', (message) => asked.push(message.text()))
  await reader.goto(pathToFileURL(report).href)
  await expect(reader.getByRole('heading', { level: 1 })).toContainText(/two methods|CSC/)
  await expect(reader.getByRole('heading', { name: /How to reproduce/ })).toBeVisible()
  expect(await reader.locator('svg').count()).toBeGreaterThan(1)
  expect(asked).toEqual([pathToFileURL(report).href])
  await clean.close()

  // And it comes out again.
  await server.stop()
  const reproduction = await inTerminal('reproduce', report)
  expect(reproduction).toMatchObject({ confirmed: true, planned: 6 })
  const verdicts = (reproduction['runs'] as { verdict: string }[]).map(({ verdict }) => verdict)
  expect(verdicts).toEqual(Array.from({ length: 6 }, () => 'identical'))

  expect(complaints.filter((text) => !/WebSocket|ERR_CONNECTION/.test(text))).toEqual([])
})

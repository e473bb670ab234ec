import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { findChromium } from './chromium.mjs'
import { ensureBuilt } from './ensure-built.mjs'

const root = resolve(import.meta.dirname, '..')
const results = mkdtempSync(join(tmpdir(), 'causeway-test-'))
const inherited = ['ignore', 'inherit', 'inherit']
const total = { passed: 0, failed: 0, skipped: 0 }

const browser = findChromium() ?? installChromium()
if (!browser) {
  console.error(
    'No Chromium or Chrome was found, and none could be installed. Install one (Debian: `apt-get install chromium`;' +
      ' anywhere: `npx playwright install --with-deps chromium`), or set CHROMIUM to the path of yours, and run `npm test` again.',
  )
}
const env = { ...process.env, ...(browser ? { CHROMIUM: browser } : {}) }
if (browser) console.log(`Browser: ${browser}`)

check('build', buildAnew)
// One core each. The renderer takes the longest to lint, as rules on what Vue returns ask for types.
const lint = ['--max-warnings', '0']
await Promise.all([
  checkAside('lint of the renderer', 'eslint/bin/eslint.js', [...lint, 'src-renderer']),
  checkAside('types', 'vue-tsc/bin/vue-tsc.js', ['--noEmit'])
    .then(() => checkAside('format', 'prettier/bin/prettier.cjs', ['--check', '.']))
    .then(() =>
      checkAside('lint of the rest', 'eslint/bin/eslint.js', [...lint, '.', '--ignore-pattern', 'src-renderer']),
    ),
])
const vitestReport = join(results, 'vitest.json')
const vitestReporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`]
suite('unit and integration tests', 'vitest/vitest.mjs', ['run', ...vitestReporters], vitestReport, countVitest)
const playwrightReport = join(results, 'playwright.json')
env.PLAYWRIGHT_JSON_OUTPUT_FILE = playwrightReport
const playwrightReporters = ['--reporter=line,json']
if (browser)
  suite(
    'end-to-end tests',
    '@playwright/test/cli.js',
    ['test', ...playwrightReporters],
    playwrightReport,
    countPlaywright,
  )
else total.failed++

rmSync(results, { recursive: true, force: true })
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
process.exitCode = total.failed === 0 ? 0 : 1

/** Runs one step with its output shown; returns whether it passed. */
function step(title, work) {
  console.log(`\n── ${title} ──`)
  const started = Date.now()
  const ok = work()
  conclude(title, ok, started)
  return ok
}

/** Says how a step ended that began at `started`, in milliseconds since 1970. */
function conclude(title, ok, started) {
  console.log(`── ${title}: ${ok ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(0)} s`)
}

/** Runs one tool of node_modules. */
function run(tool, parameters) {
  const command = join(root, 'node_modules', tool)
  return spawnSync(process.execPath, [command, ...parameters], { cwd: root, stdio: inherited, env }).status === 0
}

/** A step that passes or fails as a whole. */
function check(title, work) {
  if (step(title, work)) total.passed++
  else total.failed++
}

/** A step of one tool that passes or fails as a whole and may run beside others: what it says is shown when it has ended. */
async function checkAside(title, tool, parameters) {
  const started = Date.now()
  const stdio = ['ignore', 'pipe', 'pipe']
  const child = spawn(process.execPath, [join(root, 'node_modules', tool), ...parameters], { cwd: root, env, stdio })
  const said = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => said.push(text))
  const [status] = await once(child, 'close')
  console.log(`\n── ${title} ──`)
  process.stdout.write(Buffer.concat(said))
  conclude(title, status === 0, started)
  if (status === 0) total.passed++
  else total.failed++
}

/** The build that the tests are about, made anew even where one lies there that looks fresh. */
function buildAnew() {
  rmSync(join(root, 'out', '.built'), { force: true })
  try {
    ensureBuilt()
    return true
  } catch (error) {
    console.error(error.message)
    return false
  }
}

/** A step that reports its tests one by one in a file. */
function suite(title, tool, parameters, report, count) {
  const ok = step(title, () => run(tool, parameters))
  const counted = existsSync(report)
    ? count(JSON.parse(readFileSync(report, 'utf8')))
    : { passed: 0, failed: 0, skipped: 0 }
  // A suite that failed outside its tests (a crash, no tests at all) fails once.
  if (!ok && counted.failed === 0) counted.failed = 1
  for (const key of Object.keys(total)) total[key] += counted[key]
}

function countVitest(report) {
  const tests = report.testResults.flatMap((file) =>
    // A file that could not be loaded has no tests to show for it.
    file.status === 'failed' && file.assertionResults.length === 0 ? [{ status: 'failed' }] : file.assertionResults,
  )
  const passed = tests.filter((test) => test.status === 'passed').length
  const failed = tests.filter((test) => test.status === 'failed').length
  return { passed, failed, skipped: tests.length - passed - failed }
}

function countPlaywright({ stats, errors, suites }) {
  for (const reason of new Set(suites.flatMap(skipReasons))) console.log(`Skipped: ${reason}`)
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length, skipped: stats.skipped }
}

/** Why tests were skipped, as they say it themselves. */
function skipReasons({ suites = [], specs = [] }) {
  const annotations = specs.flatMap(({ tests }) => tests.flatMap((test) => test.annotations))
  const own = annotations.filter(({ type }) => type === 'skip').map(({ description }) => description)
  return [...own, ...suites.flatMap(skipReasons)]
}

/** Playwright's own browser where it can be downloaded, else Debian's package where we may install it. */
function installChromium() {
  console.log('No Chromium or Chrome found; installing one …')
  const attempt = (command, parameters, seconds) =>
    spawnSync(command, parameters, {
      cwd: root,
      stdio: inherited,
      timeout: seconds * 1000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  attempt(process.execPath, [join(root, 'node_modules/@playwright/test/cli.js'), 'install', 'chromium'], 180)
  const installed = findChromium()
  if (installed || process.getuid?.() !== 0) return installed
  attempt('apt-get', ['update'], 120)
  attempt('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium', 'fonts-liberation'], 300)
  return findChromium()
}

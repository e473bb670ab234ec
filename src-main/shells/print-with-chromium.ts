import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CausewayError } from '../../src-shared/contract/errors'

/** Names on the PATH, the most open browser first. */
const commands = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
]

const windowsFolders = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
const places: Partial<Record<NodeJS.Platform, (environment: NodeJS.ProcessEnv) => string[]>> = {
  darwin: () => [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: (environment) =>
    windowsFolders
      .flatMap((name) => environment[name] ?? [])
      .flatMap((folder) => [
        join(folder, 'Chromium', 'Application', 'chrome.exe'),
        join(folder, 'Google', 'Chrome', 'Application', 'chrome.exe'),
        join(folder, 'Microsoft', 'Edge', 'Application', 'msedge.exe'),
      ]),
}

/** Where a browser that can print may lie, in the order in which they are tried; `CAUSEWAY_CHROMIUM` is the only one where it is set. */
export function chromiumCandidates(
  platform: NodeJS.Platform = process.platform,
  environment: NodeJS.ProcessEnv = process.env,
): string[] {
  const chosen = environment.CAUSEWAY_CHROMIUM
  if (chosen) return [chosen]
  const onPath =
    platform === 'win32'
      ? []
      : (environment.PATH ?? '')
          .split(delimiter)
          .filter((folder) => folder !== '')
          .flatMap((folder) => commands.map((name) => join(folder, name)))
  return [...onPath, ...(places[platform]?.(environment) ?? [])].filter((path) => existsSync(path))
}

const install =
  'Install Chromium, Google Chrome or Microsoft Edge, or name one that is installed in the environment variable CAUSEWAY_CHROMIUM. The HTML report prints from any browser too.'

/** Longer than any report takes, on a machine that is busy with trainings. */
const limitMilliseconds = 120_000

/**
 * Prints an HTML page as a PDF with a Chromium that is installed on the machine: in a profile of its own that is removed afterwards, without
 * the network.
 * @throws CausewayError `notAvailable` where there is none, or it does not print
 */
export async function printWithChromium(html: string): Promise<Uint8Array> {
  const candidates = chromiumCandidates()
  if (candidates.length === 0)
    throw new CausewayError('notAvailable', `A PDF is printed by a browser, and none was found. ${install}`)
  const failures: string[] = []
  for (const program of candidates) {
    const directory = await mkdtemp(join(tmpdir(), 'causeway-print-'))
    try {
      return await printWith(program, html, directory)
    } catch (thrown) {
      // A command of this name may only say how to install the browser: the next one may be real.
      failures.push(`${program}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    } finally {
      // The browser's last processes may still be closing their files.
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    }
  }
  throw new CausewayError('notAvailable', `No browser on this machine printed the PDF. ${install}`, { failures })
}

async function printWith(program: string, html: string, directory: string): Promise<Uint8Array> {
  const page = join(directory, 'report.html')
  const pdf = join(directory, 'report.pdf')
  await writeFile(page, html)
  await runBrowser(program, printArguments({ profile: join(directory, 'profile'), pdf, page }))
  const bytes = await readFile(pdf)
  if (bytes.subarray(0, 5).toString('latin1') !== '%PDF-') throw new Error('What it wrote is no PDF.')
  return new Uint8Array(bytes)
}

const printArguments = ({ profile, pdf, page }: { profile: string; pdf: string; page: string }): string[] => [
  '--headless',
  '--disable-gpu',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-extensions',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-breakpad',
  // The page loads nothing; nor shall the browser.
  '--host-resolver-rules=MAP * ~NOTFOUND',
  '--disable-quic',
  '--disable-dev-shm-usage',
  // Chromium refuses to sandbox what root starts, as in a container. The page runs no script and loads nothing.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  `--user-data-dir=${profile}`,
  '--no-pdf-header-footer',
  '--generate-pdf-document-outline',
  `--print-to-pdf=${pdf}`,
  pathToFileURL(page).href,
]

/** Runs the browser to its end; killed, with all that it started, where it does not come to one. */
function runBrowser(program: string, parameters: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that what it started can be ended with it.
    const child = spawn(program, parameters, {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2000)))
    let late = false
    const timer = setTimeout(() => {
      late = true
      if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL')
      else child.kill('SIGKILL')
    }, limitMilliseconds)
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (late) reject(new Error(`It did not end within ${limitMilliseconds / 1000} s.`))
      else if (code === 0) resolve()
      else reject(new Error(`It ended with ${code ?? signal}. ${stderr.trim().split('\n').at(-1) ?? ''}`))
    })
  })
}

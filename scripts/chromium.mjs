import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from '@playwright/test'

const commands = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge']
const places = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA']
    .filter((name) => process.env[name])
    .flatMap((name) => [
      join(process.env[name], 'Google/Chrome/Application/chrome.exe'),
      join(process.env[name], 'Microsoft/Edge/Application/msedge.exe'),
    ]),
}

/** The path of a Chromium or Chrome that runs: `CHROMIUM`, the system's, Playwright's own; null when there is none. */
export function findChromium() {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => commands.map((name) => join(folder, name)))
  const candidates = [
    process.env.CHROMIUM,
    ...(process.platform === 'win32' ? [] : onPath),
    ...(places[process.platform] ?? []),
    chromium.executablePath(),
  ]
  return candidates.find((path) => path && existsSync(path) && runs(path)) ?? null
}

/** Some systems ship a command of this name that only says how to install the browser. */
function runs(path) {
  // On Windows --version opens a window instead of printing.
  if (process.platform === 'win32') return true
  return spawnSync(path, ['--version'], { timeout: 20_000, stdio: 'ignore' }).status === 0
}

/** Arguments that every test starts the browser with: no sandbox inside a container, no talk with the outside. */
export const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

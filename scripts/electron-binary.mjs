import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)
const downloadSeconds = 90

/** The path of Electron's binary, fetched if it can be within a short time; null when it cannot be had. */
export function electronBinary() {
  const present = installedElectron()
  if (present) return present
  const installer = join(packageDirectory(), 'install.js')
  if (!existsSync(installer)) return null
  console.log(`Fetching Electron, for at most ${downloadSeconds} s …`)
  spawnSync(process.execPath, [installer], { timeout: downloadSeconds * 1000, stdio: 'ignore' })
  return installedElectron()
}

/** The path of Electron's binary where it lies in node_modules; null where it does not. */
export function installedElectron() {
  const pathFile = join(packageDirectory(), 'path.txt')
  if (!existsSync(pathFile)) return null
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(packageDirectory(), 'dist')
  const binary = join(folder, readFileSync(pathFile, 'utf8').trim())
  return existsSync(binary) ? binary : null
}

const packageDirectory = () => dirname(require.resolve('electron/package.json'))

/** Why no window can be opened on this machine; null when one can. */
export function noDisplayReason() {
  const headless = process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY
  return headless ? 'There is no display' : null
}

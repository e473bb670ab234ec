import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { electronBinary, noDisplayReason } from './electron-binary.mjs'
import { ensureBuilt } from './ensure-built.mjs'

const root = resolve(import.meta.dirname, '..')
const graceSeconds = 10

try {
  ensureBuilt()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

const noDisplay = noDisplayReason()
const electron = noDisplay ? null : electronBinary()
if (electron) openElectron(electron)
else serveBrowser(noDisplay ?? "Electron's binary is absent and could not be fetched")

function openElectron(binary) {
  const startedAt = Date.now()
  const app = spawn(binary, ['.'], { cwd: root, stdio: 'inherit' })
  app.on('error', (error) => serveBrowser(`Electron did not start (${error.message})`))
  app.on('exit', (code, signal) => {
    const early = Date.now() - startedAt < graceSeconds * 1000
    // A binary that ends at once lacks a system library or may not run here (as root, in a container).
    if (code !== 0 && early) serveBrowser(`Electron ended at once (${signal ?? `exit code ${code}`})`)
    else process.exit(code ?? 1)
  })
}

function serveBrowser(reason) {
  console.log(`${reason}: serving the workbench to a browser on this machine instead.`)
  const web = spawn(process.execPath, ['out/main/web.js'], { cwd: root, stdio: ['inherit', 'pipe', 'inherit'] })
  createInterface({ input: web.stdout }).on('line', (line) => {
    console.log(line)
    const address = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(line)?.[0]
    if (address) openBrowser(address)
  })
  // The terminal sends its interrupt to both; this process waits until the workspace has been closed.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => web.kill(signal))
  web.on('exit', (code) => process.exit(code ?? 1))
}

function openBrowser(address) {
  if (process.env.CI || noDisplayReason()) return
  const [command, ...before] = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[
    process.platform
  ] ?? ['xdg-open']
  const browser = spawn(command, [...before, address], { detached: true, stdio: 'ignore' })
  browser.on('error', () => console.log('Open this address in a browser.'))
  browser.unref()
}

import { join } from 'node:path'
import { app, BrowserWindow, dialog, session } from 'electron'
import { CausewayError, errorHelp } from '../src-shared/contract/errors'
import { createServices } from './api/create-services'
import { FileRegistry } from './api/file-registry'
import { entriesIn } from './jobs/process-host'
import { pickFiles } from './shells/electron/dialogs'
import { lockPages, lockSession } from './shells/electron/lockdown'
import { setMenu } from './shells/electron/menu'
import { appUrl, createOriginCheck } from './shells/electron/origin'
import { registerAppScheme, servePage } from './shells/electron/page-protocol'
import { printPdf } from './shells/electron/print-pdf'
import { servePorts } from './shells/electron/ports'
import { openWindow } from './shells/electron/window'
import { defaultWorkspace, openWorkspace } from './storage/workspace'

// electron-vite names its development server here; a packaged app loads nothing but its own files.
const developmentUrl = app.isPackaged ? undefined : process.env.ELECTRON_RENDERER_URL
const isOurs = createOriginCheck(developmentUrl)

async function start(): Promise<void> {
  const files = new FileRegistry()
  const services = createServices({
    workspace: openWorkspace(defaultWorkspace(), 'write'),
    entries: entriesIn(import.meta.dirname),
    shell: 'electron',
    files,
    pickFiles: () => pickFiles(files),
    printPdf,
  })
  let closed = false
  app.on('will-quit', (event) => {
    if (closed) return
    event.preventDefault()
    void services.close().finally(() => {
      closed = true
      app.quit()
    })
  })
  lockSession(session.defaultSession, isOurs)
  servePage(join(import.meta.dirname, '../renderer'))
  servePorts(services, isOurs)
  setMenu()
  openWindow({
    url: developmentUrl ?? appUrl,
    preload: join(import.meta.dirname, '../preload/preload.cjs'),
    stateFile: join(app.getPath('userData'), 'window.json'),
  })
}

if (app.requestSingleInstanceLock()) {
  registerAppScheme()
  lockPages(isOurs)
  app.on('second-instance', () => {
    const [window] = BrowserWindow.getAllWindows()
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  // Not awaited at the top level: Electron becomes ready only after this module has been evaluated.
  app
    .whenReady()
    .then(start)
    .catch((thrown: unknown) => {
      const error = CausewayError.from(thrown)
      dialog.showErrorBox(error.message, errorHelp[error.code])
      app.exit(1)
    })
} else {
  app.quit()
}

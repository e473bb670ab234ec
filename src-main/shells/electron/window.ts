import { BrowserWindow, dialog, nativeTheme } from 'electron'
import { keepWindowState, readWindowState } from './window-state'

/** Opens the workbench's window: a page without any access to Node, whose only way out is the preload's port. */
export function openWindow(options: { url: string; preload: string; stateFile: string }): BrowserWindow {
  const state = readWindowState(options.stateFile)
  const window = new BrowserWindow({
    title: 'Causeway',
    width: state?.width ?? 1280,
    height: state?.height ?? 800,
    ...(state ? { x: state.x, y: state.y } : {}),
    minWidth: 960,
    minHeight: 600,
    show: false,
    // What shows before the first paint; the page's own background in either theme.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload: options.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
    },
  })
  keepWindowState(window, options.stateFile)
  window.once('ready-to-show', () => {
    if (state?.maximized) window.maximize()
    window.show()
  })
  window.webContents.on('render-process-gone', (_, { reason }) => {
    if (reason !== 'clean-exit') void offerReload(window, reason)
  })
  void window.loadURL(options.url)
  return window
}

async function offerReload(window: BrowserWindow, reason: string): Promise<void> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    message: 'The window stopped working. Trainings go on.',
    detail: `Reason: ${reason}`,
    buttons: ['Reload the window', 'Quit'],
    defaultId: 0,
    cancelId: 0,
  })
  if (response === 0) window.webContents.reload()
  else window.close()
}

import { EventEmitter } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

// The stand-in for the electron module. It runs in the app's main process and speaks with the test over Node's IPC:
// `report` tells what happened, `calls` is what the test may do to the app.

const report = (message) => process.send(message)
/** What the app did, for the test to ask about. */
const seen = { schemes: [], errorBoxes: [], externalUrls: [], menu: null, focused: 0, fileDialogs: 0 }
/** What the user answers in the next dialog. */
let chosenFiles = null

/** An event that a listener may prevent. */
function cancellable(properties = {}) {
  const event = { ...properties, defaultPrevented: false, preventDefault: () => void (event.defaultPrevented = true) }
  return event
}

class App extends EventEmitter {
  isPackaged = false
  #quitting = false

  requestSingleInstanceLock = () => process.env.STAND_IN_SECOND_INSTANCE === undefined
  getPath = () => process.env.STAND_IN_USER_DATA
  whenReady = () => ready

  quit() {
    if (this.#quitting) return
    this.#quitting = true
    for (const window of [...windows]) window.close()
    const event = cancellable()
    this.emit('will-quit', event)
    this.#quitting = false
    if (!event.defaultPrevented) this.exit(0)
  }

  exit(code) {
    report({ type: 'exit', code })
    // Electron ends without waiting for anything; the report above must only have left.
    setImmediate(() => process.exit(code))
  }
}
export const app = new App()
// Electron becomes ready only after the entry module has been evaluated.
const ready = new Promise((resolve) => setTimeout(resolve, 20))

class Frame {
  constructor(contents, url, parent, document) {
    Object.assign(this, { contents, url, parent, document })
  }

  postMessage(channel, message, ports = []) {
    const { contents, document } = this
    report({ type: 'postMessage', window: contents.id, document, channel, message, ports: ports.map(({ id }) => id) })
  }
}

class WebContents extends EventEmitter {
  windowOpenHandler = null

  constructor(id) {
    super()
    this.id = id
  }

  setWindowOpenHandler(handler) {
    this.windowOpenHandler = handler
  }

  reload() {
    report({ type: 'reload', window: this.id })
  }

  /** The page itself behind the mark of a PDF, so that a test sees what would have been printed. */
  async printToPDF(options) {
    const page = fileURLToPath(this.url)
    report({ type: 'printed', page, options })
    return Buffer.from(`%PDF-${await readFile(page, 'utf8')}`)
  }
}

const windows = new Set()
export class BrowserWindow extends EventEmitter {
  static getAllWindows = () => [...windows]
  static getFocusedWindow = () => [...windows][0] ?? null
  static fromWebContents = (contents) => [...windows].find((window) => window.webContents === contents) ?? null

  constructor(options) {
    super()
    this.options = options
    this.webContents = new WebContents(windows.size + 1)
    windows.add(this)
    app.emit('web-contents-created', {}, this.webContents)
  }

  async loadURL(url) {
    this.webContents.url = url
    report({ type: 'window', window: this.webContents.id, url, options: this.options })
  }

  show() {}
  maximize() {}
  isMaximized = () => false
  isMinimized = () => false
  restore() {}
  getNormalBounds = () => ({ x: 10, y: 20, width: 1000, height: 700 })
  focus() {
    seen.focused++
  }

  close() {
    if (!windows.has(this)) return
    this.emit('close', cancellable())
    for (const port of ports.values()) port.end()
    this.destroy()
  }

  /** Ends it without asking its page. */
  destroy() {
    if (!windows.delete(this)) return
    this.emit('closed')
    report({ type: 'closed', window: this.webContents.id })
    if (windows.size === 0) app.emit('window-all-closed')
  }
}

const ports = new Map()
class MessagePortMain extends EventEmitter {
  #started = false
  #waiting = []
  #closed = false

  constructor(id) {
    super()
    this.id = id
  }

  postMessage(message) {
    // A real port clones, and throws what cannot be cloned at the sender.
    if (!this.#closed) report({ type: 'port', port: this.id, message: structuredClone(message) })
  }

  start() {
    this.#started = true
    for (const message of this.#waiting.splice(0)) this.emit('message', { data: message, ports: [] })
  }

  receive(message) {
    if (this.#started) this.emit('message', { data: message, ports: [] })
    else this.#waiting.push(message)
  }

  close() {
    report({ type: 'portClosed', port: this.id })
    this.end()
  }

  end() {
    if (this.#closed) return
    this.#closed = true
    ports.delete(this.id)
    this.emit('close')
  }
}

let channels = 0
export class MessageChannelMain {
  constructor() {
    const id = ++channels
    this.port1 = new MessagePortMain(id)
    // The half that goes to the page is only its number here: the page has the real one.
    this.port2 = { id }
    ports.set(id, this.port1)
  }
}

export const ipcMain = new EventEmitter()
export const nativeTheme = { shouldUseDarkColors: false }
export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] }
export const shell = { openExternal: async (url) => void seen.externalUrls.push(url) }

const handlers = new Map()
export const protocol = {
  registerSchemesAsPrivileged: (schemes) => void seen.schemes.push(...schemes),
  handle: (scheme, handler) => void handlers.set(scheme, handler),
}

class Session extends EventEmitter {
  setPermissionRequestHandler(handler) {
    this.permissionRequest = handler
  }
  setPermissionCheckHandler(handler) {
    this.permissionCheck = handler
  }
  setDevicePermissionHandler(handler) {
    this.devicePermission = handler
  }
}
export const session = { defaultSession: new Session() }

export const Menu = {
  buildFromTemplate: (template) => template,
  setApplicationMenu: (template) => void (seen.menu = template),
}

export const dialog = {
  async showOpenDialog() {
    seen.fileDialogs++
    return { canceled: chosenFiles === null, filePaths: chosenFiles ?? [] }
  },
  async showMessageBox() {
    return { response: 0, checkboxChecked: false }
  },
  showErrorBox(title, content) {
    seen.errorBoxes.push({ title, content })
    report({ type: 'errorBox', title, content })
  },
}

const contentsOf = (id) => BrowserWindow.getAllWindows().find((window) => window.webContents.id === id)?.webContents

/** What the test does to the app, in the place of user, page and system. */
const calls = {
  seen: () => seen,
  choose: (files) => void (chosenFiles = files),
  ipc({ window, url, isMainFrame, document, channel, parameters }) {
    const contents = contentsOf(window) ?? new WebContents(window)
    const senderFrame = new Frame(contents, url, isMainFrame ? null : new Frame(contents, url, null), document)
    ipcMain.emit(channel, { sender: contents, senderFrame, ports: [] }, ...parameters)
  },
  port: ({ port, message }) => ports.get(port)?.receive(message),
  portClosed: ({ port }) => ports.get(port)?.end(),
  async request({ url, method }) {
    const handler = handlers.get(new URL(url).protocol.slice(0, -1))
    const response = await handler(new Request(url, { method }))
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: new Uint8Array(await response.arrayBuffer()),
    }
  },
  /** Whether the app prevents this event of the page. */
  prevents({ window, event, details }) {
    const object = cancellable(details)
    contentsOf(window).emit(event, object)
    return object.defaultPrevented
  },
  windowOpen: ({ window, url }) => contentsOf(window).windowOpenHandler({ url }),
  permissionRequest: (permission) =>
    new Promise((resolve) => session.defaultSession.permissionRequest(null, permission, resolve, {})),
  permissionCheck: (permission) => session.defaultSession.permissionCheck(null, permission, '', {}),
  devicePermission: (deviceType) => session.defaultSession.devicePermission({ deviceType }),
  preventsDownload(url) {
    const event = cancellable()
    session.defaultSession.emit('will-download', event, { getURL: () => url })
    return event.defaultPrevented
  },
  secondInstance: () => void app.emit('second-instance', {}, [], ''),
  closeWindow: ({ window }) => BrowserWindow.fromWebContents(contentsOf(window)).close(),
}

process.on('message', async ({ call, name, parameter }) => {
  try {
    report({ type: 'answer', call, value: await calls[name](parameter) })
  } catch (error) {
    report({ type: 'answer', call, error: String(error?.stack ?? error) })
  }
})
// The app never outlives the test that started it.
process.on('disconnect', () => process.exit(1))

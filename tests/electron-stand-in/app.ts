import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page, Route } from '@playwright/test'
import type { BrowserWindowConstructorOptions, PrintToPDFOptions } from 'electron'
import { preloadHost } from './preload-host'

const root = resolve(import.meta.dirname, '../..')
const mainBundle = join(root, 'out/main/index.js')

/** Chromium knows no `app:` scheme; its pages see this origin in its place. */
export const pageOrigin = 'https://causeway.app.test'
const appOrigin = 'app://causeway'
const toApp = (url: string): string => (url.startsWith(pageOrigin) ? appOrigin + url.slice(pageOrigin.length) : url)
const toPage = (url: string): string => (url.startsWith(appOrigin) ? pageOrigin + url.slice(appOrigin.length) : url)

type Report =
  | { type: 'answer'; call: number; value?: unknown; error?: string }
  | { type: 'window'; window: number; url: string; options: BrowserWindowConstructorOptions }
  | { type: 'postMessage'; window: number; channel: string; message: unknown; ports: number[]; document: string }
  | { type: 'port'; port: number; message: unknown }
  | { type: 'portClosed'; port: number }
  | { type: 'printed'; page: string; options: PrintToPDFOptions }
  | { type: 'closed'; window: number }
  | { type: 'errorBox'; title: string; content: string }
  | { type: 'exit'; code: number }

interface Seen {
  schemes: { scheme: string; privileges: Record<string, boolean> }[]
  errorBoxes: { title: string; content: string }[]
  externalUrls: string[]
  menu: { label?: string; role?: string }[] | null
  focused: number
  fileDialogs: number
}

/** The built app, running against the stand-in. */
export class StandInApp {
  readonly reports: Report[] = []
  readonly exited: Promise<number | null>
  stderr = ''
  private readonly waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  private readonly followers = new Set<() => void>()
  private calls = 0
  private ended = false

  private constructor(private readonly process: ChildProcess) {
    process.on('message', (report: Report) => this.receive(report))
    process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.exited = once(process, 'exit').then(([code]) => code as number | null)
    void this.exited.then(() => {
      this.ended = true
      for (const { reject } of this.waiting.values()) reject(this.endedError())
      this.waiting.clear()
    })
  }

  /** @param environment CAUSEWAY_WORKSPACE and STAND_IN_USER_DATA at least */
  static start(environment: Record<string, string>): StandInApp {
    if (!existsSync(mainBundle)) throw new Error('These tests are about the built app: run `npm run build` first.')
    const register = pathToFileURL(join(import.meta.dirname, 'register.mjs')).href
    return new StandInApp(
      fork(mainBundle, [], {
        cwd: root,
        execArgv: ['--import', register],
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, ELECTRON_RENDERER_URL: undefined, ...environment },
      }),
    )
  }

  private receive(report: Report): void {
    if (report.type === 'answer') {
      const waiting = this.waiting.get(report.call)
      this.waiting.delete(report.call)
      if (report.error) waiting?.reject(new Error(report.error))
      else waiting?.resolve(report.value as never)
      return
    }
    this.reports.push(report)
    for (const follower of this.followers) follower()
  }

  /** Does something to the app in the place of user, page or system; see `calls` in electron.mjs. */
  call<T = void>(name: string, parameter?: unknown): Promise<T> {
    const call = ++this.calls
    // Its end of the channel may stay open for a moment after the process has gone.
    if (this.ended || !this.process.connected) return Promise.reject(this.endedError())
    return new Promise((resolve, reject) => {
      this.waiting.set(call, { resolve, reject })
      // Without a callback, a channel that breaks before the message is written is an error that nobody catches.
      this.process.send({ call, name, parameter }, (error) => {
        if (!error) return
        this.waiting.delete(call)
        reject(this.endedError())
      })
    })
  }

  private endedError(): Error {
    return new Error(`The app has ended.\n${this.stderr}`)
  }

  seen(): Promise<Seen> {
    return this.call<Seen>('seen')
  }

  /** The first report of a type, as soon as there is one. */
  async report<T extends Report['type']>(type: T): Promise<Extract<Report, { type: T }>> {
    const find = () => this.reports.find((report): report is Extract<Report, { type: T }> => report.type === type)
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find()
        if (!found) return
        this.followers.delete(look)
        resolve(found)
      }
      this.followers.add(look)
      look()
      void this.exited.then(() => (find() ? look() : reject(new Error(`No ${type} before the end.\n${this.stderr}`))))
    })
  }

  /**
   * Shows the window the app has opened as a page of `browser`.
   * @param path another file of the app than the one it asked for
   */
  async open(browser: Browser, path?: string): Promise<ShownWindow> {
    const window = await this.report('window')
    return ShownWindow.show(this, path ? { ...window, url: appOrigin + path } : window, browser)
  }

  /** Calls `listener` with what main sends from now on, in order. */
  follow(listener: (report: Report) => void): void {
    let next = this.reports.length
    const look = () => {
      while (next < this.reports.length) listener(this.reports[next++]!)
    }
    this.followers.add(look)
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exited
  }
}

/** A window of the app as a page of Chromium. */
export class ShownWindow {
  /** What the page said on its console that a clean page does not. */
  readonly complaints: string[] = []
  /** Requests to anywhere but the app. */
  readonly outside: string[] = []
  readonly refusedNavigations: string[] = []
  readonly refusedWindows: string[] = []

  private constructor(
    readonly app: StandInApp,
    readonly id: number,
    readonly options: BrowserWindowConstructorOptions,
    readonly page: Page,
  ) {}

  static async show(
    app: StandInApp,
    window: { window: number; url: string; options: BrowserWindowConstructorOptions },
    browser: Browser,
  ): Promise<ShownWindow> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    const page = await context.newPage()
    const shown = new ShownWindow(app, window.window, window.options, page)
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) shown.complaints.push(message.text())
    })
    page.on('pageerror', (error) => shown.complaints.push(String(error)))
    await page.exposeBinding(
      'standInPost',
      (source, message: { type: 'ipc' | 'port'; url: string } & Record<string, unknown>) =>
        message.type === 'port'
          ? app.call('port', message)
          : app.call('ipc', {
              ...message,
              url: toApp(message.url),
              isMainFrame: source.frame === page.mainFrame(),
              window: shown.id,
            }),
    )
    await page.addInitScript(preloadHost(readFileSync(String(window.options.webPreferences?.preload), 'utf8')))
    // An app that was ended answers nothing any more.
    await context.route('**/*', (route) => shown.answer(route).catch(() => route.abort().catch(() => undefined)))
    context.on('page', (opened) => void shown.refuseWindow(opened).catch(() => undefined))
    shown.passOn()
    await page.goto(toPage(window.url))
    return shown
  }

  private passOn(): void {
    let last: Promise<unknown> = Promise.resolve()
    const enqueue = (work: () => Promise<unknown>) => {
      // A page that is being left takes no messages any more.
      last = last.then(work).catch(() => undefined)
    }
    const receive = (name: string, values: unknown[]) =>
      enqueue(() =>
        this.page.evaluate(
          ([key, given]) => {
            const { standInReceive } = window as unknown as Record<
              'standInReceive',
              Record<string, (...values: unknown[]) => void>
            >
            standInReceive[key]!(...given)
          },
          [name, values] as const,
        ),
      )
    this.app.follow((report) => {
      if (report.type === 'postMessage')
        receive('postMessage', [report.document, report.channel, report.message, report.ports])
      if (report.type === 'port') receive('port', [report.port, report.message])
      if (report.type === 'portClosed') receive('portClosed', [report.port])
    })
  }

  private async answer(route: Route): Promise<void> {
    const request = route.request()
    const url = request.url()
    if (request.isNavigationRequest() && this.page.url() !== 'about:blank') {
      const details = { url: toApp(url), isMainFrame: request.frame() === this.page.mainFrame() }
      const prevented = await this.app.call<boolean>('prevents', {
        window: this.id,
        event: 'will-frame-navigate',
        details,
      })
      if (prevented) {
        this.refusedNavigations.push(url)
        // As a prevented navigation in Electron: the page stays. Any other code would put an error page in its place.
        return route.abort('aborted')
      }
    }
    if (!url.startsWith(pageOrigin)) {
      this.outside.push(url)
      return route.fulfill({ status: 200, contentType: 'text/html', body: 'A page of somebody else' })
    }
    const response = await this.app.call<{ status: number; headers: Record<string, string>; body: Uint8Array }>(
      'request',
      { url: toApp(url), method: request.method() },
    )
    return route.fulfill({ status: response.status, headers: response.headers, body: Buffer.from(response.body) })
  }

  private async refuseWindow(opened: Page): Promise<void> {
    const url = opened.url()
    const { action } = await this.app.call<{ action: 'allow' | 'deny' }>('windowOpen', { window: this.id, url })
    if (action === 'deny') {
      this.refusedWindows.push(url)
      await opened.close()
    }
  }
}

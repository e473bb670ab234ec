import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { chromium, type Browser, type Page } from '@playwright/test'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Analyst } from '../../e2e/actions/analyst'
import { chromiumArguments, findChromium } from '../../scripts/chromium.mjs'
import { pageOrigin, StandInApp } from '../electron-stand-in/app'

// The built main and preload bundles, against a stand-in for Electron (see tests/electron-stand-in/README.md), with
// Chromium as the window.

const root = resolve(import.meta.dirname, '../..')
const executablePath = process.env.CHROMIUM ?? findChromium()
let browser: Browser
let directory: string
let workspace: string
let app: StandInApp

beforeAll(async () => {
  browser = await chromium.launch({ ...(executablePath ? { executablePath } : {}), args: chromiumArguments })
})
afterAll(() => browser?.close())

async function startAnew(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'causeway-electron-'))
  workspace = join(directory, 'workspace')
  app = start()
}
async function end(): Promise<void> {
  await app.kill()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}
const start = (extra: Record<string, string> = {}): StandInApp =>
  StandInApp.start({ CAUSEWAY_WORKSPACE: workspace, STAND_IN_USER_DATA: directory, ...extra })

afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
})

interface Reply {
  t: 's'
  i: string
  r: { ok: boolean; value: unknown; error?: { code: string; message: string } }
}
interface PageWindow {
  causeway: Record<'post' | 'on', (value: unknown) => void> & Record<string, unknown>
  messages: unknown[]
  standInExposed: string[]
  standInClosedPorts?: number[]
}

/** A page of the app's origin without the workbench in it, so that a test has the port for itself. */
const barePath = '/icon.svg'
async function openBarePage(): Promise<Page> {
  const { page } = await app.open(browser, barePath)
  await listen(page)
  return page
}

async function listen(page: Page): Promise<void> {
  await page.evaluate(() => {
    const page = window as unknown as PageWindow
    page.messages = []
    page.causeway.on((message: unknown) => page.messages.push(message))
  })
}

const portsGiven = (): number => app.reports.filter((report) => report.type === 'postMessage').length

/** Asks for a port as a frame of the given address would. */
const connectFrom = (frame: { window: number; url: string; isMainFrame: boolean }): Promise<void> =>
  app.call('ipc', { ...frame, channel: 'causeway:connect', parameters: [] })

async function ask(page: Page, name: string, input: unknown = {}): Promise<Reply['r']> {
  const id = Math.floor(performance.now() * 1000).toString(36)
  await page.evaluate(
    ([request, parameters, key]) =>
      (window as unknown as PageWindow).causeway.post({ t: 'q', m: 'request', a: [request, parameters], i: key }),
    [name, input, id] as const,
  )
  const answer = await page.waitForFunction(
    (key) => (window as unknown as PageWindow).messages.find((message) => (message as Reply).i === key),
    id,
  )
  return ((await answer.jsonValue()) as Reply).r
}

describe('a running app', () => {
  beforeAll(startAnew)
  afterAll(end)

  describe('the window', () => {
    it('gives its page no access to Node and nothing that weakens the sandbox', async () => {
      const { options, url } = await app.report('window')
      expect(url).toBe('app://causeway/')
      expect(options.webPreferences).toEqual({
        preload: join(root, 'out/preload/preload.cjs'),
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
      })
      expect(options.show).toBe(false)
    })

    it('shows the workbench, under its policy, without a complaint', async () => {
      const window = await app.open(browser)
      await window.page.waitForFunction(() => (document.querySelector('#app')?.childElementCount ?? 0) > 0)
      await window.page.waitForLoadState('networkidle')
      // The workspace's name comes from main: what is shown has passed the port.
      await window.page.getByText(basename(workspace)).first().waitFor()
      expect(window.complaints).toEqual([])
      expect(window.outside).toEqual([])
    })

    it('has a scheme of its own that keeps every rule of the web', async () => {
      await app.report('window')
      const { schemes } = await app.seen()
      expect(schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }])
    })

    it('offers no developer tools command outside the View menu, and no menu item that loads anything', async () => {
      await app.report('window')
      const { menu } = await app.seen()
      expect(menu?.map(({ label, role }) => label ?? role)).toEqual(
        process.platform === 'darwin'
          ? ['appMenu', 'File', 'editMenu', 'View', 'windowMenu']
          : ['File', 'editMenu', 'View', 'windowMenu'],
      )
    })
  })

  describe('the preload', () => {
    it('exposes exactly one object with exactly these keys', async () => {
      const window = await app.open(browser, barePath)
      const exposed = await window.page.evaluate(() => {
        const page = window as unknown as PageWindow
        return {
          names: page.standInExposed,
          keys: Object.keys(page.causeway).sort(),
          shell: page.causeway.shell,
          node: ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in window),
        }
      })
      expect(exposed).toEqual({ names: ['causeway'], keys: ['on', 'post', 'shell'], shell: 'electron', node: [] })
    })
  })

  describe('the port', () => {
    it('carries a request to the services and its answer back', async () => {
      const page = await openBarePage()
      expect(await ask(page, 'workspace:info')).toMatchObject({
        ok: true,
        value: { path: workspace, shell: 'electron', readOnly: false },
      })
    })

    it('carries events: a job that was started reports that it changed', async () => {
      const page = await openBarePage()
      expect(await ask(page, 'data:demo')).toMatchObject({ ok: true, value: { kind: 'import' } })
      const changed = await page.waitForFunction(() =>
        (window as unknown as PageWindow).messages.find(
          (message) => (message as { a?: unknown[] }).a?.[0] === 'job:changed',
        ),
      )
      expect(await changed.jsonValue()).toMatchObject({ t: 'q', m: 'event' })
    })

    it('is another one after a reload; the former is closed', async () => {
      const given = () => app.reports.filter((report) => report.type === 'postMessage')
      const page = await openBarePage()
      expect(await ask(page, 'jobs:list')).toMatchObject({ ok: true })
      const former = given().at(-1)!.ports[0]!
      await page.reload()
      await listen(page)
      expect(await ask(page, 'jobs:list')).toMatchObject({ ok: true })
      expect(given().at(-1)!.ports[0]).toBeGreaterThan(former)
      expect(app.reports).toContainEqual({ type: 'portClosed', port: former })
    })

    // Attack: a page asks for what is not in the contract.
    it.each(['files:read', 'constructor', '__proto__'])('answers the request %s with an error', async (name) => {
      const page = await openBarePage()
      expect(await ask(page, name)).toMatchObject({ ok: false, error: { code: 'badRequest' } })
    })

    // Attack: a page speaks past the contract to whatever lies behind the port.
    it.each([
      ['another function', { t: 'q', m: 'constructor', a: ['x', {}], i: '1' }],
      ['an answer nobody asked for', { t: 's', i: '1', r: 1 }],
      ['no object', null],
    ])('is closed on %s', async (_, message) => {
      const page = await openBarePage()
      await page.evaluate((sent) => (window as unknown as PageWindow).causeway.post(sent), message)
      await page.waitForFunction(() => (window as unknown as PageWindow).standInClosedPorts?.length === 1)
    })

    // Attack: another origin, a frame inside our page, or a page of no window of ours asks for a port.
    it.each([
      ['a foreign origin', { url: 'https://evil.example/', isMainFrame: true }],
      ['a host that looks like ours', { url: 'app://causeway.evil.example/', isMainFrame: true }],
      ['another scheme', { url: 'file:///app://causeway/', isMainFrame: true }],
      ['an address that is none', { url: '', isMainFrame: true }],
      ['a frame in our page', { url: 'app://causeway/', isMainFrame: false }],
    ])('is not given to %s', async (_, frame) => {
      const { window } = await app.report('window')
      const before = portsGiven()
      await connectFrom({ window, ...frame })
      expect(portsGiven()).toBe(before)
    })

    it('is not given to a page that is in no window of ours', async () => {
      const before = portsGiven()
      await connectFrom({ window: 99, url: 'app://causeway/', isMainFrame: true })
      expect(portsGiven()).toBe(before)
    })

    it('is given to our own page that asks the same way', async () => {
      const { window } = await app.report('window')
      const before = portsGiven()
      await connectFrom({ window, url: 'app://causeway/', isMainFrame: true })
      expect(portsGiven()).toBe(before + 1)
    })
  })

  describe('what the page may not do', () => {
    // Attack: injected content sends the window to another site, which would then hold the preload's pipe.
    it('navigate', async () => {
      const window = await app.open(browser, barePath)
      await window.page.evaluate(() => void (location.href = 'https://evil.example/'))
      await expect.poll(() => window.refusedNavigations).toEqual(['https://evil.example/'])
      expect(window.page.url().startsWith(pageOrigin)).toBe(true)
      expect(window.outside).toEqual([])
    })

    it.each(['https://evil.example/', 'file:///etc/passwd', 'data:text/html,x', 'app://other/', 'http://127.0.0.1:1/'])(
      'navigate to %s, by itself, by redirect or in a frame',
      async (url) => {
        const { window } = await app.report('window')
        const prevented = (event: string, details: object) => app.call('prevents', { window, event, details })
        expect(await prevented('will-frame-navigate', { url, isMainFrame: true })).toBe(true)
        expect(await prevented('will-frame-navigate', { url, isMainFrame: false })).toBe(true)
        expect(await prevented('will-redirect', { url })).toBe(true)
      },
    )

    it('embed a view or a frame', async () => {
      const { window } = await app.report('window')
      expect(await app.call('prevents', { window, event: 'will-attach-webview', details: {} })).toBe(true)
      const own = { url: 'app://causeway/', isMainFrame: false }
      expect(await app.call('prevents', { window, event: 'will-frame-navigate', details: own })).toBe(true)
    })

    it('open a window', async () => {
      const window = await app.open(browser, barePath)
      await window.page.evaluate(() => void globalThis.open('https://evil.example/'))
      await expect.poll(() => window.refusedWindows).toHaveLength(1)
      await expect.poll(() => window.page.context().pages()).toHaveLength(1)
      expect((await app.seen()).externalUrls).toEqual([])
    })

    // Attack: a link hands the system something to run.
    it('open anything outside but the paper of a method', async () => {
      const { window } = await app.report('window')
      const open = (url: string) => app.call('windowOpen', { window, url })
      for (const url of [
        'file:///etc/passwd',
        'javascript:alert(1)',
        'http://arxiv.org/abs/1',
        'https://arxiv.org.evil.example/',
        'https://user@evil.example/arxiv.org',
        'smb://host/share',
        'not an address',
      ])
        expect(await open(url)).toEqual({ action: 'deny' })
      expect((await app.seen()).externalUrls).toEqual([])
      expect(await open('https://doi.org/10.1145/1')).toEqual({ action: 'deny' })
      expect((await app.seen()).externalUrls).toEqual(['https://doi.org/10.1145/1'])
    })

    it.each([
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'fullscreen',
      'openExternal',
      'fileSystem',
      'usb',
    ])('get the permission %s', async (permission) => {
      await app.report('window')
      expect(await app.call('permissionRequest', permission)).toBe(false)
      expect(await app.call('permissionCheck', permission)).toBe(false)
      expect(await app.call('devicePermission', permission)).toBe(false)
    })

    it('download anything but its own exports', async () => {
      await app.report('window')
      for (const url of ['https://evil.example/a.exe', 'blob:https://evil.example/1', 'file:///etc/passwd'])
        expect(await app.call('preventsDownload', url)).toBe(true)
      expect(await app.call('preventsDownload', 'blob:app://causeway/0c1d')).toBe(false)
    })
  })

  describe('the protocol', () => {
    const request = (url: string, method = 'GET') =>
      app.call<{ status: number; headers: Record<string, string>; body: Uint8Array }>('request', { url, method })

    it('serves the page with its policy', async () => {
      await app.report('window')
      const page = await request('app://causeway/')
      expect(page.status).toBe(200)
      expect(page.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'x-content-type-options': 'nosniff',
      })
      expect(page.headers['content-security-policy']).toMatch(/script-src 'self';/)
      expect(Buffer.from(page.body).toString()).toContain('<div id="app">')
    })

    // Attack: a request spells a path that leads out of the built page, to the app's code or the user's files.
    it.each([
      'app://causeway/../main/index.js',
      'app://causeway/%2e%2e/main/index.js',
      'app://causeway/..%2fmain%2findex.js',
      'app://causeway/assets/..\\..\\main\\index.js',
      'app://causeway//etc/passwd',
      'app://causeway/constructor',
      'app://other/index.html',
      'app://causeway.evil.example/index.html',
    ])('holds nothing at %s', async (url) => {
      await app.report('window')
      expect((await request(url)).status).toBe(404)
    })

    it('answers nothing but GET', async () => {
      await app.report('window')
      expect((await request('app://causeway/', 'POST')).status).toBe(405)
    })
  })

  describe('the file dialog', () => {
    it('hands out files under opaque ids that the services accept', async () => {
      const file = join(directory, 'ratings.csv')
      await writeFile(file, 'user,item,rating\n1,10,5\n1,11,4\n2,10,3\n')
      const page = await openBarePage()
      await app.call('choose', [file])
      const picked = await ask(page, 'files:pick')
      expect(picked).toMatchObject({ ok: true, value: [{ name: 'ratings.csv', sizeBytes: 38 }] })
      expect(JSON.stringify(picked)).not.toContain(directory)
      const [handle] = picked.value as { id: string }[]
      expect(await ask(page, 'data:preview', { files: [handle!.id] })).toMatchObject({ ok: true })
    })

    it('hands out nothing when it is dismissed', async () => {
      const page = await openBarePage()
      const { fileDialogs } = await app.seen()
      await app.call('choose', null)
      expect(await ask(page, 'files:pick')).toEqual({ ok: true, value: [] })
      expect((await app.seen()).fileDialogs).toBe(fileDialogs + 1)
    })

    // Attack: the page names a file of the machine that the user never chose.
    it('is the only way to a file: a path or a guessed id is refused', async () => {
      const page = await openBarePage()
      for (const id of ['/etc/passwd', '../../../etc/passwd', '00000000-0000-4000-8000-000000000000'])
        expect(await ask(page, 'data:preview', { files: [id] })).toMatchObject({
          ok: false,
          error: { code: 'pathRefused' },
        })
    })
  })
})

describe('a training in the window', () => {
  beforeAll(startAnew)
  afterAll(end)

  it('goes over the port from the click to the finished run', { timeout: 300_000 }, async () => {
    const { page, complaints, outside } = await app.open(browser)
    const analyst = new Analyst(page)
    await analyst.sees.button('Train on the demo').click()
    await analyst.sees.state().filter({ hasText: 'completed' }).waitFor({ timeout: 240_000 })
    expect(await analyst.countsEpochs()).toBeGreaterThan(1)
    await analyst.sees.view('Compare').click()
    await analyst.sees.runRow('CSC').waitFor()
    expect(complaints).toEqual([])
    expect(outside).toEqual([])
  })

  it('prints its report in a window nobody sees, without scripts, and leaves nothing behind', async () => {
    const page = await openBarePage()
    const runs = (await ask(page, 'runs:list')).value as { id: string }[]
    const subject = { kind: 'run', run: runs[0]!.id }
    const printed = await ask(page, 'report:pdf', { subject })
    expect(printed).toMatchObject({ ok: true, value: { mediaType: 'application/pdf' } })
    const report = await app.report('printed')
    expect(report.options).toEqual({
      printBackground: true,
      preferCSSPageSize: true,
      generateTaggedPDF: true,
      generateDocumentOutline: true,
    })
    // The stand-in answers with the page that it was to print.
    const bytes = Buffer.from(Object.values((printed.value as { bytes: Record<string, number> }).bytes))
    expect(bytes.toString()).toMatch(/^%PDF-<!doctype html>/)
    expect(bytes.toString()).toContain(runs[0]!.id)
    expect(existsSync(report.page)).toBe(false)
    const windows = app.reports.filter((one) => one.type === 'window')
    const hidden = windows.at(-1)!
    expect(hidden.options.show).toBe(false)
    expect(hidden.options.webPreferences).toMatchObject({ sandbox: true, javascript: false, nodeIntegration: false })
    expect(hidden.options.webPreferences).not.toHaveProperty('preload')
    expect(app.reports).toContainEqual({ type: 'closed', window: hidden.window })
  })
})

describe('the end', () => {
  beforeEach(startAnew)
  afterEach(end)

  it('comes when the window is closed: the workspace is given back, its place is kept', async () => {
    const window = await app.open(browser)
    expect(existsSync(join(workspace, '.lock'))).toBe(true)
    await app.call('closeWindow', { window: window.id }).catch(() => undefined)
    expect(await app.exited).toBe(0)
    expect(existsSync(join(workspace, '.lock'))).toBe(false)
    app = start()
    expect((await app.report('window')).options).toMatchObject({ x: 10, y: 20, width: 1000, height: 700 })
  })

  it('is at once for a second start, which brings the first window to the front', async () => {
    await app.report('window')
    const second = start({ STAND_IN_SECOND_INSTANCE: '1' })
    expect(await second.exited).toBe(0)
    expect(second.reports.map(({ type }) => type)).toEqual(['exit'])
    await app.call('secondInstance')
    expect((await app.seen()).focused).toBe(1)
  })

  it('says why when the workspace cannot be opened', async () => {
    await app.report('window')
    const other = start()
    const box = await other.report('errorBox')
    expect(box.title).toContain('in use by another Causeway')
    expect(box.content).toContain('Close the other Causeway')
    expect(await other.exited).toBe(1)
  })
})

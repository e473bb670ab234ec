import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encode } from '../../src-shared/contract/wire'
import { serveWeb } from '../../src-main/shells/web/serve'
import { maxMessageBytes } from '../../src-main/shells/web/sockets'
import { ask, closeCode, openPage, openSocket, signIn, startShell, type StartedShell } from './start-shell'

let started: StartedShell
let port: number
let origin: string

beforeEach(async () => {
  started = await startShell({
    'runs:list': () => [],
    'data:remove': () => new Promise<never>(() => undefined),
    'report:html': () => ({ html: '', broken: () => undefined }) as never,
  })
  port = started.shell.port
  origin = `http://127.0.0.1:${port}`
})
afterEach(() => started.stop())

const refusedWith = (status: number) => expect.objectContaining({ message: expect.stringContaining(`${status}`) })

describe('the address', () => {
  // Attack: another machine of the network opens the port.
  it('listens on the loopback interface and no other', async () => {
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address && !address.internal && address.family === 'IPv4')
      .map((address) => address!.address)
    for (const host of [...others, '127.0.0.2']) {
      const outcome = await new Promise<string>((resolve) => {
        const socket = connect({ host, port })
        socket.once('connect', () => resolve('connected'))
        socket.once('error', (error) => resolve(error.message))
      })
      expect(outcome).toContain('ECONNREFUSED')
    }
  })

  it('exchanges the token for a cookie that scripts and other sites never see', async () => {
    const url = new URL(started.shell.url)
    expect(url.hostname).toBe('127.0.0.1')
    const answer = await ask(port, { path: url.pathname + url.search })
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toBe('/')
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^causeway-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(answer.headers['set-cookie']?.[0]).not.toContain(url.searchParams.get('token'))
  })

  // Attack: somebody reads the address in the process list, a log or the browser's history and opens it again.
  it('accepts the token once', async () => {
    await signIn(started.shell)
    const url = new URL(started.shell.url)
    const again = await ask(port, { path: url.pathname + url.search })
    expect(again.status).toBe(403)
    expect(again.headers['set-cookie']).toBeUndefined()
  })

  // Attack: a page of another site got hold of the address and asks for it in the background.
  it('keeps its token from a page of another origin', async () => {
    const url = new URL(started.shell.url)
    const path = url.pathname + url.search
    const foreign = await ask(port, { path, headers: { origin: 'http://evil.example' } })
    expect(foreign.status).toBe(403)
    expect(foreign.headers['set-cookie']).toBeUndefined()
    expect((await ask(port, { path })).status).toBe(303)
  })

  it('lets the holder of the cookie reload the printed address', async () => {
    const cookie = await signIn(started.shell)
    const url = new URL(started.shell.url)
    const again = await ask(port, { path: url.pathname + url.search, headers: { cookie } })
    expect(again).toMatchObject({ status: 303, headers: { location: '/' } })
  })

  // Attack: a local program without the token asks for the page and guesses tokens and cookies.
  it.each([
    ['a guessed token', '/?token=' + 'A'.repeat(43), {}],
    ['an empty token', '/?token=', {}],
    ['no cookie', '/', {}],
    ['a guessed cookie', '/', { cookie: 'causeway-PORT=' + 'A'.repeat(43) }],
    ['an empty cookie', '/', { cookie: 'causeway-PORT=' }],
    ['no cookie, a file', '/assets/main-1a2b.js', {}],
    ['no cookie, an upload', '/upload?name=a.csv', {}],
  ])('gives nothing for %s', async (_, path, headers: Record<string, string>) => {
    const cookie = headers['cookie']?.replace('PORT', String(port))
    const answer = await ask(port, { path, headers: cookie ? { cookie } : {} })
    expect([401, 403]).toContain(answer.status)
    expect(answer.body).not.toContain('Workbench')
    expect(answer.body).not.toContain('export')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })

  it('says which port is taken', async () => {
    const options = { handOut: () => ({ id: '', name: '', sizeBytes: 0 }), uploadDirectory: started.directory }
    const services = { handlers: {} as never, events: { subscribe: () => () => undefined } }
    const staticDirectory = join(started.directory, 'renderer')
    await expect(serveWeb({ ...options, services, staticDirectory, port })).rejects.toMatchObject({
      code: 'badRequest',
      message: expect.stringContaining(`Port ${port} is in use`),
    })
  })
})

describe('the page', () => {
  it('is served with headers that let it load nothing from elsewhere and be framed by nobody', async () => {
    const cookie = await signIn(started.shell)
    const answer = await ask(port, { headers: { cookie } })
    expect(answer.status).toBe(200)
    expect(answer.body).toContain('Workbench')
    const policy = answer.headers['content-security-policy']
    for (const rule of ["default-src 'self'", "script-src 'self'", "object-src 'none'", "frame-ancestors 'none'"])
      expect(policy).toContain(rule)
    expect(policy).not.toContain('unsafe-eval')
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline/)
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    })
  })

  // Attack: a web page the analyst visits has bound its own name to 127.0.0.1 (DNS rebinding) and so counts as same-origin.
  it.each(['evil.example', 'evil.example:PORT', '127.0.0.1', '127.0.0.1.evil.example:PORT', '[::1]:PORT'])(
    'is not given to the host %j',
    async (host) => {
      const cookie = await signIn(started.shell)
      const answer = await ask(port, { headers: { cookie, host: host.replace('PORT', String(port)) } })
      expect(answer.status).toBe(421)
      expect(answer.body).not.toContain('Workbench')
    },
  )

  it('is given as localhost too', async () => {
    const cookie = await signIn(started.shell)
    expect((await ask(port, { headers: { cookie, host: `localhost:${port}` } })).status).toBe(200)
  })

  // Attack: a request spells a path that leads out of the served folder, or names a file that lies in it by accident.
  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//secret.txt',
    '/notes.txt',
    '/index.html%00.js',
    '/constructor',
    '/__proto__',
    'http://127.0.0.1/../secret.txt',
  ])('does not hold %s', async (path) => {
    const cookie = await signIn(started.shell)
    const answer = await ask(port, { path, headers: { cookie } })
    expect([400, 404]).toContain(answer.status)
    expect(answer.body).not.toContain('not for the browser')
    expect(answer.body).not.toContain('not of the workbench')
  })

  it.each(['PUT', 'DELETE', 'POST', 'OPTIONS'])('answers %s with an error in an envelope', async (method) => {
    const cookie = await signIn(started.shell)
    const answer = await ask(port, { method, headers: { cookie, origin } })
    expect(answer.status).toBe(405)
    expect(JSON.parse(answer.body)).toMatchObject({ ok: false, error: { code: 'badRequest' } })
  })
})

describe('an upload', () => {
  it('streams a file into the folder for uploads and hands it out under an opaque id', async () => {
    const cookie = await signIn(started.shell)
    const body = Buffer.alloc(5_000_000, 'user,item\n')
    const answer = await ask(port, {
      method: 'POST',
      path: '/upload?name=' + encodeURIComponent('мои данные.csv'),
      headers: { cookie, origin },
      body,
    })
    expect(answer.status).toBe(200)
    expect(JSON.parse(answer.body)).toEqual({ id: 'file-1', name: 'мои данные.csv', sizeBytes: 0 })
    expect(body.equals(await readFile(started.handedOut[0]!.path))).toBe(true)
  })

  // Attack: the name of the uploaded file is a path.
  it.each(['../../evil.csv', '/etc/cron.d/evil', '..\\..\\evil.csv'])('never writes to the path %s', async (name) => {
    const cookie = await signIn(started.shell)
    const path = '/upload?name=' + encodeURIComponent(name)
    const answer = await ask(port, { method: 'POST', path, headers: { cookie, origin }, body: 'x' })
    expect(answer.status).toBe(200)
    const [file] = started.handedOut
    expect(dirname(dirname(file!.path))).toBe(join(started.directory, 'uploads'))
    expect(file!.name).toMatch(/^evil/)
  })

  it.each([
    ['..', '_..'],
    ['.bashrc', '_.bashrc'],
    ['NUL.csv', '_NUL.csv'],
    ['$(reboot).csv', '__reboot_.csv'],
    ['u.data', 'u.data'],
  ])('called %s lies on the disk as %s', async (name, diskName) => {
    const cookie = await signIn(started.shell)
    const path = '/upload?name=' + encodeURIComponent(name)
    await ask(port, { method: 'POST', path, headers: { cookie, origin }, body: 'x' })
    expect(basename(started.handedOut[0]!.path)).toBe(diskName)
  })

  it.each(['', '/', 'a\u0000b', 'a'.repeat(256)])('needs a name (%j)', async (name) => {
    const cookie = await signIn(started.shell)
    const path = '/upload?name=' + encodeURIComponent(name)
    const answer = await ask(port, { method: 'POST', path, headers: { cookie, origin }, body: 'x' })
    expect(answer.status).toBe(400)
    expect(started.handedOut).toEqual([])
  })

  // Attack: a page of another site, open in the same browser, posts a file; the browser adds the cookie.
  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'https://127.0.0.1:PORT'])(
    'is refused from the origin %s',
    async (foreign) => {
      const cookie = await signIn(started.shell)
      const headers = { cookie, origin: foreign.replace('PORT', String(port)) }
      const answer = await ask(port, { method: 'POST', path: '/upload?name=a.csv', headers, body: 'x' })
      expect(answer.status).toBe(403)
      expect(existsSync(join(started.directory, 'uploads'))).toBe(false)
    },
  )

  it('is refused without an origin', async () => {
    const cookie = await signIn(started.shell)
    const answer = await ask(port, { method: 'POST', path: '/upload?name=a.csv', headers: { cookie }, body: 'x' })
    expect(answer.status).toBe(403)
  })

  // Attack: an upload announces more than the disk holds.
  it('is refused before it starts when the disk cannot hold it', async () => {
    const cookie = await signIn(started.shell)
    const headers = { cookie, origin, 'content-length': String(2 ** 52) }
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.once('data', (data) => resolve(String(data)))
      socket.once('error', reject)
      const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers }).map(
        ([name, value]) => `${name}: ${value}`,
      )
      socket.write(`POST /upload?name=a.csv HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\nuser,item`)
    })
    expect(answer).toContain('HTTP/1.1 507')
    expect(answer).toContain('"code":"diskFull"')
    expect(await readdir(join(started.directory, 'uploads'))).toEqual([])
  })

  // Attack: an upload that announces nothing fills the disk as it comes.
  it('that does not fit on the disk is refused and leaves nothing behind', async ({ skip }) => {
    const folder = join(started.directory, 'uploads')
    await mkdir(folder)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status !== 0)
      return skip('mounting a 1 MB tmpfs needs root')
    try {
      const cookie = await signIn(started.shell)
      const headers = { cookie, origin, 'transfer-encoding': 'chunked' }
      const body = Buffer.alloc(4 * 1024 * 1024, 'user,item\n')
      const answer = await ask(port, { method: 'POST', path: '/upload?name=a.csv', headers, body })
      expect(answer.status).toBe(507)
      expect(JSON.parse(answer.body)).toMatchObject({ ok: false, error: { code: 'diskFull' } })
      expect(await readdir(folder)).toEqual([])
      expect(started.handedOut).toEqual([])
    } finally {
      execFileSync('umount', [folder])
    }
  })

  it('that is cut short leaves nothing behind', async () => {
    const cookie = await signIn(started.shell)
    const socket = connect({ host: '127.0.0.1', port })
    socket.write(
      `POST /upload?name=a.csv HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: ${origin}\r\ncookie: ${cookie}\r\ncontent-length: 100000\r\n\r\nuser,item`,
    )
    const folder = join(started.directory, 'uploads')
    await expect.poll(() => (existsSync(folder) ? readdir(folder) : [])).toHaveLength(1)
    socket.destroy()
    await expect.poll(() => readdir(folder)).toEqual([])
    expect(started.handedOut).toEqual([])
  })
})

describe('the socket', () => {
  // Attack: a page of another site opens a WebSocket to the loopback; browsers do not stop that, and send the cookie along.
  it.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'http://127.0.0.1.evil.example'])(
    'is refused from the origin %s',
    async (foreign) => {
      const cookie = await signIn(started.shell)
      await expect(openSocket(port, { cookie, origin: foreign })).rejects.toEqual(refusedWith(403))
    },
  )

  it('is refused without an origin, without a cookie, under a foreign host, at another path', async () => {
    const cookie = await signIn(started.shell)
    await expect(openSocket(port, { cookie })).rejects.toEqual(refusedWith(403))
    await expect(openSocket(port, { origin })).rejects.toEqual(refusedWith(401))
    await expect(openSocket(port, { cookie, origin, host: `evil.example:${port}` })).rejects.toEqual(refusedWith(421))
    await expect(openSocket(port, { cookie, origin }, '/other')).rejects.toEqual(refusedWith(404))
  })

  it('answers a request, with its error where there is one, and sends events', async () => {
    const { client, socket } = await openPage(started.shell)
    expect(await client.request('runs:list', {})).toEqual([])
    await expect(client.request('runs:get', { run: 'r1' })).rejects.toMatchObject({ code: 'notAvailable' })
    const event = new Promise((resolve) => client.on('runs:changed', resolve))
    started.emit('runs:changed', { run: 'r1' })
    expect(await event).toEqual({ run: 'r1' })
    socket.close()
    await expect.poll(() => started.listeners.size).toBe(0)
  })

  // Attack: a client asks for what is not in the contract, or sends values the schema does not allow.
  it.each([
    ['files:read', {}],
    ['constructor', {}],
    ['__proto__', {}],
    ['runs:list', { path: '/etc/passwd' }],
    ['runs:get', { run: '' }],
    ['runs:list', null],
  ])('refuses the request %s with %j', async (name, input) => {
    const { client, socket } = await openPage(started.shell)
    await expect(client.request(name as 'runs:list', input as never)).rejects.toMatchObject({ code: 'badRequest' })
    socket.close()
  })

  // Attack: a client speaks past the contract to whatever lies behind the pipe.
  it.each([
    ['another function', encode({ t: 'q', m: 'constructor', a: ['x', {}], i: '1' }), 1008],
    ['an inherited function', encode({ t: 'q', m: '__defineGetter__', a: ['x', {}], i: '1' }), 1008],
    ['an answer nobody asked for', encode({ t: 's', i: '1', r: 1 }), 1008],
    ['null', encode(null), 1008],
    ['text that is no message', 'hello', 1007],
    ['a prototype', '[{"__proto__":1},{"t":2},"q"]', 1007],
  ])('closes on %s', async (_, text, code) => {
    const { socket } = await openPage(started.shell)
    const closed = closeCode(socket)
    socket.send(text)
    expect(await closed).toBe(code)
    expect(({} as { t?: unknown }).t).toBeUndefined()
    await expect.poll(() => started.listeners.size).toBe(0)
  })

  it('closes on a binary message', async () => {
    const { socket } = await openPage(started.shell)
    const closed = closeCode(socket)
    socket.send(Buffer.from([1, 2, 3]))
    expect(await closed).toBe(1008)
  })

  // Attack: one message larger than any request fills the memory.
  it('closes on an oversized message and goes on serving others', async () => {
    const { socket } = await openPage(started.shell)
    const closed = closeCode(socket)
    socket.send('x'.repeat(maxMessageBytes + 1))
    expect(await closed).toBe(1009)
    expect((await ask(port, {})).status).toBe(401)
  })

  it('answers with an error what cannot be sent, instead of leaving the caller to wait', async () => {
    const { client, socket } = await openPage(started.shell)
    await expect(client.request('report:html', { subject: { kind: 'run', run: 'r1' } })).rejects.toMatchObject({
      code: 'internal',
    })
    socket.close()
  })

  it('rejects pending requests when the server stops, and leaves no connection open', async () => {
    const { client, socket } = await openPage(started.shell)
    const pending = client.request('data:remove', { dataset: 'd' })
    const closed = closeCode(socket)
    const rejected = expect(pending).rejects.toMatchObject({ code: 'processDied' })
    await started.shell.close()
    expect(await closed).toBe(1001)
    await rejected
    expect(started.listeners.size).toBe(0)
  })
})

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { findChromium } from '../scripts/chromium.mjs'

const entry = resolve(import.meta.dirname, '../out/main/web.js')
const startSeconds = 30

/** The web shell as its own process on a workspace: started, stopped, killed and started again. */
export class Server {
  private process: ChildProcess | null = null
  private errors = ''
  /** The address with its one-time token. */
  url = ''

  constructor(readonly workspace: string) {}

  /** Starts the built web entry on a free port. @throws Error with what it wrote to stderr when it does not come up */
  async start(): Promise<void> {
    this.errors = ''
    const started = spawn(process.execPath, [entry], {
      env: {
        ...process.env,
        CAUSEWAY_WORKSPACE: this.workspace,
        PORT: '0',
        ELECTRON_RENDERER_URL: undefined,
        CAUSEWAY_CHROMIUM: process.env.CHROMIUM ?? findChromium() ?? undefined,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process = started
    started.stderr.setEncoding('utf8').on('data', (text: string) => (this.errors += text))
    this.url = await new Promise((resolveUrl, reject) => {
      const fail = (why: string) => reject(new Error(`The web shell ${why}.\n${this.errors}`))
      const timer = setTimeout(() => fail(`printed no address within ${startSeconds} s`), startSeconds * 1000)
      started.once('exit', (code) => fail(`ended with code ${code}`))
      createInterface({ input: started.stdout }).on('line', (line) => {
        const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(line)?.[0]
        if (!url) return
        clearTimeout(timer)
        resolveUrl(url)
      })
    })
  }

  /** Ends it as a user would, with an interrupt, and waits until the workspace is free again. */
  stop(): Promise<void> {
    return this.end('SIGINT')
  }

  /** Ends it as a power cut would. */
  kill(): Promise<void> {
    return this.end('SIGKILL')
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const running = this.process
    this.process = null
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill(signal)
    await exited
  }
}

import type { serveChild } from './child-channel'
import { startProcess, type HostedProcess } from './process-host'

/**
 * A child process that is started on first use, kept for the next ones, ended after a time without any, and started anew
 * after it died.
 */
export class WarmProcess<C extends Parameters<typeof serveChild>[0], E extends object> {
  private ready: Promise<HostedProcess<C, E>> | null = null
  private running: HostedProcess<C, E> | null = null
  private uses = 0
  private idle: NodeJS.Timeout | null = null

  constructor(
    private readonly entry: string,
    private idleSeconds: number,
    /** Runs once in every fresh process, before its first use. */
    private readonly prepare: (host: HostedProcess<C, E>) => Promise<void> = () => Promise.resolve(),
  ) {}

  async use<T>(work: (host: HostedProcess<C, E>) => Promise<T>): Promise<T> {
    if (this.idle) clearTimeout(this.idle)
    this.uses++
    try {
      this.ready ??= this.start()
      return await work(await this.ready)
    } finally {
      this.uses--
      if (this.uses === 0) {
        this.idle = setTimeout(() => void this.close(), this.idleSeconds * 1000)
        this.idle.unref()
      }
    }
  }

  /** Ends the process as soon as nobody uses it. */
  async retire(): Promise<void> {
    this.idleSeconds = 0
    if (this.uses === 0) await this.close()
  }

  /** Ends the process; the next use starts another. */
  async close(): Promise<void> {
    if (this.idle) clearTimeout(this.idle)
    const host = this.running
    this.ready = null
    this.running = null
    await host?.kill()
  }

  private async start(): Promise<HostedProcess<C, E>> {
    const host = startProcess<C, E>(this.entry)
    this.running = host
    void host.ended.then(() => {
      if (this.running !== host) return
      this.running = null
      this.ready = null
    })
    try {
      await this.prepare(host)
    } catch (error) {
      await this.close()
      throw error
    }
    return host
  }
}

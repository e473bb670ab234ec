import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

/** The repository, seen from a built measurement: what several share lies deeper than each. */
export const root = resolve(import.meta.dirname.replace(/[\\/]assets$/, ''), '../..')

/** Serves the workspace; resolves with the address. */
export async function serve(workspace: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = spawn(process.execPath, [join(root, 'out/main/web.js')], {
    env: { ...process.env, CAUSEWAY_WORKSPACE: workspace, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async (): Promise<void> => {
    const exited = once(server, 'exit')
    server.kill('SIGINT')
    await exited
  }
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(line)?.[0]
    if (url) return { url, stop }
  }
  throw new Error('The web shell printed no address.')
}

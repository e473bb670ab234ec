import { readFile } from 'node:fs/promises'
import { protocol } from 'electron'
import { securityHeaders } from '../security-headers'
import { listStaticFiles } from '../static-files'
import { appScheme, appUrl } from './origin'

/** Gives the scheme the standing of https. To be called before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

/**
 * Serves the built renderer under the app's own origin: a fixed list of files, each with the policy in its headers.
 * @throws CausewayError `internal` when the workbench has not been built
 */
export function servePage(staticDirectory: string): void {
  const files = listStaticFiles(staticDirectory)
  const { host } = new URL(appUrl)
  const headers = securityHeaders()
  protocol.handle(appScheme, async (request) => {
    const url = new URL(request.url)
    const file = url.host === host ? files.get(url.pathname) : undefined
    if (!file) return new Response('There is nothing at this address.', { status: 404, headers })
    if (request.method !== 'GET') return new Response('Only GET is answered here.', { status: 405, headers })
    return new Response(await readFile(file.file), { headers: { ...headers, 'Content-Type': file.contentType } })
  })
}

import { app, shell, type Session, type WebContents } from 'electron'

/** Hosts that a link may be opened at, in the user's browser: where papers are. */
const externalHosts = new Set(['doi.org', 'arxiv.org'])

/** The one place from which anything is handed to the system to open. */
function openExternally(url: string): void {
  if (!URL.canParse(url)) return
  const { protocol, host } = new URL(url)
  if (protocol === 'https:' && externalHosts.has(host)) void shell.openExternal(url)
}

/**
 * Takes from every page, present and future, what the workbench does not use: navigation to another origin, new
 * windows, embedded views.
 * @param isOurs tells whether an address belongs to the workbench
 */
export function lockPages(isOurs: (url: string) => boolean): void {
  app.on('web-contents-created', (_, contents) => lockPage(contents, isOurs))
}

function lockPage(contents: WebContents, isOurs: (url: string) => boolean): void {
  contents.on('will-frame-navigate', (event) => {
    // Our own page may be loaded again. Into a frame comes nothing but what our page itself holds: the preview of a report.
    if (!event.isMainFrame && event.url.split('#')[0] === 'about:srcdoc') return
    if (!event.isMainFrame || !isOurs(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    openExternally(url)
    return { action: 'deny' }
  })
}

/**
 * Refuses every permission and device, and every download but the page's own exports (blobs it made itself).
 * @param isOurs tells whether an address belongs to the workbench
 */
export function lockSession(session: Session, isOurs: (url: string) => boolean): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.on('will-download', (event, item) => {
    const url = item.getURL()
    if (!url.startsWith('blob:') || !isOurs(url.slice('blob:'.length))) event.preventDefault()
  })
}

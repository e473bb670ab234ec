/**
 * The one origin of the workbench in the desktop window. A scheme of our own: a file:// page could read other files
 * and has no headers.
 */
export const appScheme = 'app'
export const appUrl = `${appScheme}://causeway/`

/** Tells whether an address belongs to the workbench; `developmentUrl` is where its development server has the page. */
export function createOriginCheck(developmentUrl?: string): (url: string) => boolean {
  const ours = [appUrl, ...(developmentUrl ? [developmentUrl] : [])].map((url) => new URL(url))
  return (url) => {
    if (!URL.canParse(url)) return false
    const { protocol, host } = new URL(url)
    return ours.some((own) => own.protocol === protocol && own.host === host)
  }
}

import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

/**
 * Who may speak to the web shell. The address printed at the start carries a token that works once; it is exchanged for a
 * cookie, and only the holder of the cookie gets anything. Host and Origin are checked on top, against DNS rebinding and
 * against other pages of the same browser.
 */
export interface Guard {
  /** The token of the printed address, until somebody has used it. */
  readonly token: string
  /** Whether the request names this server as its host: a name that a foreign domain was bound to does not pass. */
  hostIsOurs(headers: IncomingHttpHeaders): boolean
  /** Whether the request comes from a page of this server. Required for everything that acts. */
  originIsOurs(headers: IncomingHttpHeaders): boolean
  /** Whether the request carries the cookie. */
  isSignedIn(headers: IncomingHttpHeaders): boolean
  /** Exchanges the token for the value of a Set-Cookie header; null when it is wrong or was used before. */
  spend(token: string): string | null
}

const equal = (one: string, other: string): boolean => {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * @param port the port this server listens on
 * @param developmentOrigin the origin of the development server that forwards to this one, if there is one
 */
export function createGuard(port: number, developmentOrigin?: string): Guard {
  const origins = new Set([`http://127.0.0.1:${port}`, `http://localhost:${port}`])
  if (developmentOrigin) origins.add(new URL(developmentOrigin).origin)
  const hosts = new Set([...origins].map((origin) => new URL(origin).host))
  const token = randomBytes(32).toString('base64url')
  const session = randomBytes(32).toString('base64url')
  // Cookies are shared by all ports of a host, so the name tells two servers apart.
  const cookieName = `causeway-${port}`
  let spent = false
  return {
    token,
    hostIsOurs: (headers) => hosts.has(headers.host ?? ''),
    originIsOurs: (headers) => origins.has(headers.origin ?? ''),
    isSignedIn: (headers) =>
      (headers.cookie ?? '').split(';').some((pair) => {
        const [name, value] = pair.trim().split('=', 2)
        return name === cookieName && equal(value ?? '', session)
      }),
    spend(candidate) {
      if (spent || !equal(candidate, token)) return null
      spent = true
      return `${cookieName}=${session}; Path=/; HttpOnly; SameSite=Strict`
    },
  }
}

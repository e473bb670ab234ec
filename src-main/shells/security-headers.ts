import { createHash } from 'node:crypto'
import { reportStyleHash } from '../pipeline/report/report-style'

/**
 * The style elements that scripts put into the page: while a pane is resized, Reka's splitter adds one, empty at first, that sets the cursor
 * everywhere. Everything else is in the built style sheets. (Cytoscape would add one too; GraphCanvas.vue keeps it from that.)
 */
const injectedStyles = ['', ...['ew', 'e', 'w', 'ns', 'n', 's'].map((way) => `*{cursor: ${way}-resize!important;}`)]
const styleHashes = [
  ...injectedStyles.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`),
  // A report in its preview frame inherits the policy of the page around it.
  reportStyleHash,
]

/**
 * The policy of the workbench's page, the same in the browser and in the window.
 * @param connect the origins besides its own that the page may speak to
 */
export const contentSecurityPolicy = (connect: readonly string[] = []): string =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' ${styleHashes.join(' ')}`,
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    ["connect-src 'self'", ...connect].join(' '),
    "worker-src 'self'",
    "object-src 'none'",
    "frame-src 'none'",
    // The preview of a report names its own address as base, so that links within it stay within it; no address outside is allowed.
    'base-uri about:',
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

/** Headers of every answer, whatever it carries. */
export const securityHeaders = (connect: readonly string[] = []): Record<string, string> => ({
  'Content-Security-Policy': contentSecurityPolicy(connect),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
})

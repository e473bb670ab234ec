import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { inflateSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findChromium } from '../../scripts/chromium.mjs'
import { chromiumCandidates, printWithChromium } from './print-with-chromium'

const chromium = findChromium()
const withChromium = chromium === null ? it.skip : it
if (chromium === null) console.warn('No Chromium here: what it prints is not tested.')

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-print-test-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(directory, { recursive: true, force: true })
})

/** A command of this name that does what the shell lines say. */
function command(name: string, lines: string): string {
  const path = join(directory, name)
  writeFileSync(path, `#!/bin/sh\n${lines}\n`)
  chmodSync(path, 0o755)
  return path
}

describe('the browser that prints', () => {
  it('is the one that is named, and no other', () => {
    expect(chromiumCandidates('linux', { CAUSEWAY_CHROMIUM: '/opt/browser', PATH: directory })).toEqual([
      '/opt/browser',
    ])
  })

  it('is found on the PATH, in its order of folders', () => {
    const second = join(directory, 'second')
    mkdirSync(second)
    const edge = command('microsoft-edge', 'exit 0')
    const other = command('second/chromium', 'exit 0')
    expect(chromiumCandidates('linux', { PATH: [directory, second].join(delimiter) })).toEqual([edge, other])
    expect(chromiumCandidates('linux', { PATH: '' })).toEqual([])
  })

  it('is found where Windows keeps programs', () => {
    const browser = join(directory, 'Google', 'Chrome', 'Application')
    mkdirSync(browser, { recursive: true })
    writeFileSync(join(browser, 'chrome.exe'), '')
    expect(chromiumCandidates('win32', { ProgramFiles: directory })).toEqual([join(browser, 'chrome.exe')])
  })
})

describe('printing', () => {
  it('says what to install where there is no browser', async () => {
    vi.stubEnv('CAUSEWAY_CHROMIUM', '')
    vi.stubEnv('PATH', directory)
    vi.spyOn(process, 'platform', 'get').mockReturnValue('linux')
    await expect(printWithChromium('<p>x')).rejects.toMatchObject({
      code: 'notAvailable',
      message: expect.stringMatching(/Install Chromium.*CAUSEWAY_CHROMIUM/),
    })
    vi.restoreAllMocks()
  })

  it('says of a browser that does not print what it said, and leaves nothing behind', async () => {
    vi.stubEnv('CAUSEWAY_CHROMIUM', command('chromium', 'echo "snap install chromium" >&2; exit 3'))
    vi.stubEnv('TMPDIR', directory)
    await expect(printWithChromium('<p>x')).rejects.toMatchObject({
      code: 'notAvailable',
      details: { failures: [expect.stringMatching(/ended with 3.*snap install chromium/)] },
    })
    expect(readdirSync(directory)).toEqual(['chromium'])
  })

  withChromium('puts the text of the page on numbered, tagged pages', { timeout: 120_000 }, async () => {
    if (chromium !== null) vi.stubEnv('CAUSEWAY_CHROMIUM', chromium)
    vi.stubEnv('TMPDIR', directory)
    const pages = ['First', 'Second', 'Third'].map((title) => `<h1>${title}</h1><p>Words of ${title}.</p>`)
    const html = `<!doctype html><html lang="en"><title>Three</title><style>h1 { break-before: page }</style>${pages.join('')}</html>`
    const pdf = Buffer.from(await printWithChromium(html)).toString('latin1')
    expect(pdf.startsWith('%PDF-')).toBe(true)
    expect(pdf.match(/\/Type\s*\/Page\b(?!s)/g)).toHaveLength(3)
    expect(pdf).toContain('/StructTreeRoot')
    // The outline holds the headings as they are.
    const whole = pdf + inflated(pdf)
    for (const title of ['First', 'Second', 'Third']) expect(whole).toMatch(textOf(title))
    expect(readdirSync(directory)).toEqual([])
  })
})

/** The streams of a PDF that can be unpacked, one after the other. */
function inflated(pdf: string): string {
  return [...pdf.matchAll(/stream\r?\n(.*?)\r?\nendstream/gs)]
    .map(([, stream]) => {
      try {
        return inflateSync(Buffer.from(stream!, 'latin1')).toString('latin1')
      } catch {
        // Fonts and pictures are packed otherwise.
        return ''
      }
    })
    .join('\n')
}

/** A title as PDF writes it: as text, or as UTF-16 in hexadecimal digits. */
const textOf = (title: string): RegExp =>
  new RegExp(
    `\\(${title}\\)|<FEFF${[...title].map((sign) => sign.charCodeAt(0).toString(16).padStart(4, '0')).join('')}>`,
    'i',
  )

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BrowserWindow } from 'electron'

/**
 * Prints an HTML page as a tagged PDF: in a window nobody sees, that runs no script and shares nothing with the workbench's.
 * The page numbers are the page's own, in its style for paper.
 */
export async function printPdf(html: string): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'causeway-print-'))
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      // In memory only, apart from the workbench's session.
      partition: 'causeway-print',
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      javascript: false,
      webSecurity: true,
      webviewTag: false,
    },
  })
  try {
    // From a file: an address with the page in it may be too long.
    const page = join(directory, 'report.html')
    await writeFile(page, html)
    await window.loadURL(pathToFileURL(page).href)
    return new Uint8Array(
      await window.webContents.printToPDF({
        printBackground: true,
        preferCSSPageSize: true,
        generateTaggedPDF: true,
        generateDocumentOutline: true,
      }),
    )
  } finally {
    window.destroy()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

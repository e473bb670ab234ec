import { readFileSync, writeFileSync } from 'node:fs'
import { screen, type BrowserWindow, type Rectangle } from 'electron'
import { z } from 'zod'

const stateSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(640),
  height: z.number().int().min(480),
  maximized: z.boolean(),
})
type WindowState = z.infer<typeof stateSchema>

/** Where the window was when it was last closed; null at the first start, or when the file is damaged or its screen is gone. */
export function readWindowState(file: string): WindowState | null {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
  const state = stateSchema.safeParse(content)
  return state.success && isOnScreen(state.data) ? state.data : null
}

/** Writes the place of the window each time it is closed. */
export function keepWindowState(window: BrowserWindow, file: string): void {
  window.on('close', () => {
    const state: WindowState = { ...window.getNormalBounds(), maximized: window.isMaximized() }
    try {
      writeFileSync(file, JSON.stringify(state))
    } catch (error) {
      // Closing goes on: the only loss is that the window opens in its usual place next time.
      console.warn(`The place of the window was not kept: ${(error as Error).message}`)
    }
  })
}

const isOnScreen = (bounds: Rectangle): boolean =>
  screen.getAllDisplays().some(({ workArea: area }) => {
    const seenWidth = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x)
    const seenHeight = Math.min(bounds.y + bounds.height, area.y + area.height) - Math.max(bounds.y, area.y)
    return seenWidth >= 200 && seenHeight >= 200
  })

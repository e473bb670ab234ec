/** Shortcuts are written `Mod+K`, `Shift+?`, `1`: `Mod` is Ctrl, on a Mac the command key. Pure functions over key events. */

export const isMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform)

type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** Whether the key press is the shortcut. Shift counts only for letters and named keys: `?` is written with it anyway. */
export function matchesShortcut(event: KeyPress, shortcut: string, mac = isMac()): boolean {
  const parts = shortcut.split('+')
  const key = parts.at(-1)!
  const wantsMod = parts.includes('Mod')
  const wantsShift = parts.includes('Shift')
  const [mod, other] = mac ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey]
  if (event.altKey || other || mod !== wantsMod) return false
  const shiftMatters = key.length > 1 || /[a-z]/i.test(key)
  return event.key.toLowerCase() === key.toLowerCase() && (!shiftMatters || event.shiftKey === wantsShift)
}

/** The shortcut as it is shown on this machine: `Ctrl K`, `⌘ K`. */
export const shortcutText = (shortcut: string, mac = isMac()): string =>
  shortcut
    .replace('Mod', mac ? '⌘' : 'Ctrl')
    .replace('Shift', mac ? '⇧' : 'Shift')
    .replaceAll('+', ' ')

/** Whether single keys belong to what has the focus: typing a 3 into a field must not leave the view. */
export function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    target.matches(
      'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [role=combobox], [role=textbox]',
    )
  )
}

/** Whether a field that has the focus has its own meaning for the shortcut: undo, redo, copy, cut, paste, choose all. */
export const worksOnText = (shortcut: string): boolean => /^Mod\+(Shift\+)?[ACVXYZ]$/.test(shortcut)

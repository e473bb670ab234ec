// @vitest-environment happy-dom
import { effectScope } from 'vue'
import { beforeEach, describe, expect, it } from 'vitest'
import { useNoticesStore } from '../stores/notices-store'
import { connectServices } from '../testing/pipe'
import { matchScore, searchEntries } from './palette-search'
import { actionOfKey, allActions, availableActions, performById, useActions, type Action } from './registry'
import { matchesShortcut, shortcutText, takesKeys } from './shortcut'

const press = (key: string, held: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
})

describe('shortcuts', () => {
  it('take Ctrl, on a Mac the command key', () => {
    expect(matchesShortcut(press('k', { ctrlKey: true }), 'Mod+K', false)).toBe(true)
    expect(matchesShortcut(press('k', { metaKey: true }), 'Mod+K', true)).toBe(true)
    expect(matchesShortcut(press('k', { ctrlKey: true }), 'Mod+K', true)).toBe(false)
    expect(matchesShortcut(press('k'), 'Mod+K', false)).toBe(false)
  })

  it('leave combinations of the browser alone', () => {
    expect(matchesShortcut(press('1', { ctrlKey: true }), '1', false)).toBe(false)
    expect(matchesShortcut(press('1', { altKey: true }), '1', false)).toBe(false)
    expect(matchesShortcut(press('I', { shiftKey: true }), 'I', false)).toBe(false)
  })

  it('take a sign by what it writes, whatever keys it needs', () => {
    expect(matchesShortcut(press('?', { shiftKey: true }), '?', false)).toBe(true)
    expect(matchesShortcut(press('?'), '?', false)).toBe(true)
  })

  it('are shown as on the keyboard', () => {
    expect(shortcutText('Mod+K', false)).toBe('Ctrl K')
    expect(shortcutText('Mod+Shift+K', true)).toBe('⌘ ⇧ K')
  })

  it('of a single key give way to typing', () => {
    const input = document.createElement('input')
    const box = Object.assign(document.createElement('input'), { type: 'checkbox' })
    expect(takesKeys(input)).toBe(true)
    expect(takesKeys(box)).toBe(false)
    expect(takesKeys(document.body)).toBe(false)
    const actions: Action[] = [
      { id: 'a', name: 'A', group: 'G', shortcut: '1', perform: () => undefined },
      { id: 'b', name: 'B', group: 'G', shortcut: 'Mod+K', perform: () => undefined },
      { id: 'c', name: 'C', group: 'G', shortcut: 'Mod+Z', perform: () => undefined },
    ]
    const event = (key: string, target: EventTarget, ctrlKey = false) =>
      ({ ...press(key, { ctrlKey }), target }) as unknown as KeyboardEvent
    expect(actionOfKey(event('1', input), actions)).toBeNull()
    expect(actionOfKey(event('1', document.body), actions)?.id).toBe('a')
    expect(actionOfKey(event('k', input, true), actions)?.id).toBe('b')
    // What is typed is undone in the field, not in the graph behind it.
    expect(actionOfKey(event('z', input, true), actions)).toBeNull()
    expect(actionOfKey(event('z', document.body, true), actions)?.id).toBe('c')
  })
})

describe('the registry', () => {
  beforeEach(() => void connectServices())

  it('knows an action for as long as its view is there, and the last version of it first', async () => {
    const done: string[] = []
    const action = (name: string): Action => ({ id: 'x', name, group: 'G', perform: () => void done.push(name) })
    const frame = effectScope()
    const view = effectScope()
    frame.run(() => useActions([action('frame')]))
    view.run(() => useActions([action('view')]))
    expect(allActions.value.map((one) => one.name)).toEqual(['view'])
    await performById('x')
    view.stop()
    await performById('x')
    expect(done).toEqual(['view', 'frame'])
    frame.stop()
    expect(allActions.value).toEqual([])
    await expect(performById('x')).rejects.toThrow('There is no action "x"')
  })

  it('performs nothing that cannot be done now, and tells of what fails', async () => {
    const scope = effectScope()
    let done = 0
    scope.run(() =>
      useActions([
        { id: 'no', name: 'No', group: 'G', when: () => false, perform: () => void done++ },
        { id: 'bad', name: 'Bad', group: 'G', perform: () => Promise.reject(new Error('It broke.')) },
      ]),
    )
    expect(availableActions.value.map((one) => one.id)).toEqual(['bad'])
    await performById('no')
    await performById('bad')
    expect(done).toBe(0)
    expect(useNoticesStore().toasts[0]?.text).toBe('It broke.')
    scope.stop()
  })
})

describe('the palette', () => {
  const entry = (name: string) => ({ id: name, name, group: '', perform: () => undefined })

  it('wants every word somewhere, and likes starts of words best', () => {
    expect(matchScore('gra sho', 'Show the graph of this run')).not.toBeNull()
    expect(matchScore('graph cat', 'Show the graph of this run')).toBeNull()
    const found = searchEntries('run', [entry('Prune'), entry('Go to Runs'), entry('Runs')])
    expect(found.map((one) => one.name)).toEqual(['Runs', 'Go to Runs', 'Prune'])
  })

  it('keeps the order where nothing is asked', () => {
    const entries = [entry('b'), entry('a')]
    expect(searchEntries('  ', entries)).toEqual(entries)
  })
})

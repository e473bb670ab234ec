import { computed, onScopeDispose, shallowReactive } from 'vue'
import { useNoticesStore } from '../stores/notices-store'
import { matchesShortcut, takesKeys, worksOnText } from './shortcut'

/** One thing the analyst can do. Toolbars, shortcuts and the command palette read this very object. */
export interface Action {
  id: string
  /** As shown: a verb and its object. */
  name: string
  /** Where the palette lists it. */
  group: string
  shortcut?: string
  /** Whether it can be done now; left out: always. */
  when?: () => boolean
  perform: () => void | Promise<void>
}

/** By id; where a view brings its own version of an action, the last one holds while the view is there. */
const registered = shallowReactive(new Map<string, readonly Action[]>())

/** The actions there are, in the order in which they were registered. */
export const allActions = computed(() => [...registered.values()].map((versions) => versions.at(-1)!))
export const availableActions = computed(() => allActions.value.filter((action) => action.when?.() ?? true))

/** Registers actions for as long as the calling component or scope lives. */
export function useActions(actions: Action[]): void {
  for (const action of actions) registered.set(action.id, [...(registered.get(action.id) ?? []), action])
  onScopeDispose(() => {
    for (const action of actions) {
      const others = (registered.get(action.id) ?? []).filter((version) => version !== action)
      if (others.length > 0) registered.set(action.id, others)
      else registered.delete(action.id)
    }
  })
}

/** Performs an action; its failure becomes a notice. */
export async function perform(action: Action): Promise<void> {
  if (action.when && !action.when()) return
  try {
    await action.perform()
  } catch (thrown) {
    useNoticesStore().fail(thrown)
  }
}

/** Performs the action registered under `id`. */
export async function performById(id: string): Promise<void> {
  const action = registered.get(id)?.at(-1)
  if (!action) throw new Error(`There is no action "${id}".`)
  await perform(action)
}

/** The action a key press stands for, if any. */
export function actionOfKey(event: KeyboardEvent, actions: Action[]): Action | null {
  const found = actions.find((action) => action.shortcut && matchesShortcut(event, action.shortcut))
  if (!found?.shortcut) return null
  return (!found.shortcut.includes('Mod') || worksOnText(found.shortcut)) && takesKeys(event.target) ? null : found
}

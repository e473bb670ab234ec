import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { CausewayError, type ErrorPayload } from '../../src-shared/contract/errors'

export interface Notice {
  id: number
  level: 'info' | 'success' | 'warning' | 'error'
  text: string
  error: ErrorPayload | null
  /** What the notice offers to do. */
  offer: { label: string; perform: () => void } | null
  at: Date
  /** Still shown as a toast. */
  toast: boolean
}

const kept = 50
const toastMs = 8000

/** What happened lately, for the toasts, the list in the status bar and the live region. */
export const useNoticesStore = defineStore('notices', () => {
  const notices = shallowRef<Notice[]>([])
  /** Read out by screen readers; never an error, those are alerts of their own. */
  const announcement = shallowRef('')
  const unread = shallowRef(0)
  let nextId = 1

  const toasts = computed(() => notices.value.filter((notice) => notice.toast))

  function add(notice: Pick<Notice, 'level' | 'text'> & Partial<Pick<Notice, 'error' | 'offer'>>): number {
    const added: Notice = { error: null, offer: null, ...notice, id: nextId++, at: new Date(), toast: true }
    notices.value = [added, ...notices.value].slice(0, kept)
    unread.value++
    // An error stays until it has been read; the others go by themselves.
    if (added.level !== 'error') setTimeout(() => dismiss(added.id), toastMs)
    return added.id
  }

  /** Tells of a failure: what happened, and the advice for its code. */
  function fail(thrown: unknown): void {
    const error = CausewayError.from(thrown)
    // The banner says so already.
    if (error.code === 'disconnected') return
    add({ level: 'error', text: error.message, error: error.toPayload() })
  }

  /** Takes the toast away; the notice stays in the list. */
  function dismiss(id: number): void {
    notices.value = notices.value.map((notice) => (notice.id === id ? { ...notice, toast: false } : notice))
  }

  function clear(): void {
    notices.value = []
    unread.value = 0
  }

  return {
    notices,
    toasts,
    announcement,
    unread,
    add,
    fail,
    dismiss,
    clear,
    announce: (text: string) => void (announcement.value = text),
    markRead: () => void (unread.value = 0),
  }
})

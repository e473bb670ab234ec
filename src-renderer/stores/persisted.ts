import type { z } from 'zod'
import { ref, watch, type Ref } from 'vue'

/** A ref kept in the browser's storage under `key`. What is stored and does not fit `schema` is left aside for `fallback`. */
export function persistedRef<S extends z.ZodType>(key: string, schema: S, fallback: z.output<S>): Ref<z.output<S>> {
  const value = ref(read()) as Ref<z.output<S>>
  watch(value, (next) => localStorage.setItem(key, JSON.stringify(next)), { deep: true, flush: 'sync' })
  return value

  function read(): z.output<S> {
    const text = localStorage.getItem(key)
    if (text === null) return fallback
    let stored: unknown
    try {
      stored = JSON.parse(text)
    } catch {
      // Written by something else: the fallback is as good as a first visit.
      return fallback
    }
    const parsed = schema.safeParse(stored)
    return parsed.success ? parsed.data : fallback
  }
}

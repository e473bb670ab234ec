import { shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'

/**
 * A value fetched from the services: the newest answer wins, an answer that was overtaken is dropped.
 * While a new one is fetched the old one stays, so that nothing on screen jumps.
 */
export function createSnapshot<T, A extends unknown[] = []>(fetch: (...args: A) => Promise<T>) {
  const value = shallowRef<T | null>(null)
  const error = shallowRef<CausewayError | null>(null)
  const loading = shallowRef(false)
  let newest = 0
  let latest = Promise.resolve()

  /** Resolves once the newest answer is here, even where this very question was overtaken. */
  function refresh(...args: A): Promise<void> {
    latest = fetchAnswer(...args)
    return latest
  }

  async function fetchAnswer(...args: A): Promise<void> {
    const mine = ++newest
    loading.value = true
    try {
      const answer = await fetch(...args)
      if (mine !== newest) return latest
      value.value = answer
      error.value = null
    } catch (thrown) {
      if (mine !== newest) return latest
      error.value = CausewayError.from(thrown)
    } finally {
      if (mine === newest) loading.value = false
    }
  }

  /** Forgets the value and any answer on its way. */
  function clear(): void {
    newest++
    latest = Promise.resolve()
    value.value = null
    error.value = null
    loading.value = false
  }

  return { value, error, loading, refresh, clear }
}

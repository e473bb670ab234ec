import { onScopeDispose } from 'vue'
import { useConnection } from '../client'
import { createSnapshot } from '../stores/snapshot'

/** What lies with a run, fetched now and again whenever it changes there. */
export function useAnnotated<T>(run: () => string, fetch: (run: string) => Promise<T>) {
  const snapshot = createSnapshot(() => fetch(run()))
  const connection = useConnection()
  onScopeDispose(connection.onConnected(() => void snapshot.refresh()))
  onScopeDispose(
    connection.on('run:annotated', (event) => {
      if (event.run === run()) void snapshot.refresh()
    }),
  )
  return snapshot
}

import { onScopeDispose, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { ConfounderProfile } from '../../src-shared/domain/intervention'
import { request, useConnection } from '../client'

let asked = 0

/** What each confounder of a run does, read from data: asked for on demand, with its progress; it can be cancelled. */
export function useProfiles(run: string) {
  const profiles = shallowRef<ConfounderProfile[] | null>(null)
  const error = shallowRef<CausewayError | null>(null)
  /** How far the question is; null while none is under way. */
  const progress = shallowRef<{ stage: string; fraction: number | null } | null>(null)
  let task: string | null = null

  const stopListening = useConnection().on('intervene:progress', (event) => {
    if (event.task === task) progress.value = { stage: event.stage, fraction: event.fraction }
  })

  async function load(): Promise<void> {
    if (task !== null) return
    const mine = `profiles-${run}-${++asked}`.slice(-64)
    task = mine
    error.value = null
    progress.value = { stage: 'Asking', fraction: null }
    try {
      const answer = await request('intervene:profiles', { run, task: mine })
      if (task === mine) profiles.value = answer
    } catch (thrown) {
      const failure = CausewayError.from(thrown)
      if (task === mine && failure.code !== 'cancelled') error.value = failure
    } finally {
      if (task === mine) {
        task = null
        progress.value = null
      }
    }
  }

  async function cancel(): Promise<void> {
    const running = task
    task = null
    progress.value = null
    if (running !== null) await request('intervene:stop', { task: running })
  }

  onScopeDispose(() => {
    stopListening()
    void cancel()
  })
  return { profiles, error, progress, load, cancel }
}
export type Profiles = ReturnType<typeof useProfiles>

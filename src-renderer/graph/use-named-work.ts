import { computed, ref, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import { savedNameSchema } from '../../src-shared/domain/mask'

/** What a dialog of saved things works with: name and notes being typed, what the last work came to, and why it failed. */
export function useNamedWork(isTaken: (name: string) => boolean) {
  const name = ref('')
  const notes = ref('')
  const failure = shallowRef<CausewayError | null>(null)
  const said = ref('')
  const busy = ref(false)
  /** Puts back what was removed last; null where nothing was, or something else was done since. */
  const putBack = shallowRef<(() => Promise<void>) | null>(null)
  const parsed = computed(() => savedNameSchema.safeParse(name.value.trim()))
  /** What is wrong with the name; null where nothing is, or none is typed yet. */
  const nameProblem = computed(() =>
    name.value.trim() === '' || parsed.value.success ? null : parsed.value.error.issues[0]!.message,
  )
  const taken = computed(() => isTaken(name.value.trim()))

  async function attempt(work: () => Promise<void> | void): Promise<void> {
    failure.value = null
    said.value = ''
    putBack.value = null
    busy.value = true
    try {
      await work()
    } catch (thrown) {
      failure.value = CausewayError.from(thrown)
    } finally {
      busy.value = false
    }
  }

  return {
    name,
    notes,
    failure,
    said,
    busy,
    putBack,
    nameProblem,
    taken,
    attempt,
    /** The name typed, or this one where it may not be one. */
    nameOr: (other: string): string => parsed.value.data ?? other,
  }
}

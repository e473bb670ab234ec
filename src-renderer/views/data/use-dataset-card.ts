import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue'
import { recipeSchema, type DatasetCard } from '../../../src-shared/domain/dataset'
import type { ParamSchema } from '../../../src-shared/params/params'
import { request } from '../../client'
import { useContextStore } from '../../stores/context-store'
import { useDatasetsStore } from '../../stores/datasets-store'
import { createSnapshot } from '../../stores/snapshot'

/** Changes of the recipe within this time are answered by one card. */
const settleMs = 300

const schema: ParamSchema = recipeSchema

/** The card of the current data set under the current recipe; the last one stays, marked stale, until the next has come. */
export function useDatasetCard() {
  const context = useContextStore()
  const datasets = useDatasetsStore()
  const snapshot = createSnapshot<DatasetCard, [string, Record<string, string | number | boolean>]>((dataset, recipe) =>
    request('data:card', { dataset, recipe }),
  )
  const waiting = ref(false)
  const askedFor = shallowRef<string | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  function fetchNow(): void {
    waiting.value = false
    if (context.dataset !== null) void snapshot.refresh(context.dataset, context.recipe)
  }

  watch(
    () => [context.dataset, datasets.byName.get(context.dataset ?? '')?.hash, JSON.stringify(context.recipe)] as const,
    ([dataset, hash], before) => {
      clearTimeout(timer)
      if (dataset !== before?.[0] || hash !== before?.[1]) {
        snapshot.clear()
        askedFor.value = dataset
        if (dataset !== null && hash !== undefined) fetchNow()
        return
      }
      waiting.value = true
      timer = setTimeout(fetchNow, settleMs)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))

  return {
    card: snapshot.value,
    error: snapshot.error,
    /** The numbers shown are not those of the recipe in the form. */
    stale: computed(
      () => snapshot.value.value !== null && (waiting.value || snapshot.loading.value || snapshot.error.value !== null),
    ),
    loading: computed(() => waiting.value || snapshot.loading.value),
    refresh: fetchNow,
    schema,
  }
}
export type DatasetCardState = ReturnType<typeof useDatasetCard>

import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { z } from 'zod'
import { recipeSchema, type DatasetManifest } from '../../src-shared/domain/dataset'
import { defaultParams, parseParam, type ParamSchema, type ParamValues } from '../../src-shared/params/params'
import type { RunManifest } from '../../src-shared/domain/run'
import { useDatasetsStore } from './datasets-store'
import { persistedRef } from './persisted'
import { useRunsStore } from './runs-store'

const recipeParams: ParamSchema = recipeSchema
const storedValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** What everything on screen belongs to: data set ▸ run ▸ user, and the recipe each data set is prepared with. */
export const useContextStore = defineStore('context', () => {
  const datasets = useDatasetsStore()
  const runs = useRunsStore()

  const stored = persistedRef(
    'causeway:context',
    z.object({
      dataset: z.string().nullable(),
      run: z.string().nullable(),
      user: z.string().nullable(),
      recipes: z.record(z.string(), storedValues),
    }),
    { dataset: null, run: null, user: null, recipes: {} },
  )

  /** A run that was started a moment ago and is not in the list yet. */
  let awaited: string | null = null

  const dataset = computed<string | null>({
    get: () => stored.value.dataset,
    set: (name) => {
      if (name === stored.value.dataset) return
      stored.value.dataset = name
      stored.value.run = newestRunOf(name)
      stored.value.user = null
    },
  })

  /** Choosing a run chooses its data set too. */
  const run = computed<string | null>({
    get: () => stored.value.run,
    set: (id) => {
      if (id === stored.value.run) return
      const manifest = id === null ? undefined : runs.byId.get(id)
      if (manifest && manifest.dataset !== stored.value.dataset) {
        stored.value.dataset = manifest.dataset
        stored.value.user = null
      }
      stored.value.run = id
      awaited = manifest ? null : id
    },
  })

  const user = computed<string | null>({
    get: () => stored.value.user,
    set: (id) => (stored.value.user = id),
  })

  /** The recipe the current data set is prepared with: complete, every value allowed. */
  const recipe = computed<ParamValues>({
    get: () => {
      const own = dataset.value === null ? {} : (stored.value.recipes[dataset.value] ?? {})
      const kept = recipeParams.filter((spec) => spec.key in own && parseParam(spec, own[spec.key]))
      return { ...defaultParams(recipeParams), ...Object.fromEntries(kept.map((spec) => [spec.key, own[spec.key]!])) }
    },
    set: (values) => {
      if (dataset.value !== null) stored.value.recipes = { ...stored.value.recipes, [dataset.value]: { ...values } }
    },
  })

  const datasetManifest = computed<DatasetManifest | null>(() =>
    dataset.value === null ? null : (datasets.byName.get(dataset.value) ?? null),
  )
  const runManifest = computed<RunManifest | null>(() =>
    run.value === null ? null : (runs.byId.get(run.value) ?? null),
  )
  const runsOfDataset = computed(() => runs.newestFirst.filter((candidate) => candidate.dataset === dataset.value))

  function newestRunOf(name: string | null): string | null {
    return name === null ? null : (runs.newestFirst.find((candidate) => candidate.dataset === name)?.id ?? null)
  }

  // What was removed cannot stay chosen; where nothing is chosen, the first or newest one is.
  watch(
    [() => datasets.list, () => runs.list],
    ([datasetList, runList]) => {
      if (datasetList) {
        if (dataset.value !== null && !datasets.byName.has(dataset.value)) dataset.value = null
        if (dataset.value === null && datasetList[0]) dataset.value = datasetList[0].name
      }
      if (runList) {
        if (awaited !== null && runs.byId.has(awaited)) awaited = null
        if (run.value !== null && run.value !== awaited && !runs.byId.has(run.value)) run.value = null
        if (run.value === null) run.value = newestRunOf(dataset.value)
      }
    },
    { immediate: true },
  )

  return { dataset, run, user, recipe, datasetManifest, runManifest, runsOfDataset }
})

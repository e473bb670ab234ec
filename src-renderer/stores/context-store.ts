import { defineStore } from 'pinia'
import { computed, watch } from 'vue'
import { z } from 'zod'
import type { CausewayError } from '../../src-shared/contract/errors'
import { recipeSchema, type DatasetManifest } from '../../src-shared/domain/dataset'
import { defaultParams, parseParam, type ParamSchema, type ParamValues } from '../../src-shared/params/params'
import type { RunManifest } from '../../src-shared/domain/run'
import { useDatasetsStore } from './datasets-store'
import { persistedRef } from './persisted'
import { findRuns, useRunsStore, type RunSummary } from './runs-store'
import { createSnapshot } from './snapshot'

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

  /** The newest runs of the data set. */
  const ofDataset = createSnapshot(async (name: string) => ({ dataset: name, ...(await findRuns({ dataset: name })) }))
  /** Who was in view when the run was chosen: one who came since then is of that run. */
  let userBefore: string | null = null

  const dataset = computed<string | null>({
    get: () => stored.value.dataset,
    set: (name) => {
      if (name === stored.value.dataset) return
      stored.value.dataset = name
      stored.value.run = null
      stored.value.user = null
    },
  })

  /** Choosing a run chooses its data set too, as soon as that is known. */
  const run = computed<string | null>({
    get: () => stored.value.run,
    set: (id) => {
      if (id === stored.value.run) return
      stored.value.run = id
      userBefore = stored.value.user
      const known = [...(ofDataset.value.value?.runs ?? []), ...(runs.newest?.runs ?? [])].find((one) => one.id === id)
      if (known) takeDatasetOf(known)
    },
  })
  function takeDatasetOf(of: { dataset: string }): void {
    if (of.dataset === stored.value.dataset) return
    stored.value.dataset = of.dataset
    if (stored.value.user === userBefore) stored.value.user = null
  }

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
    run.value === null ? null : (runs.manifestOf(run.value) ?? null),
  )
  const runError = computed<CausewayError | null>(() =>
    run.value === null ? null : (runs.detailErrorOf(run.value) ?? null),
  )
  /** The newest runs of the data set; empty until they are known. */
  const runsOfDataset = computed<RunSummary[]>(() => {
    const answer = ofDataset.value.value
    return answer?.dataset === dataset.value ? answer.runs.filter((one) => !runs.isGone(one.id)) : []
  })
  /** How many runs the data set has, beyond the newest too. */
  const runCount = computed(() => (ofDataset.value.value?.dataset === dataset.value ? ofDataset.value.value!.total : 0))
  /** Nobody knows yet which run is in view, or what it is. */
  const waiting = computed(() => {
    if (run.value !== null) return runManifest.value === null && runError.value === null
    if (dataset.value === null) return datasets.list === null && datasets.error === null
    return ofDataset.value.value?.dataset !== dataset.value && ofDataset.error.value === null
  })

  // What was removed cannot stay chosen; where nothing is chosen, the first or newest one is.
  watch(
    () => datasets.list,
    (list, before) => {
      if (!list) return
      const name = dataset.value
      if (name !== null && !datasets.byName.has(name)) {
        // A run outlives its data set: one that was chosen since keeps it in view.
        const removed = before?.some((one) => one.name === name) ?? false
        if (removed || runManifest.value?.dataset !== name) dataset.value = null
      }
      if (dataset.value === null && list[0]) dataset.value = list[0].name
    },
    { immediate: true },
  )
  watch(
    [dataset, () => runs.changes],
    ([name], [before]) => {
      if (name !== before) ofDataset.clear()
      if (name !== null) void ofDataset.refresh(name)
    },
    { immediate: true },
  )
  watch(run, (id) => id !== null && void runs.open(id), { immediate: true })
  watch(runManifest, (manifest) => manifest && takeDatasetOf(manifest))
  watch(
    () => run.value !== null && runs.isGone(run.value),
    (gone) => {
      if (gone) run.value = null
    },
  )
  watch([runsOfDataset, run], () => {
    if (run.value === null && runsOfDataset.value[0]) run.value = runsOfDataset.value[0].id
  })

  return {
    dataset,
    run,
    user,
    recipe,
    datasetManifest,
    runManifest,
    runError,
    runsOfDataset,
    runCount,
    waiting,
    refreshRuns: async (): Promise<void> => void (dataset.value !== null && (await ofDataset.refresh(dataset.value))),
    runsError: ofDataset.error,
  }
})

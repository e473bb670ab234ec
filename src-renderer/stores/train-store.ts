import { defineStore } from 'pinia'
import { computed } from 'vue'
import { z } from 'zod'
import { defaultParams, parseParam, type ParamValues } from '../../src-shared/params/params'
import type { Knowledge } from '../../src-shared/domain/knowledge'
import type { RunManifest } from '../../src-shared/domain/run'
import { request, useConnection } from '../client'
import { useContextStore } from './context-store'
import { useJobsStore } from './jobs-store'
import { useMethodsStore } from './methods-store'
import { persistedRef } from './persisted'
import { useRunsStore } from './runs-store'
import { useSettingsStore } from './settings-store'
import { createSnapshot } from './snapshot'

export const largestSeed = 2147483647
/** The parameter that says how many nodes the graph will have. */
const nodesParam = 'confounders'
const storedValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** What the next training will be: the method, its parameters and the seed. Kept while views change and the window reloads. */
export const useTrainStore = defineStore('train', () => {
  const methods = useMethodsStore()
  const context = useContextStore()
  const jobs = useJobsStore()
  const runs = useRunsStore()
  const settings = useSettingsStore()

  const stored = persistedRef(
    'causeway:train',
    z.object({
      method: z.string().nullable(),
      seed: z.number().int().min(0).max(largestSeed),
      params: z.record(z.string(), storedValues),
      /** The name of the knowledge the training is to be given. */
      knowledge: z.string().nullable().default(null),
    }),
    { method: null, seed: 0, params: {}, knowledge: null },
  )

  /** The chosen method; the first causal one until the analyst has chosen. */
  const method = computed(() => {
    const list = methods.list ?? []
    return (
      methods.byId.get(stored.value.method ?? '') ?? list.find((known) => known.family === 'causal') ?? list[0] ?? null
    )
  })

  /** Every parameter of the chosen method; what was stored and is no longer allowed gives way to the default. */
  const params = computed<ParamValues>({
    get: () => {
      const chosen = method.value
      if (!chosen) return {}
      const own = stored.value.params[chosen.id] ?? {}
      const kept = chosen.params.filter((spec) => spec.key in own && parseParam(spec, own[spec.key]))
      return { ...defaultParams(chosen.params), ...Object.fromEntries(kept.map((spec) => [spec.key, own[spec.key]!])) }
    },
    set: (values) => {
      if (method.value) stored.value.params = { ...stored.value.params, [method.value.id]: { ...values } }
    },
  })

  const seed = computed<number>({
    get: () => stored.value.seed,
    set: (value) => (stored.value.seed = value),
  })

  const known = createSnapshot(() => request('knowledge:list', {}))
  const connection = useConnection()
  connection.onConnected(() => void known.refresh())

  const honoursKnowledge = computed(() => method.value?.capabilities.includes('knowledge') ?? false)
  /** The saved knowledge that is of as many nodes as the training will have. */
  const fittingKnowledge = computed<Knowledge[]>(() =>
    honoursKnowledge.value
      ? (known.value.value ?? []).filter((one) => one.nodes.length === params.value[nodesParam])
      : [],
  )
  /** What the training is given; null where nothing is chosen, or what was chosen does not fit the form any longer. */
  const knowledge = computed<Knowledge | null>(
    () => fittingKnowledge.value.find((one) => one.name === stored.value.knowledge) ?? null,
  )
  function chooseKnowledge(name: string | null): void {
    stored.value.knowledge = name
  }

  function choose(id: string): void {
    stored.value.method = id
  }

  /** Fills the form with what `run` was started with. */
  function adopt(run: RunManifest): void {
    choose(run.method)
    params.value = run.params
    seed.value = run.seed
    context.recipe = run.recipe
    settings.backend = run.backend
    stored.value.knowledge = run.knowledge?.name ?? null
  }

  /** Starts a training of what the form says and brings its run into view. @throws CausewayError */
  async function start(): Promise<void> {
    if (!method.value || context.dataset === null) return
    const job = await request('train:start', {
      method: method.value.id,
      dataset: context.dataset,
      recipe: context.recipe,
      params: params.value,
      seed: seed.value,
      knowledge: knowledge.value,
      ...(settings.backend === 'auto' ? {} : { backend: settings.backend }),
    })
    jobs.put(job)
    await runs.refresh()
    if (job.run !== null) context.run = job.run
  }

  return {
    method,
    params,
    seed,
    honoursKnowledge,
    /** The name that is chosen, fitting or not. */
    chosenKnowledge: computed(() => stored.value.knowledge),
    knowledge,
    fittingKnowledge,
    knowledgeError: known.error,
    refreshKnowledge: known.refresh,
    chooseKnowledge,
    choose,
    adopt,
    start,
  }
})

import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { CausewayError } from '../../src-shared/contract/errors'
import type { JobSnapshot } from '../../src-shared/domain/job'
import { request } from '../client'
import type { ExportSubject } from '../export/export-formats'
import { useContextStore } from './context-store'
import { useDatasetsStore } from './datasets-store'
import { useJobsStore } from './jobs-store'
import { useRunsStore } from './runs-store'
import { useSettingsStore } from './settings-store'

/** The last state of a job that ought to have been completed. @throws CausewayError its own error, or `cancelled`. */
function completed(job: JobSnapshot): JobSnapshot {
  if (job.state === 'completed') return job
  if (job.error) throw CausewayError.fromPayload(job.error)
  throw new CausewayError('cancelled', `${job.title} was stopped before it was complete.`)
}

/** What is open in the frame, and the first steps that cross several views. */
export const useWorkbenchStore = defineStore('workbench', () => {
  const jobs = useJobsStore()
  const datasets = useDatasetsStore()
  const runs = useRunsStore()
  const context = useContextStore()
  const settings = useSettingsStore()

  const paletteOpen = ref(false)
  const shortcutsOpen = ref(false)
  const importOpen = ref(false)
  /** What of the run in view is being exported; null while the dialog is closed. */
  const exporting = ref<ExportSubject | null>(null)

  const demoJobId = shallowRef<string | null>(null)
  /** The job that makes the demo data set, while it does. */
  const demoJob = computed(() => jobs.list?.find((job) => job.id === demoJobId.value) ?? null)
  const demoBusy = ref(false)

  /** The name of the demo data set, made now where there is none yet. */
  async function demoDataset(): Promise<string> {
    const known = datasets.list?.find((dataset) => dataset.source.kind === 'demo')
    if (known) return known.name
    const started = await request('data:demo', {})
    demoJobId.value = started.id
    const made = completed(await jobs.follow(started))
    await datasets.refresh()
    if (made.dataset === null) throw new CausewayError('internal', 'The demo data set was made without a name.')
    return made.dataset
  }

  /** Makes the demo data set and starts CSC on it; resolves once the training has been queued. */
  async function startDemo(): Promise<void> {
    demoBusy.value = true
    try {
      context.dataset = await demoDataset()
      const backend = settings.backend === 'auto' ? undefined : settings.backend
      const training = await request('train:start', {
        method: 'csc',
        dataset: context.dataset,
        recipe: context.recipe,
        ...(backend ? { backend } : {}),
      })
      jobs.put(training)
      await runs.refresh()
      context.run = training.run
    } finally {
      demoBusy.value = false
      demoJobId.value = null
    }
  }

  return { paletteOpen, shortcutsOpen, importOpen, exporting, demoJob, demoBusy, startDemo }
})

import { onScopeDispose } from 'vue'
import { isActive, type JobSnapshot, type JobState } from '../../src-shared/domain/job'
import { verdictWords } from '../../src-shared/reproduction-words'
import { request, useConnection } from '../client'
import { plural } from '../format'
import { router } from '../router'
import { useContextStore } from '../stores/context-store'
import { useDatasetsStore } from '../stores/datasets-store'
import { useJobsStore } from '../stores/jobs-store'
import { useMethodsStore } from '../stores/methods-store'
import { useNoticesStore } from '../stores/notices-store'
import { useReproduceStore } from '../stores/reproduce-store'
import { findRuns } from '../stores/runs-store'

/** Tells of every job that ends, with the next step beside it. */
export function useJobNotices(): void {
  const notices = useNoticesStore()
  const jobs = useJobsStore()
  const datasets = useDatasetsStore()
  const methods = useMethodsStore()
  const context = useContextStore()
  const reproduce = useReproduceStore()
  const states = new Map<string, JobState>()

  onScopeDispose(
    useConnection().on('job:changed', (job) => {
      const before = states.get(job.id)
      states.set(job.id, job.state)
      if (before === job.state || isActive(job.state) || jobs.wasFollowed(job.id)) return
      // A trial is told of by its experiment, a training done again by its reproduction.
      if (job.kind === 'train' && (job.experiment ?? job.reproduces) !== undefined) return
      if (job.kind === 'experiment') tellExperiment(job)
      else if (job.kind === 'reproduce' && job.state === 'completed' && !isShown(job))
        void tellReproduction(job).catch(notices.fail)
      else if (job.state === 'completed') void tellCompleted(job)
      else if (job.state === 'failed' && job.error)
        notices.add({ level: 'error', text: job.error.message, error: job.error })
      else if (job.state === 'interrupted' && job.run !== null) tellInterrupted(job)
    }),
  )

  async function tellCompleted(job: JobSnapshot): Promise<void> {
    if (job.kind === 'train' && job.run !== null) {
      const run = job.run
      const [found] = (await findRuns({ runs: [run], limit: 1 })).runs
      const hasGraph = found && methods.byId.get(found.method)?.capabilities.includes('graph')
      notices.add({
        level: 'success',
        text: `${job.title} is complete.`,
        offer: {
          label: hasGraph ? 'Show the graph' : 'Show recommendations',
          perform: () => {
            context.run = run
            void router.push({ name: hasGraph ? 'graph' : 'recommend' })
          },
        },
      })
    } else if (job.kind === 'bootstrap' && job.run !== null) {
      const run = job.run
      notices.add({
        level: 'success',
        text: `${job.title} is complete.`,
        offer: {
          label: 'Show the graph',
          perform: () => {
            context.run = run
            void router.push({ name: 'graph' })
          },
        },
      })
    } else if (job.kind === 'import' && job.dataset !== null) {
      const name = job.dataset
      await datasets.refresh()
      const dataset = datasets.byName.get(name)
      notices.add({
        level: 'success',
        text: dataset ? `${name} is imported: ${plural(dataset.interactions, 'interaction')}.` : `${name} is imported.`,
        offer: {
          label: 'Show it',
          perform: () => {
            context.dataset = name
            void router.push({ name: 'data' })
          },
        },
      })
    }
  }

  /** Who looks at it need not be told. */
  const isShown = (job: JobSnapshot): boolean => reproduce.open && reproduce.job?.id === job.id

  async function tellReproduction(job: JobSnapshot): Promise<void> {
    const result = await request('reproduce:result', { job: job.id })
    notices.add({
      level: result.confirmed ? 'success' : 'warning',
      text: verdictWords(result),
      offer: { label: 'Show it', perform: () => void reproduce.show(job.id).catch(notices.fail) },
    })
  }

  function tellExperiment(job: JobSnapshot): void {
    const query = { tab: 'experiment', experiment: job.experiment }
    if (job.state === 'completed')
      notices.add({
        level: 'success',
        text: `${job.title} is complete.`,
        offer: {
          label: 'Show the comparison',
          perform: () => void router.push({ name: 'train', query: { ...query, part: 'comparison' } }),
        },
      })
    else if (job.state === 'failed' && job.error)
      notices.add({
        level: 'error',
        text: job.error.message,
        error: job.error,
        offer: { label: 'Show its trials', perform: () => void router.push({ name: 'train', query }) },
      })
    else if (job.state === 'interrupted')
      notices.add({
        level: 'warning',
        text: `${job.title} was interrupted. At most one epoch is lost.`,
        offer: { label: 'Resume', perform: () => void jobs.goOn(job).catch(notices.fail) },
      })
  }

  function tellInterrupted(job: JobSnapshot): void {
    notices.add({
      level: 'warning',
      text: `${job.title} was interrupted. At most one ${job.kind === 'bootstrap' ? 'resample' : 'epoch'} is lost.`,
      offer: { label: 'Resume', perform: () => void jobs.goOn(job).catch(notices.fail) },
    })
  }
}

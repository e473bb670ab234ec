import { useRouter } from 'vue-router'
import type { ExperimentDetail } from '../../../../src-shared/domain/experiment'
import { useContextStore } from '../../../stores/context-store'
import { useDatasetsStore } from '../../../stores/datasets-store'
import { useExperimentsStore } from '../../../stores/experiments-store'
import { useMethodsStore } from '../../../stores/methods-store'
import { exampleText, freeName } from './example'

/** Ways to begin an experiment; each opens the builder. */
export function useDrafts() {
  const experiments = useExperimentsStore()
  const datasets = useDatasetsStore()
  const context = useContextStore()
  const methods = useMethodsStore()
  const router = useRouter()

  const free = (name: string): string => freeName(name, (taken) => experiments.byName.has(taken))
  const show = async (): Promise<void> =>
    void (await router.push({ name: 'train', query: { tab: 'experiment', build: '' } }))

  /** A new one on the data set in view: what there is, with the parameters as they are. */
  async function begin(): Promise<void> {
    if (!methods.list) await methods.refresh()
    const dataset = context.dataset ?? datasets.list?.[0]?.name ?? 'demo'
    experiments.draft = {
      text: exampleText(free('experiment'), dataset, methods.list ?? [], { searches: false }),
      saved: null,
    }
    await show()
  }

  /** The ready one on the demo data, with a search. */
  async function beginExample(dataset: string): Promise<void> {
    experiments.draft = {
      text: exampleText(free('causal or not'), dataset, methods.list ?? [], { searches: true }),
      saved: null,
    }
    await show()
  }

  /** One that is there: itself while it has no trials, else a copy under another name. */
  async function edit({ name, text, trialList }: ExperimentDetail): Promise<void> {
    if (trialList.length === 0) experiments.draft = { text, saved: name }
    else {
      // The YAML library is fetched where it is needed only.
      const { changeExperimentText, formOf } = await import('./experiment-text')
      const copy = formOf(text) ? changeExperimentText(text, [{ path: ['name'], value: free(name) }]) : text
      experiments.draft = { text: copy, saved: null }
    }
    await show()
  }

  async function openText(text: string): Promise<void> {
    experiments.draft = { text, saved: null }
    await show()
  }

  return { begin, beginExample, edit, openText, show }
}

import type { ExperimentDetail, Trial } from '../../src-shared/domain/experiment'
import type { MethodInfo } from '../../src-shared/domain/method'
import { parseExperiment } from '../../src-shared/experiment/parse-experiment'
import { planExperiment } from '../../src-shared/experiment/plan-experiment'

const params: MethodInfo['params'] = [
  {
    key: 'epochs',
    type: 'integer',
    label: 'Epochs',
    help: 'Passes.',
    unit: 'epochs',
    default: 20,
    min: 1,
    max: 500,
    basic: true,
  },
  {
    key: 'learningRate',
    type: 'number',
    label: 'Learning rate',
    help: 'Step size.',
    default: 0.001,
    min: 1e-7,
    max: 1,
    basic: true,
  },
  {
    key: 'variant',
    type: 'choice',
    label: 'Variant',
    help: 'Which graphs.',
    default: 'g',
    choices: [
      { value: 'g', label: 'Global' },
      { value: 'l', label: 'Local' },
    ],
    basic: false,
  },
]
const methodOf = (change: Pick<MethodInfo, 'id' | 'label' | 'family'>): MethodInfo => ({
  purpose: 'Ranks items.',
  assumptions: [],
  identification: null,
  needs: [],
  paper: { title: 'A paper', authors: 'A', year: 2024 },
  capabilities: ['score'],
  params,
  series: [{ id: 'ndcg@10', label: 'NDCG@10', help: '', group: 'validation' }],
  ...change,
})

/** A causal method and a baseline with the same parameters. */
export const experimentMethods: MethodInfo[] = [
  methodOf({ id: 'csc', label: 'CSC', family: 'causal' }),
  methodOf({ id: 'multi-vae', label: 'Multi-VAE', family: 'baseline' }),
]

export const experimentText = `# Is the graph worth it?
type: causeway-experiment
version: 1
name: csc or not
data:
  dataset: demo
methods:
  - method: csc
    search:
      learningRate: [0.001, 0.01] # two are enough
  - method: multi-vae
    search:
      learningRate: [0.001, 0.01]
seeds: [1, 2, 3]
budget:
  trialsPerMethod: 2
  epochsPerTrial: 20
`

export const trialOf = (change: Partial<Trial> = {}): Trial => ({
  number: 1,
  label: 'csc',
  method: 'csc',
  phase: 'search',
  params: { epochs: 20, learningRate: 0.001, variant: 'g' },
  seed: 0,
  state: 'completed',
  run: 'run-1',
  objective: 0.2,
  epochs: 12,
  seconds: 30,
  reason: null,
  ...change,
})

/** The experiment of a text with the trials given, as the services tell of it. */
export function experimentOf(
  trialList: Trial[],
  change: Partial<ExperimentDetail> = {},
  text = experimentText,
): ExperimentDetail {
  const file = parseExperiment(text, experimentMethods)
  const plan = planExperiment(file, experimentMethods)
  const count = (state: Trial['state']): number => trialList.filter((trial) => trial.state === state).length
  return {
    name: file.name,
    notes: file.notes,
    dataset: file.data.dataset,
    methods: file.methods.map(({ method }) => method),
    createdAt: '2026-01-01T10:00:00.000Z',
    state: trialList.length === 0 ? 'queued' : 'running',
    trials: { planned: plan.trials, completed: count('completed'), pruned: count('pruned'), failed: count('failed') },
    file,
    text,
    plan,
    trialList,
    best: {},
    error: null,
    ...change,
  }
}

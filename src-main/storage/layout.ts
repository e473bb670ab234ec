import { join } from 'node:path'

/** Where things lie in a workspace. The one place that spells these names. */
export const workspaceFile = (workspace: string): string => join(workspace, 'workspace.json')
export const lockFile = (workspace: string): string => join(workspace, '.lock')
export const datasetsDirectory = (workspace: string): string => join(workspace, 'datasets')
export const datasetDirectory = (workspace: string, name: string): string => join(workspace, 'datasets', name)
export const splitDirectory = (workspace: string, hash: string): string => join(workspace, 'splits', hash)
export const runsDirectory = (workspace: string): string => join(workspace, 'runs')
export const runDirectory = (workspace: string, id: string): string => join(workspace, 'runs', id)
export const knowledgeDirectory = (workspace: string): string => join(workspace, 'knowledge')
export const domainGraphsDirectory = (workspace: string): string => join(workspace, 'domain-graphs')
export const experimentsDirectory = (workspace: string): string => join(workspace, 'experiments')
export const simulationsDirectory = (workspace: string): string => join(workspace, 'simulations')
/** What the table of runs is drawn from: derived from the manifests, and made anew where it is gone. */
export const runIndexFile = (workspace: string): string => join(workspace, 'runs-index')
/** Uploads and half-written products; emptied when the workspace is opened. */
export const temporaryDirectory = (workspace: string): string => join(workspace, '.tmp')

/** Inside a run folder. */
export const runFiles = {
  manifest: 'manifest.json',
  metrics: 'metrics.jsonl',
  log: 'log.jsonl',
  checkpoint: 'checkpoint',
  weights: 'weights.safetensors',
  graph: 'graph.json',
  /** The learned correlation of exogenous variables. */
  correlation: 'correlation.json',
  /** How well the model of the exposures fits. */
  exposureCheck: 'exposure-check.json',
  /** The test users' lists and their metric values. */
  evaluation: 'evaluation.safetensors',
  annotations: 'annotations.json',
  masks: 'masks',
  effects: 'effects',
  /** What each resample of the bootstrap found: of the graph, or of the correlation. */
  bootstrap: 'bootstrap.jsonl',
  /** How many resamples were asked for. */
  bootstrapPlan: 'bootstrap.json',
} as const

/** Inside an experiment's folder. */
export const experimentFiles = { manifest: 'experiment.json', text: 'experiment.yaml', trials: 'trials.jsonl' } as const

/** Inside a simulation's folder. */
export const simulationFiles = {
  /** What the preferences of all pairs follow from. */
  preferences: 'preferences.safetensors',
  /** The ratings of a data set, and the decoders that were fitted to them. */
  ratings: 'ratings.safetensors',
  decoders: 'decoders.safetensors',
  fits: 'fits.jsonl',
} as const

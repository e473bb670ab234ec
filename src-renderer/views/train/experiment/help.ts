import type { SearchStrategy } from '../../../../src-shared/domain/experiment'

/** When to take which strategy, in a line each. */
export const strategyHelp: Record<SearchStrategy, { label: string; help: string }> = {
  grid: {
    label: 'Grid',
    help: 'Every combination of the listed values. For one or two parameters with few values, and where the whole table is wanted.',
  },
  random: {
    label: 'Random',
    help: 'Values drawn at random. For three or more parameters: most of them matter little, and a grid wastes trials on those.',
  },
  tpe: {
    label: 'Bayesian (TPE)',
    help: 'Each trial is drawn near what went well so far, after 10 random ones. For 20 trials and more, and for ranges.',
  },
}

export const earlyTerminationHelp =
  'Ends a search trial once its best value lies below the median of what the earlier trials of its method had by the same epoch: after 4 finished trials and 5 epochs. Final runs are never ended by it.'

export const seedsHelp =
  'The best parameters of each method are trained once for each seed; only these runs are compared. The spread over seeds is what a difference has to exceed.'

export const searchSeedHelp =
  'Starts the search, and every training of it. Take one that is not among the seeds above: searching on a seed that is compared picks what is lucky on it.'

export const budgetHelp = {
  trials:
    'Search trials of every method that has something to search. The same for all: who is tuned longer looks better.',
  epochs:
    'No training takes more epochs than this, whatever its own parameter says. Left empty: what the parameters say.',
  minutes: 'Training time of the search of each method; its search ends when it is spent. Left empty: no limit.',
} as const

import type { MethodInfo } from '../../../../src-shared/domain/method'

/** A name that is not taken yet: `name`, `name 2`, `name 3` … */
export function freeName(name: string, taken: (name: string) => boolean): string {
  if (!taken(name)) return name
  const stem = name.replace(/ \d+$/, '').slice(0, 58)
  for (let number = 2; ; number++) if (!taken(`${stem} ${number}`)) return `${stem} ${number}`
}

/** Quoted where YAML would read something else. */
const quoted = (text: string): string => (/^[\p{L}][\p{L}\p{N}_-]*$/u.test(text) ? text : JSON.stringify(text))

/**
 * A ready experiment: a causal method against a baseline on three seeds, short enough to be seen through. `searches`: both look for
 * their learning rate first.
 */
export function exampleText(
  name: string,
  dataset: string,
  methods: readonly MethodInfo[],
  { searches }: { searches: boolean },
): string {
  const causal = methods.find((method) => method.family === 'causal')
  const baseline = methods.find((method) => method.family === 'baseline')
  const compared = [causal, baseline].filter((method) => method !== undefined)
  const entries = compared.flatMap((method) => [
    `  - method: ${method.id}`,
    ...(searches && method.params.some((spec) => spec.key === 'learningRate')
      ? ['    search:', '      learningRate: [0.0005, 0.001, 0.002]']
      : []),
  ])
  return [
    '# Does the causal method do better than the baseline, at the same budget?',
    'type: causeway-experiment',
    'version: 1',
    `name: ${quoted(name)}`,
    'data:',
    `  dataset: ${quoted(dataset)}`,
    'methods:',
    ...entries,
    ...(searches ? ['search:', '  strategy: grid'] : []),
    'seeds: [1, 2, 3]',
    'budget:',
    ...(searches ? ['  trialsPerMethod: 3'] : []),
    '  epochsPerTrial: 20',
    'metrics:',
    '  objective: ndcg@10',
    "  report: ['ndcg@10', 'recall@10']",
    '',
  ].join('\n')
}

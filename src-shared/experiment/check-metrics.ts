import { CausewayError } from '../contract/errors'
import type { DatasetManifest } from '../domain/dataset'
import type { ExperimentFile } from '../domain/experiment'
import { allMetricNames, cutoffWords } from '../domain/metric'

type Described = Pick<DatasetManifest, 'name' | 'hasRatings' | 'itemAttributes'>

/**
 * Whether runs on the data set can have the metrics that an experiment searches by and compares: asked before hours of training, not after.
 * @throws CausewayError `paramInvalid` naming the first metric that no run would have, and what there is
 */
export function checkReportMetrics({ metrics }: ExperimentFile, { name, hasRatings, itemAttributes }: Described): void {
  const ofType = (isText: boolean): string[] =>
    itemAttributes.filter(({ type }) => (type === 'text') === isText).map((attribute) => attribute.name)
  const [numericAttributes, categories] = [ofType(false), ofType(true)]
  const known = new Set(allMetricNames({ numericAttributes, categories, hasObservedNegatives: hasRatings }))
  const asked = [
    ['metrics.objective', metrics.objective],
    ...metrics.report.map((metric, at) => [`metrics.report.${at}`, metric]),
  ] as const
  const missing = asked.find(([, metric]) => !known.has(metric))
  if (!missing) return
  const [key, metric] = missing
  const listed = (names: string[]): string => (names.length > 0 ? names.join(', ') : 'none')
  throw new CausewayError(
    'paramInvalid',
    `${key}: no run on "${name}" would have ${metric}. ${cutoffWords}; ` +
      `numeric attributes of its items: ${listed(numericAttributes)}; texts: ${listed(categories)}${hasRatings ? '' : '; it has no ratings'}.`,
    { metric, numericAttributes, categories },
  )
}

import { CausewayError } from '../contract/errors'
import type { DatasetManifest } from '../domain/dataset'
import type { ExperimentFile } from '../domain/experiment'
import { allMetricNames, cutoffs } from '../domain/metric'

type Described = Pick<DatasetManifest, 'name' | 'hasRatings' | 'itemAttributes'>

/**
 * Whether runs on the data set can have the metrics that an experiment compares: asked before hours of training, not after.
 * @throws CausewayError `paramInvalid` naming the first metric that no run would have, and what there is
 */
export function checkReportMetrics({ metrics }: ExperimentFile, { name, hasRatings, itemAttributes }: Described): void {
  const ofType = (isText: boolean): string[] =>
    itemAttributes.filter(({ type }) => (type === 'text') === isText).map((attribute) => attribute.name)
  const [numericAttributes, categories] = [ofType(false), ofType(true)]
  const known = new Set(allMetricNames({ numericAttributes, categories, hasObservedNegatives: hasRatings }))
  const at = metrics.report.findIndex((metric) => !known.has(metric))
  if (at < 0) return
  const listed = (names: string[]): string => (names.length > 0 ? names.join(', ') : 'none')
  throw new CausewayError(
    'paramInvalid',
    `metrics.report.${at}: no run on "${name}" would have ${metrics.report[at]}. Lists are measured at ${cutoffs.join(' and ')}; ` +
      `numeric attributes of its items: ${listed(numericAttributes)}; texts: ${listed(categories)}${hasRatings ? '' : '; it has no ratings'}.`,
    { metric: metrics.report[at], numericAttributes, categories },
  )
}

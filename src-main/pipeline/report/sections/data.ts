import type { DatasetCard } from '../../../../src-shared/domain/dataset'
import type { ReportedData, ReportInput } from '../report-input'
import { significant, type Block, type Cell } from '../report-document'
import { count, facts, fewestUsers, percent } from '../words'

/** What the runs were trained on: counts, distributions and what to know before trusting numbers made from it. */
export function dataSection({ data, options }: ReportInput): Block[] {
  return data.flatMap((one) => {
    const { card, dataset } = one
    const heading: Block[] = data.length > 1 ? [{ kind: 'heading', text: `${dataset}, split ${short(one)}` }] : []
    return [...heading, ...(card ? cardBlocks(card, one, options.aggregatesOnly) : goneBlocks(one))]
  })
}

const short = ({ splitHash }: ReportedData): string => splitHash?.slice(0, 12) ?? 'not recorded'

const goneBlocks = ({ dataset, datasetHash }: ReportedData): Block[] => [
  {
    kind: 'warning',
    text: `The data set ${dataset} is no longer in the workspace, or another one now has its name: the data that was trained on cannot be described. Its hash is ${datasetHash}.`,
  },
]

function cardBlocks(card: DatasetCard, { datasetHash, splitHash }: ReportedData, aggregatesOnly: boolean): Block[] {
  const { manifest, raw, prepared, shareOfTop20Percent, timeRange, alerts } = card
  const rows: Cell[][] = [
    ['Source', manifest.source.files.join(', ')],
    ['Users', count(raw.users)],
    ['Items', count(raw.items)],
    ['Interactions', count(raw.interactions)],
    ['Repeated interactions', count(raw.duplicates)],
    ...(manifest.randomised === undefined ? [] : [['Shown at random', count(manifest.randomised)]]),
    ['Density of the raw table', percent(raw.density)],
    ...(timeRange ? [['Time range', `${timeRange.from.slice(0, 10)} to ${timeRange.to.slice(0, 10)}`]] : []),
    ['Users after the recipe', count(prepared.users)],
    ['Items after the recipe', count(prepared.items)],
    ['Positive interactions', count(prepared.positives)],
    ['Train / validation / test', [prepared.train, prepared.validation, prepared.test].map(count).join(' / ')],
    ['Users without a test item', count(prepared.coldUsers)],
    ['Share of positives on the top 20 % of items', percent(shareOfTop20Percent)],
    ['SHA-256 of the data set', datasetHash],
    ['Hash of the split', splitHash ?? 'not recorded'],
  ]
  const blocks: Block[] = [facts(`The data set ${manifest.name}`, rows)]
  if (alerts.length > 0) blocks.push({ kind: 'list', items: alerts.map((alert) => alert.text) })
  if (card.longTail.length > 1) {
    blocks.push({
      kind: 'chart',
      caption: 'Popularity: positive interactions of each item, most popular first',
      xLabel: 'Rank of the item',
      yLabel: 'Positive interactions',
      series: [{ label: 'Items', points: card.longTail }],
    })
  }
  const { edges, counts } = card.positivesPerUser
  if (counts.length > 0) {
    blocks.push({
      kind: 'bars',
      caption: 'Activity: users by the number of their positive interactions',
      xLabel: 'Positive interactions',
      yLabel: 'Users',
      bars: counts.map((users, bin) => ({
        label: binLabel(edges[bin]!, edges[bin + 1]!, bin === counts.length - 1),
        // A bin of few people would speak of them.
        value: aggregatesOnly && users > 0 && users < fewestUsers ? null : users,
      })),
    })
  }
  return blocks
}

/** Bins hold their lower edge, the last one its upper too. */
const binLabel = (low: number, high: number, last: boolean): string =>
  Number.isInteger(low) && Number.isInteger(high)
    ? last || high - low > 1
      ? `${low}–${last ? high : high - 1}`
      : String(low)
    : `${significant(low)}–${significant(high)}`

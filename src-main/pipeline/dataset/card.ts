import type { CardAlert, DatasetCard, DatasetManifest, Histogram, Recipe } from '../../../src-shared/domain/dataset'
import { countColdUsers } from '../split/divide'
import { prepareInMemory, resolveRecipe, type PrepareOptions, type Preparation } from '../split/prepare-split'
import { readDataset } from './dataset'
import type { Positives } from './positives'

const longTailPoints = 200
/** More different ratings than this are shown in bins of equal width. */
const mostRatingValues = 40
const ratingBins = 20

/**
 * The card of a data set under a recipe. Reads, and writes nothing.
 * @throws CausewayError as `prepareSplit` does
 */
export async function makeCard(
  workspace: string,
  dataset: string,
  given: Record<string, unknown>,
  options: PrepareOptions = {},
): Promise<DatasetCard> {
  const recipe = resolveRecipe(given)
  const manifest = await readDataset(workspace, dataset)
  return cardOf(manifest, recipe, await prepareInMemory(workspace, manifest, recipe, options))
}

function cardOf(manifest: DatasetManifest, recipe: Recipe, preparation: Preparation): DatasetCard {
  const { columns, merged, positives, split } = preparation
  const { users, items, interactions } = manifest
  const popularity = popularityOf(positives)
  const perUser = positives.userIds.map((_, user) => positives.starts[user + 1]! - positives.starts[user]!)
  const card: Omit<DatasetCard, 'alerts'> = {
    manifest,
    recipe,
    raw: {
      users,
      items,
      interactions,
      duplicates: merged.duplicates,
      density: (interactions - merged.duplicates) / (users * items),
    },
    prepared: {
      users: positives.userIds.length,
      items: positives.itemIds.length,
      positives: positives.items.length,
      density: positives.items.length / (positives.userIds.length * positives.itemIds.length),
      train: split.train.indices.length,
      validation: split.validation.indices.length,
      test: split.test.indices.length,
      coldUsers: countColdUsers(split),
      splitHash: split.hash,
    },
    ratings: columns.ratings ? countRatings(columns.ratings) : [],
    longTail: thinRanks(popularity.length).map((rank) => [rank, popularity[rank - 1]!]),
    shareOfTop20Percent: shareOfTop(popularity, 0.2),
    positivesPerUser: histogram(perUser),
    timeRange: columns.times ? rangeOf(columns.times) : null,
  }
  const single = perUser.filter((count) => count === 1).length
  const missing = (values: Float64Array | null): number =>
    values ? values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0) : 0
  const gaps = { single, unrated: missing(columns.ratings), unweighted: missing(columns.propensities) }
  return { ...card, alerts: alertsOf(card, gaps) }
}

/** Positives of each item, from the most to the least popular. */
function popularityOf(positives: Positives): Int32Array {
  const counts = new Int32Array(positives.itemIds.length)
  for (const item of positives.items) counts[item]!++
  return counts.sort().reverse()
}

/** At most 200 ranks from 1 to `count`, half of them evenly spaced, half on a logarithmic scale: good for a plot on either axis. */
function thinRanks(count: number): number[] {
  if (count <= longTailPoints) return Array.from({ length: count }, (_, at) => at + 1)
  const half = longTailPoints / 2
  const steps = Array.from({ length: half }, (_, at) => at / (half - 1))
  const ranks = steps.flatMap((step) => [Math.round(count ** step), Math.round(1 + (count - 1) * step)])
  return [...new Set(ranks)].sort((a, b) => a - b)
}

/** The share of all positives that fall on the first `share` of the items. */
function shareOfTop(popularity: Int32Array, share: number): number {
  const top = popularity.subarray(0, Math.ceil(popularity.length * share))
  const sum = (counts: Int32Array): number => counts.reduce((total, count) => total + count, 0)
  return sum(top) / sum(popularity)
}

function countRatings(ratings: Float64Array): DatasetCard['ratings'] {
  const counts = new Map<number, number>()
  let min = Infinity
  let max = -Infinity
  for (const rating of ratings) {
    if (Number.isNaN(rating)) continue
    min = Math.min(min, rating)
    max = Math.max(max, rating)
    if (counts.size <= mostRatingValues || counts.has(rating)) counts.set(rating, (counts.get(rating) ?? 0) + 1)
  }
  if (counts.size <= mostRatingValues)
    return [...counts].sort(([a], [b]) => a - b).map(([value, count]) => ({ value, count }))
  const width = (max - min) / ratingBins
  const bins = Array.from({ length: ratingBins }, (_, at) => ({ value: min + (at + 0.5) * width, count: 0 }))
  for (const rating of ratings)
    if (!Number.isNaN(rating)) bins[Math.min(ratingBins - 1, Math.floor((rating - min) / width))]!.count++
  return bins
}

/** A histogram of counts over the bins 1, 2, 5, 10, 20, 50, …, and 0 where it is among them. */
function histogram(counts: number[]): Histogram {
  const max = counts.reduce((most, count) => Math.max(most, count), 0)
  const edges = counts.includes(0) ? [0, 1] : [1]
  for (let decade = 1; edges.at(-1)! <= max; decade *= 10)
    for (const step of [2, 5, 10]) if (edges.at(-1)! <= max) edges.push(step * decade)
  const bins = edges.slice(1).map(() => 0)
  for (const count of counts) bins[edges.findLastIndex((edge) => edge <= count)]!++
  return { edges, counts: bins }
}

function rangeOf(times: Float64Array): DatasetCard['timeRange'] {
  let first = Infinity
  let last = -Infinity
  for (const time of times) {
    if (time < first) first = time
    if (time > last) last = time
  }
  return { from: new Date(first * 1000).toISOString(), to: new Date(last * 1000).toISOString() }
}

const count = (value: number, one: string, many = `${one}s`): string =>
  `${value.toLocaleString('en')} ${value === 1 ? one : many}`
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.01 ? 2 : 0)} %`

/** What an analyst should know before trusting numbers made from this data set. */
function alertsOf(
  card: Omit<DatasetCard, 'alerts'>,
  { single, unrated, unweighted }: { single: number; unrated: number; unweighted: number },
): CardAlert[] {
  const { raw, prepared, manifest, recipe } = card
  const alerts: CardAlert[] = []
  const warn = (text: string): void => void alerts.push({ level: 'warning', text })
  const inform = (text: string): void => void alerts.push({ level: 'info', text })
  for (const note of manifest.notes ?? []) inform(note)
  if (raw.duplicates > 0)
    inform(
      `${count(raw.duplicates, 'row repeats', 'rows repeat')} a user and item met before (${percent(raw.duplicates / raw.interactions)}); the recipe keeps ${{ last: 'the last', first: 'the first', max: 'the highest rating', mean: 'the mean rating' }[recipe.duplicates]}.`,
    )
  if (!manifest.hasRatings) inform('There are no ratings: every interaction counts as positive.')
  if (unrated > 0 && manifest.hasRatings)
    warn(`${count(unrated, 'interaction has', 'interactions have')} no rating and cannot be positive.`)
  if (unweighted > 0) warn(`${count(unweighted, 'interaction has', 'interactions have')} no propensity.`)
  const isRandomised = recipe.splitBy === 'randomised'
  if (manifest.randomised !== undefined && manifest.randomised > 0 && !isRandomised)
    inform(
      `${count(manifest.randomised, 'interaction was', 'interactions were')} shown at random. Split by "randomised" to test on them alone: elsewhere they are mixed with what users chose.`,
    )
  if (isRandomised)
    inform('The test part was shown at random: what is measured on it is free of selection by the users.')
  const reason = recipe.kCore > 1 ? `no positive in the ${recipe.kCore}-core` : 'no positive'
  const lostUsers = raw.users - prepared.users
  if (lostUsers > 0) inform(`${count(lostUsers, 'user is', 'users are')} left out by the recipe (${reason}).`)
  const lostItems = raw.items - prepared.items
  if (lostItems > 0) inform(`${count(lostItems, 'item is', 'items are')} left out by the recipe (${reason}).`)
  // In a randomised split it may well be the one that is tested.
  if (single > 0 && !isRandomised)
    warn(`${count(single, 'user has', 'users have')} only one positive: kept for training, never tested.`)
  if (prepared.coldUsers > 0)
    warn(`${count(prepared.coldUsers, 'user has', 'users have')} no test item and count in no metric.`)
  if (prepared.users - prepared.coldUsers < 100)
    warn(`Metrics rest on ${count(prepared.users - prepared.coldUsers, 'user')} only: expect wide intervals.`)
  if (prepared.validation === 0) warn('No user has a validation item: early stopping has nothing to look at.')
  if (card.shareOfTop20Percent > 0.8)
    warn(
      `The most popular 20 % of items hold ${percent(card.shareOfTop20Percent)} of the positives: compare with a popularity baseline.`,
    )
  if (prepared.density < 0.001)
    inform(
      `Only ${(prepared.density * 100).toPrecision(2)} % of all user-item pairs are positive: a k-core makes it denser.`,
    )
  const ends = card.timeRange
  if (ends && ends.from === ends.to)
    warn('All interactions have the same time: a split by time follows the order of rows.')
  if (ends && (ends.from < '1980' || ends.to > '2100'))
    warn(`The times run from ${ends.from.slice(0, 10)} to ${ends.to.slice(0, 10)}: check the mapped time column.`)
  if (manifest.itemAttributes.length === 0) inform('Items have no attributes: lists show their ids.')
  else if (manifest.titleAttribute === null) inform('No item attribute looks like a title: lists show ids.')
  return alerts
}

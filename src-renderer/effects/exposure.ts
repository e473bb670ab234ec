import type {
  ExposedUser,
  ItemExposureEffects,
  SegmentExposureEffects,
  StrongestExposureEffects,
} from '../../src-shared/domain/exposure'
import { effectText, meanOverUsers } from '../../src-shared/exposure/words'
import type { ChartTable } from '../charts/chart'
import { formatCount, plural } from '../format'

/** What exposures do, in words and tables. Pure functions. */

const columns = (...labels: string[]): ChartTable['columns'] => labels.map((label) => ({ label }))

/** What exposing an item does, in a sentence or two. */
export function itemSentence({ item, user, isExposed, own, raises, lowers }: ItemExposureEffects): string {
  // What the user saw too may be held out.
  const whom = user === null ? '' : `, which user ${user} was ${isExposed ? '' : 'not '}shown in the train part,`
  return `Exposing ${item.title}${whom} raises ${plural(raises, 'item')} and lowers ${formatCount(lowers)}. On itself: ${effectText(own)}.`
}

/** What became of a user's list, in a sentence. */
export function exposedSentence({ listed, k, moved }: ExposedUser): string {
  if (listed.every(({ set }) => set === null) && moved.length === 0)
    return 'Nothing is set: this is the list under what the user was shown in the train part. Expose or withdraw an item to see what moves.'
  const after = listed.filter(({ after }) => after.rank !== null && after.rank <= k)
  const entering = after.filter(({ before }) => before.rank !== null && before.rank > k).length
  const places = after.filter(({ before, after }) => before.rank !== after.rank).length
  const most = moved[0]
  const first = most
    ? ` Most moves ${most.title}: ${effectText(most.after.predicted - most.before.predicted)}.`
    : ' No predicted rating moves.'
  if (places === 0) return `The list stays as it is.${first}`
  return entering === 0
    ? `The same ${plural(after.length, 'item')}, ${places} of them in another place.${first}`
    : `${plural(entering, 'item')} of ${after.length} ${entering === 1 ? 'is' : 'are'} new.${first}`
}

/** The strongest effects as a table to be saved; the user is empty where they are for everyone. */
export const strongestTable = ({ user, outcome, pairs }: StrongestExposureEffects): ChartTable => ({
  columns: columns('user', 'exposed', 'exposed_title', 'rated', 'rated_title', 'effect', 'outcome'),
  rows: pairs.map(({ from, to, effect }) => [user ?? '', from.id, from.title, to.id, to.title, effect, outcome]),
})

/** A user's items under set exposures. */
export const exposedTable = ({ user, outcome, listed, moved }: ExposedUser): ChartTable => ({
  columns: columns(
    'user',
    'table',
    'item',
    'title',
    'rank_before',
    'rank_after',
    'predicted_before',
    'predicted_after',
    'outcome',
    'set',
  ),
  rows: [...listed.map((item) => ['list', item] as const), ...moved.map((item) => ['moved', item] as const)].map(
    ([table, { id, title, before, after, set }]) => [
      user,
      table,
      id,
      title,
      before.rank,
      after.rank,
      before.predicted,
      after.predicted,
      outcome,
      set,
    ],
  ),
})

/** One row an item and segment, the mean over users among them. */
export const segmentsTable = ({ item, attribute, outcome, segments, items }: SegmentExposureEffects): ChartTable => ({
  columns: columns(
    'exposed',
    'rated',
    'title',
    attribute,
    'users',
    'sampled',
    'effect',
    'standard_error',
    'difference',
    'difference_error',
    'outcome',
  ),
  rows: items.flatMap(({ id, title, overUsers, bySegment }) => [
    [
      item.id,
      id,
      title,
      meanOverUsers.toLowerCase(),
      null,
      null,
      overUsers.mean,
      overUsers.standardError,
      null,
      null,
      outcome,
    ],
    ...bySegment.map(({ mean, standardError, difference, differenceError }, at) => [
      item.id,
      id,
      title,
      segments[at]!.label,
      segments[at]!.users,
      segments[at]!.sampled,
      mean,
      standardError,
      difference,
      differenceError,
      outcome,
    ]),
  ]),
})

import type { Command } from 'commander'
import { CausewayError } from '../../../src-shared/contract/errors'
import {
  mostExposureEffects,
  type ExposedItem,
  type ExposedUser,
  type JudgedCheck,
  type ItemExposureEffects,
  type SegmentExposureEffects,
  type StrongestExposureEffects,
} from '../../../src-shared/domain/exposure'
import { columnCsv, matrixHead, matrixRows } from '../../../src-shared/exposure/tables'
import {
  checkText,
  effectMeaning,
  effectText,
  exposureAssumptions,
  exposureVerdict,
  meanEffectText,
  meanOverUsers,
  notCheckedText,
  outcomeLabel,
  sampleText,
  segmentEffectMeaning,
  uncheckedText,
} from '../../../src-shared/exposure/words'
import { writeFileAtomicLater } from '../../storage/atomic'
import { ask } from './ask'
import { collect, type CommandContext } from './context'
import { count, decimals, duration, table } from './format'
import { integerIn } from './integer-option'
import type { Output } from './output'
import type { Session } from './session'
import { outputFile, writeText } from './text-files'

/** Rows of the matrix that are asked for at once. */
const matrixBlock = 64

interface OfOptions {
  user?: string
  top: number
  out?: string
}
interface StrongestOptions {
  user?: string
  count: number
  own?: boolean
}
interface ExposeOptions {
  user: string
  expose: string[]
  withdraw: string[]
  k: number
}

/** What exposing items does to ratings, beside the saved results that `effects` lists. */
export function addExposureCommands({ output, session }: CommandContext, effects: Command): void {
  const userHelp = 'at this user (id as in the data), at what the train part shows (CATE); left out: for everyone (ATE)'
  effects
    .command('check')
    .description('how well the exposure model of a run fits, and what that means for its effects')
    .argument('<run>')
    .action((run: string) =>
      session('read', async (opened) => {
        const check = await opened.request('exposure:check', { run })
        const verdict = check && exposureVerdict(check)
        const { manifest } = await opened.request('runs:get', { run })
        output.result({ run, check, verdict }, () => (check ? describeCheck(check) : uncheckedText(manifest.state)))
      }),
    )

  effects
    .command('items')
    .description('items of a run by title or id')
    .argument('<run>')
    .argument('[words]', 'part of a title or an id', '')
    .option('--limit <n>', 'no more than these', integerIn(1, 200), 50)
    .action((run: string, query: string, { limit }: { limit: number }) =>
      session('read', async (opened) => {
        const found = await opened.request('exposure:items', { run, query, limit })
        output.result(found, () =>
          table(
            ['item', 'title', 'shown to users'],
            found.map(({ id, title, shownTo }) => [id, title, shownTo]),
          ),
        )
      }),
    )

  effects
    .command('of')
    .description('what exposing an item does to the predicted ratings of the others')
    .argument('<run>')
    .argument('<item>', 'id of the item, as in the data')
    .option('--user <id>', userHelp)
    .option('--top <n>', 'items that rise most and fall most', integerIn(1, mostExposureEffects), 10)
    .option('--out <file>', 'write the effects on all items as CSV')
    .action((run: string, item: string, { user, top, out }: OfOptions) =>
      session('read', async (opened) => {
        const asked = { run, item, user: user ?? null }
        if (out !== undefined) {
          outputFile(out)
          await noteCheck(opened, run, output)
          const column = await opened.request('exposure:column', asked)
          const file = writeText(out, columnCsv(column))
          return output.result({ ...asked, file, items: column.items.length }, () => file)
        }
        const found = await opened.request('exposure:effects', { ...asked, count: top })
        await noteCheck(opened, run, output)
        output.result({ run, ...found }, () => describeItem(found))
      }),
    )

  effects
    .command('strongest')
    .description('the strongest effects of exposing any item on the predicted rating of any')
    .argument('<run>')
    .option('--user <id>', userHelp)
    .option('--count <n>', 'how many', integerIn(1, mostExposureEffects), 20)
    .option('--own', 'also those of items on themselves')
    .action((run: string, { user, count: most, own = false }: StrongestOptions) =>
      session('read', async (opened) => {
        const found = await ask(opened, (task) =>
          opened.request('exposure:strongest', { run, user: user ?? null, count: most, own, task }),
        )
        await noteCheck(opened, run, output)
        output.result({ run, ...found }, () => describeStrongest(found))
      }),
    )

  effects
    .command('expose')
    .description('what becomes of a user’s predicted ratings and list where exposures are set')
    .argument('<run>')
    .requiredOption('--user <id>', 'id of the user, as in the data')
    .option('--expose <item>', 'show this item; may be repeated', collect, [])
    .option('--withdraw <item>', 'do not show this one of the train part; may be repeated', collect, [])
    .option('--k <n>', 'length of the list', integerIn(1, 1000), 10)
    .action((run: string, { user, expose, withdraw, k }: ExposeOptions) =>
      session('read', async (opened) => {
        if (expose.length + withdraw.length === 0)
          throw new CausewayError('badRequest', 'Say which items to --expose or to --withdraw.')
        const found = await opened.request('exposure:expose', { run, user, expose, withdraw, k })
        await noteCheck(opened, run, output)
        output.result({ run, ...found }, () => describeExposed(found))
      }),
    )

  effects
    .command('segments')
    .description('what exposing an item does in each segment of users')
    .argument('<run>')
    .argument('<item>', 'id of the item, as in the data')
    .requiredOption('--by <attribute>', 'attribute of the users (causeway segments RUN lists them)')
    .option('--top <n>', 'items that are affected most', integerIn(1, mostExposureEffects), 10)
    .action((run: string, item: string, { by, top }: { by: string; top: number }) =>
      session('read', async (opened) => {
        const found = await ask(opened, (task) =>
          opened.request('exposure:segments', { run, item, attribute: by, count: top, task }),
        )
        await noteCheck(opened, run, output)
        output.result({ run, ...found }, () => describeSegments(found))
      }),
    )

  effects
    .command('matrix')
    .description('all effects as CSV: a row for each rated item, a column for each exposed one')
    .argument('<run>')
    .option('--user <id>', userHelp)
    .requiredOption('--out <file>', 'file to write; it has a number for each pair of items')
    .action((run: string, { user, out }: { user?: string; out: string }) =>
      session('read', async (opened) => {
        const file = outputFile(out)
        await noteCheck(opened, run, output)
        const written = { items: 0, bytes: 0 }
        await writeFileAtomicLater(file, matrixOf(opened, output, { run, user: user ?? null }, written))
        output.result({ run, user: user ?? null, file, items: written.items, sizeBytes: written.bytes }, () => file)
      }),
    )
}

/** The matrix block by block: it is never in memory as a whole. @throws CausewayError `cancelled` after SIGINT */
async function* matrixOf(
  { request }: Session,
  output: Output,
  asked: { run: string; user: string | null },
  written: { items: number; bytes: number },
): AsyncGenerator<string> {
  const started = performance.now()
  let stopped = false
  const stop = (): void => void (stopped = true)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.once(signal, stop)
  try {
    let from = 0
    do {
      if (stopped) throw new CausewayError('cancelled', 'Cancelled: nothing was written.')
      const rows = await request('exposure:rows', { ...asked, from, count: matrixBlock })
      const text = (from === 0 ? matrixHead(rows) : '') + matrixRows(rows)
      written.items = rows.items.length
      written.bytes += Buffer.byteLength(text)
      yield text
      from += rows.effects.length / rows.items.length
      const share = from / written.items
      const left = ((performance.now() - started) / 1000) * (1 / share - 1)
      output.progress(`Computing effects: ${Math.floor(share * 100)} %, about ${duration(left)} to go`)
    } while (from < written.items)
  } finally {
    for (const signal of signals) process.off(signal, stop)
    output.endProgress()
  }
}

/** A check that failed, or was never made, is said with every answer that would rest on it. */
async function noteCheck({ request }: Session, run: string, output: Output): Promise<void> {
  const check = await request('exposure:check', { run })
  const verdict = check && exposureVerdict(check)
  if (!verdict) output.note(notCheckedText)
  else if (!verdict.passed) output.note(`Warning: ${verdict.headline}. ${verdict.meaning}`)
}

function describeCheck(check: JudgedCheck): string {
  const { headline, meaning } = exposureVerdict(check)
  return [
    `${headline}.`,
    meaning,
    checkText(check),
    '',
    'What is assumed:',
    ...exposureAssumptions.map((one) => `- ${one}`),
  ].join('\n')
}

function describeItem({ item, user, outcome, own, isExposed, raised, lowered, ...all }: ItemExposureEffects): string {
  const shown = (list: ItemExposureEffects['raised']): string =>
    table(
      ['item', 'title', 'effect', ...(user === null ? [] : ['in train part'])],
      list.map(({ id, title, effect, isExposed: was }) => [
        id,
        title,
        effectText(effect),
        ...(user === null ? [] : [was ? 'yes' : 'no']),
      ]),
    )
  return [
    `Exposing ${item.title} (${item.id}), ${user === null ? 'everyone' : `user ${user}, who was ${isExposed ? '' : 'not '}shown it in the train part`}; on its own rating ${effectText(own)}`,
    effectMeaning(outcome, user),
    '',
    `Raises ${count(all.raises)} items:`,
    shown(raised),
    '',
    `Lowers ${count(all.lowers)} items:`,
    shown(lowered),
  ].join('\n')
}

const describeStrongest = ({ user, outcome, pairs, among }: StrongestExposureEffects): string =>
  [
    effectMeaning(outcome, user),
    table(
      ['exposed', 'title', 'rated', 'title', 'effect'],
      pairs.map(({ from, to, effect }) => [from.id, from.title, to.id, to.title, effectText(effect)]),
    ),
    `The ${count(pairs.length)} strongest of ${count(among)} effects, by absolute value.`,
  ].join('\n')

function describeExposed({ user, k, outcome, listed, moved }: ExposedUser): string {
  const place = ({ rank, predicted }: ExposedItem['before']): string =>
    `${rank === null ? 'known' : rank > k ? `${rank} (out)` : rank}  ${decimals(predicted, 3)}`
  const rows = (items: ExposedItem[]): string =>
    table(
      ['item', 'title', 'before', 'after', 'change', ''],
      items.map(({ id, title, before, after, set }) => [
        id,
        title,
        place(before),
        place(after),
        effectText(after.predicted - before.predicted),
        set ?? '',
      ]),
    )
  return [
    `User ${user}: rank and ${outcomeLabel[outcome].toLowerCase()} before and after, the substitute confounder held`,
    rows(listed),
    '',
    'What moves most:',
    rows(moved),
  ].join('\n')
}

const describeSegments = (found: SegmentExposureEffects): string =>
  [
    `Exposing ${found.item.title} (${found.item.id}) in each segment by ${found.attribute}`,
    segmentEffectMeaning(found.outcome),
    table(
      [
        'item',
        'title',
        meanOverUsers.toLowerCase(),
        ...found.segments.map(({ label, users }) => `${label} (${count(users)})`),
      ],
      found.items.map(({ id, title, overUsers, bySegment }) => [
        id,
        title,
        meanEffectText(overUsers.mean, overUsers.standardError),
        ...bySegment.map(({ mean, standardError }) => meanEffectText(mean, standardError)),
      ]),
    ),
    '',
    'Less the mean over users:',
    table(
      ['item', ...found.segments.map(({ label }) => label)],
      found.items.map(({ id, bySegment }) => [
        id,
        ...bySegment.map(({ difference, differenceError }) => meanEffectText(difference, differenceError)),
      ]),
    ),
    sampleText(found),
  ].join('\n')

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Rng } from '../../src-main/tensor/rng'

/**
 * Writes `tiny.inter`, `tiny.item`: users of two tastes over two halves of the items, so that a method has something to learn.
 */
export function writeTinyInteractions(
  directory: string,
  users = 60,
  items = 40,
  perUser = 12,
): { interactions: string; items: string } {
  const rng = Rng.seeded(7)
  const rows: string[] = []
  for (let user = 1; user <= users; user++) {
    const liked = rng.shuffle(Array.from({ length: items / 2 }, (_, at) => at * 2 + (user % 2))).slice(0, perUser)
    for (const [at, item] of liked.entries()) rows.push(`u${user}\ti${item}\t${at % 4 === 3 ? 3 : 5}\t${1000 + at}`)
  }
  const written = { interactions: join(directory, 'tiny.inter'), items: join(directory, 'tiny.item') }
  writeFileSync(
    written.interactions,
    `user_id:token\titem_id:token\trating:float\ttimestamp:float\n${rows.join('\n')}\n`,
  )
  const titles = Array.from({ length: items }, (_, item) => `i${item}\tTitle <${item}>`)
  writeFileSync(written.items, `item_id:token\ttitle:token_seq\n${titles.join('\n')}\n`)
  return written
}

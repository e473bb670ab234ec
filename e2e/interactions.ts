import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Rng } from '../src-main/tensor/rng'

/** What a written data set holds, for the numbers a test expects on screen. */
export interface WrittenData {
  files: string[]
  users: number
  items: number
  interactions: number
}

/**
 * Writes RecBole files of a small log with two tastes (even users like even items) and titles, as an analyst would bring them.
 * Ratings are 1 … 5; about half are positives at a threshold of 4.
 */
export async function writeInteractions(folder: string, users = 90, items = 60): Promise<WrittenData> {
  const rng = Rng.seeded(7)
  const lines = ['user_id:token\titem_id:token\trating:float\ttimestamp:float']
  for (let u = 0; u < users; u++)
    for (let i = 0; i < items; i++) {
      if (rng.uniform() > 0.5) continue
      const liked = (u + i) % 2 === 0 ? 0.8 : 0.15
      const rating = rng.uniform() < liked ? 4 + rng.integer(2) : 1 + rng.integer(3)
      lines.push(`user ${u + 1}\tI${String(i + 1).padStart(3, '0')}\t${rating}\t${880000000 + lines.length}`)
    }
  const titles = ['item_id:token\ttitle:token_seq\tprice:float']
  for (let i = 0; i < items; i++)
    titles.push(`I${String(i + 1).padStart(3, '0')}\tFilm number ${i + 1}\t${(5 + (i % 7)).toFixed(2)}`)
  await mkdir(folder, { recursive: true })
  const files = [join(folder, 'films.inter'), join(folder, 'films.item')]
  await writeFile(files[0]!, lines.join('\n') + '\n')
  await writeFile(files[1]!, titles.join('\n') + '\n')
  return { files, users, items, interactions: lines.length - 1 }
}

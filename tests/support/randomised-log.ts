import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Rng } from '../../src-main/tensor/rng'

/**
 * Ratings of 40 users and 30 items, a part of them shown at random: users like every third item, and mostly rate what they like.
 * @returns the path of the file
 */
export function writeRandomisedLog(directory: string): string {
  const rng = Rng.seeded(3)
  const rows: string[] = []
  for (let user = 0; user < 40; user++)
    for (let item = 0; item < 30; item++) {
      const likes = item % 3 === user % 3
      const rating = rng.uniform() < (likes ? 0.85 : 0.2) ? 5 : 2
      if (rng.uniform() < 0.1) rows.push(`u${user}\ti${item}\t${rating}\t1`)
      else if (rng.uniform() < (likes ? 0.6 : 0.2)) rows.push(`u${user}\ti${item}\t${rating}\t0`)
    }
  const path = join(directory, 'log.inter')
  writeFileSync(path, ['user_id:token\titem_id:token\trating:float\trandomised:float', ...rows].join('\n') + '\n')
  return path
}

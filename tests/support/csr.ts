import type { Csr } from '../../src-shared/domain/split'

/** Lists of items as sparse rows. */
export function csrOf(lists: number[][], cols: number): Csr {
  const indptr = new Int32Array(lists.length + 1)
  lists.forEach((list, u) => (indptr[u + 1] = indptr[u]! + list.length))
  const indices = Int32Array.from(lists.flatMap((list) => [...list].sort((a, b) => a - b)))
  return { rows: lists.length, cols, indptr, indices }
}

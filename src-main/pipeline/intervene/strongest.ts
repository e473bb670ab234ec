/** An entry of a matrix. */
export interface Entry {
  row: number
  column: number
  value: number
}

/**
 * The entries with the largest absolute values of a matrix that is seen in pieces. A binary heap keeps as many as asked for, the weakest of
 * them on top. Equal values keep the order of rows, then columns, so that the pieces do not matter.
 */
export class StrongestEntries {
  private readonly heap: Entry[] = []

  constructor(private readonly most: number) {}

  add(row: number, column: number, value: number): void {
    const { heap, most } = this
    // Nearly all end here.
    if (heap.length === most && Math.abs(value) < Math.abs(heap[0]!.value)) return
    const entry = { row, column, value }
    if (heap.length < most) {
      heap.push(entry)
      this.rise(heap.length - 1)
    } else if (isWeaker(heap[0]!, entry)) {
      heap[0] = entry
      this.sink()
    }
  }

  /** Strongest first. */
  sorted(): Entry[] {
    return [...this.heap].sort((a, b) => (isWeaker(a, b) ? 1 : -1))
  }

  private rise(from: number): void {
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isWeaker(this.heap[at]!, this.heap[above]!)) return
      this.swap(at, above)
      at = above
    }
  }

  private sink(): void {
    let at = 0
    for (;;) {
      let weakest = at
      for (const below of [2 * at + 1, 2 * at + 2])
        if (below < this.heap.length && isWeaker(this.heap[below]!, this.heap[weakest]!)) weakest = below
      if (weakest === at) return
      this.swap(at, weakest)
      at = weakest
    }
  }

  private swap(a: number, b: number): void {
    const kept = this.heap[a]!
    this.heap[a] = this.heap[b]!
    this.heap[b] = kept
  }
}

/** Whether `a` stands after `b`. */
function isWeaker(a: Entry, b: Entry): boolean {
  const difference = Math.abs(a.value) - Math.abs(b.value)
  if (difference !== 0) return difference < 0
  return a.row === b.row ? a.column > b.column : a.row > b.row
}

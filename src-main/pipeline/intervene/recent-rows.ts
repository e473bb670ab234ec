/** What was computed of the last few sets of users. */
export class RecentRows<T> {
  private kept: { rows: Int32Array | null; value: T }[] = []

  constructor(private readonly most: number) {}

  /** @param rows null: all users */
  get(rows: Int32Array | null): T | undefined {
    const found = this.kept.find((entry) => sameRows(entry.rows, rows))
    if (found) this.kept = [found, ...this.kept.filter((entry) => entry !== found)]
    return found?.value
  }

  set(rows: Int32Array | null, value: T): void {
    const others = this.kept.filter((entry) => !sameRows(entry.rows, rows))
    this.kept = [{ rows, value }, ...others].slice(0, this.most)
  }
}

const sameRows = (a: Int32Array | null, b: Int32Array | null): boolean =>
  a === null || b === null ? a === b : a.length === b.length && a.every((row, at) => row === b[at])

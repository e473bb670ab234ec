import type { Position } from './state'

/** Nodes nearer than this lie on one another. */
const apart = 40

/**
 * Places for the nodes of a graph that was laid out before: nodes known from then keep their places, the others take those of the
 * fresh layout, moved aside where a node lies already.
 */
export function mergePositions(
  saved: Readonly<Record<string, Position>>,
  fresh: Readonly<Record<string, Position>>,
): Record<string, Position> {
  const names = Object.keys(fresh)
  const placed = new Map(names.filter((name) => Object.hasOwn(saved, name)).map((name) => [name, saved[name]!]))
  const lies = ({ x, y }: Position): boolean =>
    [...placed.values()].some((other) => Math.hypot(other.x - x, other.y - y) < apart)
  for (const name of names) {
    if (placed.has(name)) continue
    let at = fresh[name]!
    while (lies(at)) at = { x: at.x + apart, y: at.y }
    placed.set(name, at)
  }
  return Object.fromEntries(names.map((name) => [name, placed.get(name)!]))
}

import type { Positions } from './layout'

export type Direction = 'up' | 'down' | 'left' | 'right'

const along: Record<Direction, (dx: number, dy: number) => { ahead: number; aside: number }> = {
  up: (dx, dy) => ({ ahead: -dy, aside: Math.abs(dx) }),
  down: (dx, dy) => ({ ahead: dy, aside: Math.abs(dx) }),
  left: (dx, dy) => ({ ahead: -dx, aside: Math.abs(dy) }),
  right: (dx, dy) => ({ ahead: dx, aside: Math.abs(dy) }),
}

/** The node an arrow key leads to: ahead in that direction and near, straight ones before slanting ones. Null where none is. */
export function nearestInDirection(positions: Positions, from: string, direction: Direction): string | null {
  const here = positions[from]
  if (!here) return null
  let best: { id: string; cost: number } | null = null
  for (const [id, at] of Object.entries(positions)) {
    if (id === from) continue
    const { ahead, aside } = along[direction](at.x - here.x, at.y - here.y)
    if (ahead <= 0.5) continue
    const cost = ahead + 2 * aside
    if (best === null || cost < best.cost) best = { id, cost }
  }
  return best?.id ?? null
}

import type { Knowledge } from '../../src-shared/domain/knowledge'

const list = (edges: readonly (readonly [string, string])[]): string => {
  const shown = edges.slice(0, 6).map(([from, to]) => `${from} → ${to}`)
  return edges.length > shown.length ? `${shown.join(', ')} and ${edges.length - shown.length} more` : shown.join(', ')
}

/** Knowledge in one line: `requires c1 → c2; forbids c3 → c1; tiers c1 | c2, c3`. */
export function knowledgeText({
  required,
  forbidden,
  tiers,
}: Pick<Knowledge, 'required' | 'forbidden' | 'tiers'>): string {
  const parts = [
    ...(required.length > 0 ? [`requires ${list(required)}`] : []),
    ...(forbidden.length > 0 ? [`forbids ${list(forbidden)}`] : []),
    ...(tiers.length > 0 ? [`tiers ${tiers.map((tier) => tier.join(', ')).join(' | ')}`] : []),
  ]
  return parts.length === 0 ? 'nothing' : parts.join('; ')
}

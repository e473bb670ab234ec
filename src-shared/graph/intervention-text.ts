import type { Hold, Intervention, UserSelection } from '../domain/intervention'

/** Interventions and users in words: for reports, terminals and messages. */

/** Chosen users as a noun: `all users`, `users with gender = F`, `users u1, u2`. */
export function describeUsers(selection: UserSelection): string {
  switch (selection.kind) {
    case 'all':
      return 'all users'
    case 'users': {
      const { users } = selection
      if (users.length === 1) return `user ${users[0]}`
      const shown = users.slice(0, 5).join(', ')
      return `users ${users.length > 5 ? `${shown} and ${users.length - 5} more` : shown}`
    }
    case 'attribute':
      return `users with ${selection.attribute} = ${selection.value}`
    case 'range':
      return `users with ${selection.attribute} ${range(selection)}`
    case 'activity':
      return `users with ${range(selection)} train items`
  }
}

function range({ min, max }: { min: number | null; max: number | null }): string {
  if (min !== null && max !== null) return min === max ? String(min) : `${min} to ${max}`
  if (min !== null) return `at least ${min}`
  return max === null ? 'of any size' : `at most ${max}`
}

/** `c2 held at the mean of users with gender = F`. */
export function describeHold({ node, at }: Hold, names: readonly string[]): string {
  const name = names[node] ?? `c${node + 1}`
  switch (at.kind) {
    case 'mean':
      return `${name} held at the mean of ${describeUsers(at.users)}`
    case 'user':
      return `${name} held at the value of user ${at.user}`
    case 'sd':
      return at.sd === 0
        ? `${name} held at its mean over all users`
        : `${name} held at its mean over all users ${at.sd > 0 ? '+' : '−'} ${Math.abs(at.sd)} standard deviations`
  }
}

/** What the factors change, a sentence part each: whole rows and columns first, then single edges. Nothing where all are 1. */
export function describeFactors(factors: readonly number[][], names: readonly string[]): string[] {
  const nodes = factors.map((_, node) => node)
  const others = (node: number): number[] => nodes.filter((other) => other !== node)
  const name = (node: number): string => names[node] ?? `c${node + 1}`
  const several = nodes.length > 2
  const rows = nodes.filter((i) => several && others(i).every((j) => factors[i]![j] === 0))
  const columns = nodes.filter((j) => several && others(j).every((i) => factors[i]![j] === 0))
  const single = nodes.flatMap((i) =>
    others(i)
      .filter((j) => factors[i]![j] !== 1 && !rows.includes(i) && !columns.includes(j))
      .map((j) => {
        const edge = `${name(i)} → ${name(j)}`
        return factors[i]![j] === 0 ? `${edge} removed` : `${edge} scaled to ${factors[i]![j]}`
      }),
  )
  return [
    ...rows.map((node) => `all edges out of ${name(node)} removed`),
    ...columns.map((node) => `all edges into ${name(node)} removed`),
    ...single,
  ]
}

/** A whole intervention, a sentence part for each change. */
export const describeIntervention = ({ factors, holds }: Intervention, names: readonly string[]): string[] => [
  ...(factors ? describeFactors(factors, names) : []),
  ...holds.map((hold) => describeHold(hold, names)),
]

import { z } from 'zod'
import { savedNameSchema } from './mask'

/** What a variable of a drawn graph is. `hidden` cannot be adjusted for; `adjusted` is conditioned on; `selected` is conditioned on by the sampling. */
export const variableRoles = ['observed', 'exposure', 'outcome', 'hidden', 'adjusted', 'selected'] as const
export type VariableRole = (typeof variableRoles)[number]

export interface DomainVariable {
  name: string
  role: VariableRole
  /** Where it stands, in DAGitty's units; null: not placed yet. */
  at: { x: number; y: number } | null
}

/** `->` causes; `<->` shares a hidden cause. */
export interface DomainEdge {
  from: string
  to: string
  kind: '->' | '<->'
}

/** A causal graph the analyst draws: assumptions, not something learned. */
export interface DomainGraph {
  variables: DomainVariable[]
  edges: DomainEdge[]
}

/** A domain graph as it is kept in the workspace: its DAGitty text. */
export const savedDomainGraphSchema = z.object({
  type: z.literal('causeway-domain-graph'),
  version: z.literal(1),
  name: savedNameSchema,
  text: z.string().max(1_000_000),
  savedAt: z.string(),
})
export type SavedDomainGraph = z.infer<typeof savedDomainGraphSchema>

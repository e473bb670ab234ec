import { z } from 'zod'
import { comparisonRequestSchema } from './comparison'
import { savedNameSchema } from './mask'

const runId = z.string().min(1).max(64)

/** What a report is about. */
export const reportSubjectSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), run: runId }).strict(),
  z.object({ kind: z.literal('experiment'), experiment: savedNameSchema }).strict(),
  z.object({ kind: z.literal('comparison'), comparison: comparisonRequestSchema }).strict(),
])
export type ReportSubject = z.infer<typeof reportSubjectSchema>

/** In the order in which they stand in a report. */
export const reportSections = [
  'data',
  'method',
  'parameters',
  'experiment',
  'training',
  'metrics',
  'comparison',
  'selection',
  'graph',
  'interventions',
  'limitations',
  'reproduce',
] as const
export type ReportSectionId = (typeof reportSections)[number]

export const reportOptionsSchema = z
  .object({
    subject: reportSubjectSchema,
    /** Left out: all that the subject has. */
    sections: z.array(z.enum(reportSections)).optional(),
    title: z.string().max(200).optional(),
    /** A text of the analyst's own at the start. */
    summary: z.string().max(20_000).default(''),
    /** Nothing of any single user or interaction: no ids of users, no lists of one person. */
    aggregatesOnly: z.boolean().default(false),
  })
  .strict()
export type ReportOptions = z.infer<typeof reportOptionsSchema>

/** A section that a report of the subject can have. */
export interface ReportSectionChoice {
  id: ReportSectionId
  title: string
  /** What it holds, in a line. */
  help: string
  /** Why it would be empty; null where it has something to say. */
  missing: string | null
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import { savedDomainGraphSchema, type SavedDomainGraph } from '../../src-shared/domain/domain-graph'
import { annotationsSchema, noAnnotations, type Annotations } from '../../src-shared/domain/graph'
import { savedEffectSchema, type SavedEffect } from '../../src-shared/domain/intervention'
import { knowledgeSchema, type Knowledge } from '../../src-shared/domain/knowledge'
import { savedMaskSchema, type SavedMask } from '../../src-shared/domain/mask'
import { writeJsonAtomic } from './atomic'
import { domainGraphsDirectory, knowledgeDirectory, runFiles } from './layout'
import type { RunStore } from './run-store'
import { readSavedFile, SavedFiles, type DamagedFile, type SavedKind } from './saved-files'
import type { Workspace } from './workspace'

const masks: SavedKind<SavedMask> = { what: 'mask', schema: savedMaskSchema, nameOf: ({ mask }) => mask.name }
const effects: SavedKind<SavedEffect> = { what: 'saved result', schema: savedEffectSchema, nameOf: ({ name }) => name }
const knowledge: SavedKind<Knowledge> = { what: 'knowledge', schema: knowledgeSchema, nameOf: ({ name }) => name }
const domainGraphs: SavedKind<SavedDomainGraph> = {
  what: 'domain graph',
  schema: savedDomainGraphSchema,
  nameOf: ({ name }) => name,
}

/** What the file of names and notes is called where it is damaged. */
export const namesAndNotes = 'names and notes'

/** How many resamples a bootstrap of a run is to have. */
const bootstrapPlanSchema = z.object({
  type: z.literal('causeway-bootstrap'),
  version: z.literal(1),
  resamples: z.number().int().min(2),
})

/** What the analyst adds to a workspace: masks, results, names and notes with their run; knowledge and domain graphs beside it. */
export class Saved {
  readonly knowledge: SavedFiles<Knowledge>
  readonly domainGraphs: SavedFiles<SavedDomainGraph>

  constructor(
    private readonly workspace: Workspace,
    private readonly store: RunStore,
  ) {
    this.knowledge = new SavedFiles(workspace, knowledgeDirectory(workspace.path), knowledge)
    this.domainGraphs = new SavedFiles(workspace, domainGraphsDirectory(workspace.path), domainGraphs)
  }

  masks(run: string): SavedFiles<SavedMask> {
    return new SavedFiles(this.workspace, join(this.store.directory(run), runFiles.masks), masks)
  }

  effects(run: string): SavedFiles<SavedEffect> {
    return new SavedFiles(this.workspace, join(this.store.directory(run), runFiles.effects), effects)
  }

  /** Names and notes of a run's nodes. @throws CausewayError `savedInvalid` */
  annotations(run: string): Annotations {
    const path = join(this.store.directory(run), runFiles.annotations)
    return existsSync(path)
      ? readSavedFile(path, `file of names and notes of ${run}`, annotationsSchema)
      : noAnnotations
  }

  annotate(run: string, annotations: Annotations): Annotations {
    this.workspace.assertWritable()
    writeJsonAtomic(join(this.store.directory(run), runFiles.annotations), annotations)
    return annotations
  }

  /** How many resamples were asked for; null where no bootstrap was. */
  bootstrapPlan(run: string): number | null {
    const path = join(this.store.directory(run), runFiles.bootstrapPlan)
    return existsSync(path)
      ? readSavedFile(path, `plan of the bootstrap of ${run}`, bootstrapPlanSchema).resamples
      : null
  }

  planBootstrap(run: string, resamples: number): void {
    this.workspace.assertWritable()
    const plan = { type: 'causeway-bootstrap', version: 1, resamples }
    writeJsonAtomic(join(this.store.directory(run), runFiles.bootstrapPlan), plan)
  }

  /** What cannot be read of a run, or where none is named, of the workspace. */
  damaged(run: string | null): DamagedFile[] {
    if (run === null) return [...this.knowledge.list().damaged, ...this.domainGraphs.list().damaged]
    const damaged = [...this.masks(run).list().damaged, ...this.effects(run).list().damaged]
    try {
      this.annotations(run)
    } catch (thrown) {
      damaged.push({ what: namesAndNotes, name: runFiles.annotations, reason: CausewayError.from(thrown).message })
    }
    return damaged
  }
}

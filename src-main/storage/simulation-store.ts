import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import type { EffectsWorldFile } from '../../src-shared/domain/effects-simulation'
import type { RankingSimulationFile } from '../../src-shared/domain/ranking-simulation'
import type { FitBase, SimulationFile } from '../../src-shared/domain/simulation'
import { appendLine, writeFileAtomic, writing } from './atomic'
import { simulationFiles, simulationsDirectory } from './layout'
import { restoreLines } from './restore'
import type { Workspace } from './workspace'

const refuse = (directory: string, reason: string, details: Record<string, unknown> = {}): CausewayError =>
  new CausewayError(
    'savedInvalid',
    `The simulation in ${directory} cannot be used: ${reason}. Remove the folder to begin anew.`,
    {
      directory,
      ...details,
    },
  )

/** Part of a hash of a value; its keys stand in the order in which they are written here and in the file. */
export const shortHash = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)

/** What preferences and observations are drawn from, for the name of their folder. */
export function drawingOf(
  datasetHash: string,
  { preferences, world, validationShare }: Pick<SimulationFile, 'preferences' | 'world' | 'validationShare'>,
): unknown {
  const { of, threshold, factors, ridge, seed } = preferences
  const { scale, slope, centre, beta } = world
  const ofX = [of, of === 'liking' ? threshold : null, factors, ridge, seed]
  return [datasetHash, ofX, scale, slope, centre ?? null, beta, validationShare]
}

/** What a world of ratings is drawn from. @param datasetHash null where it is drawn from no data set */
export function worldDrawingOf(
  datasetHash: string | null,
  { world, threshold }: Pick<RankingSimulationFile, 'world' | 'threshold'>,
): unknown {
  const { kind, factors, gammaB, seed } = world
  const own =
    kind === 'simulated' ? [world.users, world.items, world.exposureRate, world.shared, world.scale] : datasetHash
  return [kind, own, factors, gammaB, seed, threshold]
}

/** What users are drawn from whose effects of exposures are known. */
export const effectsDrawingOf = ({ items, causes, features, featureShare, seed }: EffectsWorldFile): unknown => [
  'effects',
  items,
  causes,
  features,
  featureShare,
  seed,
]

/** A simulation in the workspace: a folder for each way of drawing data, with the fits on them, whatever file asked for them. */
export class SimulationStore<F extends FitBase> {
  readonly directory: string

  /** @param drawing what data are drawn from */
  constructor(
    private readonly workspace: Workspace,
    drawing: unknown,
    private readonly schema: z.ZodType<F>,
  ) {
    this.directory = join(simulationsDirectory(workspace.path), shortHash(drawing))
  }

  /** Where a file of the simulation is, or is to be written. */
  file(name: keyof typeof simulationFiles): string {
    return join(this.directory, simulationFiles[name])
  }

  has(name: keyof typeof simulationFiles): boolean {
    return existsSync(this.file(name))
  }

  /** Makes the folder, and puts its lines in order. @returns the fits that are there */
  open(): F[] {
    this.workspace.assertWritable()
    writing(this.directory, () => mkdirSync(this.directory, { recursive: true }))
    const { value, repairs } = this.restored()
    if (repairs.length > 0) writeFileAtomic(this.file('fits'), value.map((fit) => JSON.stringify(fit) + '\n').join(''))
    return value
  }

  /** The fits that are there, in the order in which they ended. @throws CausewayError `savedInvalid` */
  read(): F[] {
    return this.restored().value
  }

  /** Records a fit; on disk when this returns. */
  record(fit: F): void {
    this.workspace.assertWritable()
    appendLine(this.file('fits'), fit)
  }

  private restored() {
    return restoreLines(this.directory, simulationFiles.fits, this.schema, refuse)
  }
}

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'
import { fitSchema, type SimulatedFit, type SimulationFile } from '../../src-shared/domain/simulation'
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

/** A simulation in the workspace: a folder for each way of drawing data, with the fits on them, whatever file asked for them. */
export class SimulationStore {
  readonly directory: string

  constructor(
    private readonly workspace: Workspace,
    datasetHash: string,
    { preferences, world, validationShare }: SimulationFile,
  ) {
    const { of, threshold, factors, ridge, seed } = preferences
    const { scale, slope, centre, beta } = world
    const ofX = [of, of === 'liking' ? threshold : null, factors, ridge, seed]
    const drawing = [datasetHash, ofX, scale, slope, centre ?? null, beta, validationShare]
    this.directory = join(simulationsDirectory(workspace.path), shortHash(drawing))
  }

  /** Where the factorised ratings are, or are to be written. */
  get preferences(): string {
    return join(this.directory, simulationFiles.preferences)
  }

  get hasPreferences(): boolean {
    return existsSync(this.preferences)
  }

  /** Makes the folder, and puts its lines in order. @returns the fits that are there */
  open(): SimulatedFit[] {
    this.workspace.assertWritable()
    writing(this.directory, () => mkdirSync(this.directory, { recursive: true }))
    const { value, repairs } = this.restored()
    if (repairs.length > 0)
      writeFileAtomic(
        join(this.directory, simulationFiles.fits),
        value.map((fit) => JSON.stringify(fit) + '\n').join(''),
      )
    return value
  }

  /** The fits that are there, in the order in which they ended. @throws CausewayError `savedInvalid` */
  read(): SimulatedFit[] {
    return this.restored().value
  }

  /** Records a fit; on disk when this returns. */
  record(fit: SimulatedFit): void {
    this.workspace.assertWritable()
    appendLine(join(this.directory, simulationFiles.fits), fit)
  }

  private restored() {
    return restoreLines(this.directory, simulationFiles.fits, fitSchema, refuse)
  }
}

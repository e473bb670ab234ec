import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import { isActive } from '../../src-shared/domain/job'
import {
  epochPointSchema,
  runManifestSchema,
  type EpochPoint,
  type LogLine,
  type RunManifest,
} from '../../src-shared/domain/run'
import { runFiles } from './layout'

/**
 * The one gate through which run folders are read. It repairs what an unclean end leaves behind and says what it repaired,
 * or refuses with `runInvalid` and the reason. It reads only; the run store decides whether a repair is written back.
 */
export interface Restored<T> {
  value: T
  /** What was repaired, in words; empty for a folder that was whole. */
  repairs: string[]
}

const refuse = (directory: string, reason: string, details: Record<string, unknown> = {}): CausewayError =>
  new CausewayError('runInvalid', `The run folder ${directory} cannot be used: ${reason}.`, { directory, ...details })

const currentVersion = runManifestSchema.shape.version.value

/**
 * The manifest of a run folder.
 * @param isLive whether a live process is working on this run: without one, a run that says it is running was interrupted
 */
export function restoreManifest(directory: string, isLive: (id: string) => boolean): Restored<RunManifest> {
  const repairs: string[] = []
  let text: string
  try {
    text = readFileSync(join(directory, runFiles.manifest), 'utf8')
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw refuse(
      directory,
      missing ? 'it has no manifest.json' : `manifest.json cannot be read (${(error as Error).message})`,
    )
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw refuse(directory, `manifest.json is not JSON (${(error as Error).message})`)
  }
  const head = z.looseObject({ type: z.literal('causeway-run'), version: z.number().int().min(0) }).safeParse(content)
  if (!head.success) throw refuse(directory, 'manifest.json does not describe a Causeway run')
  if (head.data.version > currentVersion) {
    throw refuse(
      directory,
      `it was written by a newer Causeway (run version ${head.data.version}, this one reads ${currentVersion})`,
    )
  }
  const parsed = runManifestSchema.safeParse(head.data)
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw refuse(directory, `manifest.json is damaged (${issues.slice(0, 3).join('; ')})`, { issues })
  }
  const manifest = parsed.data
  const folder = directory.split(/[\\/]/).at(-1)
  if (manifest.id !== folder) throw refuse(directory, `it says that it is the run ${JSON.stringify(manifest.id)}`)
  if (isActive(manifest.state) && !isLive(manifest.id)) {
    repairs.push(`it was ${manifest.state} when the process that worked on it ended`)
    const points = restorePoints(directory).value
    manifest.state = 'interrupted'
    manifest.epochs = Math.max(manifest.epochs, points.at(-1)?.epoch ?? 0)
    // The time of the last, unfinished epoch is lost with it.
    manifest.durationSeconds = Math.max(
      manifest.durationSeconds,
      points.reduce((sum, point) => sum + point.seconds, 0),
    )
    manifest.error ??= { code: 'interrupted', message: 'The process that worked on this run ended before the run did.' }
  }
  return { value: manifest, repairs }
}

/**
 * Whole lines of a JSON-lines file by schema. The last line may be torn: it was being written when the process ended.
 * @param refuseWith the error for a damaged line, where the folder is no run's
 */
export function restoreLines<T>(
  directory: string,
  file: string,
  schema: z.ZodType<T>,
  refuseWith: typeof refuse = refuse,
): Restored<T[]> {
  const path = join(directory, file)
  if (!existsSync(path)) return { value: [], repairs: [] }
  const lines = readFileSync(path, 'utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  const value: T[] = []
  const repairs: string[] = []
  for (const [index, line] of lines.entries()) {
    let parsed: ReturnType<typeof schema.safeParse> | null = null
    try {
      parsed = schema.safeParse(JSON.parse(line))
    } catch {
      // Not JSON: judged below, together with JSON of another shape.
    }
    if (parsed?.success) value.push(parsed.data)
    else if (index === lines.length - 1) repairs.push(`dropped the torn last line of ${file}`)
    else
      throw refuseWith(directory, `line ${index + 1} of ${file} is damaged: ${line.slice(0, 80)}`, {
        file,
        line: index + 1,
      })
  }
  return { value, repairs }
}

/** The resamples of a bootstrap, in the order of their number. */
export function restoreResamples<T extends { resample: number }>(
  directory: string,
  schema: z.ZodType<T>,
): Restored<T[]> {
  const { value, repairs } = restoreLines(directory, runFiles.bootstrap, schema)
  return { value: value.sort((a, b) => a.resample - b.resample), repairs }
}

/** The reported series, one point an epoch. Where a resumed training reported an epoch again, the later report counts. */
export function restorePoints(directory: string): Restored<EpochPoint[]> {
  const { value, repairs } = restoreLines(directory, runFiles.metrics, epochPointSchema)
  const byEpoch = new Map(value.map((point) => [point.epoch, point]))
  if (byEpoch.size < value.length) repairs.push(`dropped ${value.length - byEpoch.size} epochs that were trained again`)
  return { value: [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch), repairs }
}

const logLineSchema: z.ZodType<LogLine> = z.object({
  at: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  text: z.string(),
})

export const restoreLog = (directory: string): Restored<LogLine[]> =>
  restoreLines(directory, runFiles.log, logLineSchema)

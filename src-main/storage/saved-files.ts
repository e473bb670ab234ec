import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import { syncDirectory, writeJsonAtomic, writing } from './atomic'
import { toIoError } from './io-errors'
import { assertInside, isDeviceName } from './safe-paths'
import type { Workspace } from './workspace'

/** What a folder of saved things holds. */
export interface SavedKind<T> {
  /** In words, for messages: "mask". */
  what: string
  schema: z.ZodType<T>
  nameOf(value: T): string
}

/** A file that cannot be used: shown with its reason, never silently left out. */
export interface DamagedFile {
  what: string
  name: string
  reason: string
}

const ending = '.json'
/** File systems take 255 bytes; the ending and the temporary name of an atomic write come on top. */
const maxNameBytes = 200

/** Two names that a file system may take for one: those that differ in case, or in how an accent is written. */
const folded = (name: string): string => name.normalize('NFC').toLowerCase()

/**
 * Things that the analyst saves by name, one JSON file each, named as the thing is. Written whole or not at all, read through
 * validation: a damaged file is reported with its reason and hides no other.
 */
export class SavedFiles<T> {
  constructor(
    private readonly workspace: Workspace,
    private readonly directory: string,
    private readonly kind: SavedKind<T>,
  ) {}

  /** Everything readable by name, and apart from it the files that are not. */
  list(): { saved: T[]; damaged: DamagedFile[] } {
    const saved: T[] = []
    const damaged: DamagedFile[] = []
    for (const name of this.names()) {
      try {
        saved.push(this.read(name))
      } catch (thrown) {
        damaged.push({ what: this.kind.what, name, reason: CausewayError.from(thrown).message })
      }
    }
    return { saved, damaged }
  }

  /** @throws CausewayError `notFound`, `savedInvalid` for a damaged file */
  read(name: string): T {
    return readSavedFile(this.pathOf(this.stored(name)), `${this.kind.what} "${name}"`, this.kind.schema)
  }

  /** @throws CausewayError `nameTaken`, `pathRefused`; for callers that work long before they save */
  assertFree(name: string, replace: boolean): void {
    this.workspace.assertWritable()
    if (isDeviceName(name) || Buffer.byteLength(name) > maxNameBytes) {
      throw new CausewayError(
        'pathRefused',
        `${JSON.stringify(name)} cannot be the name of a ${this.kind.what}: it is too long, or Windows uses it for a device.`,
        { name },
      )
    }
    const stored = this.find(name)
    if (stored !== undefined && !replace)
      throw new CausewayError('nameTaken', `There is a ${this.kind.what} named "${stored}" already.`, { name: stored })
  }

  /** Saves under the value's own name; one that has it already is replaced only with `replace`. */
  save(value: T, replace: boolean): T {
    const name = this.kind.nameOf(value)
    this.assertFree(name, replace)
    // The file that is there keeps its spelling: on some systems "Mask" and "mask" are one file, on others two.
    const path = this.pathOf(this.find(name) ?? name)
    writing(path, () => mkdirSync(this.directory, { recursive: true }))
    writeJsonAtomic(path, value)
    return value
  }

  /** Removes a file, a damaged one too. @throws CausewayError `notFound` */
  remove(name: string): void {
    this.workspace.assertWritable()
    const path = this.pathOf(this.stored(name))
    writing(path, () => {
      rmSync(path)
      syncDirectory(this.directory)
    })
  }

  private names(): string[] {
    if (!existsSync(this.directory)) return []
    return readdirSync(this.directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
      .map((entry) => entry.name.slice(0, -ending.length))
      .sort((a, b) => a.localeCompare(b))
  }

  private find(name: string): string | undefined {
    return this.names().find((stored) => folded(stored) === folded(name))
  }

  private stored(name: string): string {
    const stored = this.find(name)
    if (stored !== undefined) return stored
    throw new CausewayError('notFound', `There is no ${this.kind.what} named ${JSON.stringify(name)}.`, { name })
  }

  private pathOf(name: string): string {
    return assertInside(this.workspace.path, join(this.directory, name + ending))
  }
}

/** A JSON file of ours. @throws CausewayError `savedInvalid` with the reason where it is none, or of a newer version */
export function readSavedFile<T>(path: string, what: string, schema: z.ZodType<T>): T {
  const refuse = (reason: string): CausewayError =>
    new CausewayError('savedInvalid', `The ${what} cannot be used: ${reason}.`, { path })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw toIoError(error, { action: 'read', path })
  }
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw refuse(`it is not JSON (${(error as Error).message})`)
  }
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  const version = z.looseObject({ version: z.number().min(2) }).safeParse(content)
  if (version.success) throw refuse(`a newer Causeway wrote it (version ${version.data.version})`)
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'content'}: ${issue.message}`)
  throw refuse(issues.slice(0, 3).join('; '))
}

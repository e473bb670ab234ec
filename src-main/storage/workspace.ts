import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { CausewayError } from '../../src-shared/contract/errors'
import { readJson, writeJsonAtomic, writing } from './atomic'
import { toIoError } from './io-errors'
import { datasetsDirectory, lockFile, runsDirectory, temporaryDirectory, workspaceFile } from './layout'
import { processExists, processStartMark } from './process-identity'

const workspaceSchema = z.object({ type: z.literal('causeway-workspace'), version: z.literal(1) })
const lockSchema = z.object({ pid: z.number().int(), startMark: z.string().nullable(), host: z.string() })
type LockHolder = z.infer<typeof lockSchema>

/** A folder that belongs to Causeway. */
export interface Workspace {
  readonly path: string
  /** True where nothing can be written; reading goes on. */
  readonly readOnly: boolean
  /** True when this process holds the lock and may write. */
  readonly locked: boolean
  /** Whether a live process holds the lock: this one or another. Its runs may be running; anybody else's cannot. */
  hasLiveOwner(): boolean
  /** @throws CausewayError `workspaceReadOnly` or `workspaceLocked` when this process may not write */
  assertWritable(): void
  /** Gives the lock back. */
  close(): void
}

/** The workspace used when none is named: `CAUSEWAY_WORKSPACE`, else `Causeway` in the home folder. */
export const defaultWorkspace = (): string => process.env.CAUSEWAY_WORKSPACE || join(homedir(), 'Causeway')

/**
 * Opens a workspace in a folder that is ours, new or empty.
 * @param access `write` creates what is not there yet, takes the lock and empties what a crash left in `.tmp`; `read` works beside
 *   the process that holds the lock and sees a new folder as an empty workspace
 * @throws CausewayError `workspaceInvalid` for a folder that is neither ours nor empty, `workspaceLocked` when another live
 *   Causeway writes to it, `workspaceReadOnly` when it would have to be created and cannot
 */
export function openWorkspace(path: string, access: 'read' | 'write'): Workspace {
  const directory = resolve(path)
  if (existsSync(workspaceFile(directory))) checkWorkspace(directory)
  else {
    refuseForeign(directory)
    if (access === 'write') createWorkspace(directory)
  }
  const readOnly = existsSync(directory) && !isWritable(directory)
  let locked = false
  if (access === 'write' && !readOnly) {
    takeLock(directory)
    locked = true
    try {
      writing(directory, () => {
        rmSync(temporaryDirectory(directory), { recursive: true, force: true })
        for (const folder of [datasetsDirectory(directory), runsDirectory(directory), temporaryDirectory(directory)])
          mkdirSync(folder, { recursive: true })
      })
    } catch (error) {
      rmSync(lockFile(directory), { force: true })
      throw error
    }
  }
  return {
    path: directory,
    readOnly,
    get locked() {
      return locked
    },
    hasLiveOwner() {
      if (locked) return true
      const holder = readHolder(directory)
      return holder !== null && isAlive(holder)
    },
    assertWritable() {
      if (readOnly) throw readOnlyError(directory)
      if (!locked) {
        throw new CausewayError('workspaceLocked', `The workspace ${directory} was opened for reading only.`, {
          workspace: directory,
        })
      }
    },
    close() {
      if (!locked) return
      locked = false
      rmSync(lockFile(directory), { force: true })
    },
  }
}

const readOnlyError = (directory: string): CausewayError =>
  new CausewayError('workspaceReadOnly', `The workspace ${directory} cannot be written to.`, { workspace: directory })

/** @throws CausewayError `workspaceInvalid` for a file, or for a folder that holds what is not ours */
function refuseForeign(directory: string): void {
  let entries: string[]
  try {
    entries = existsSync(directory) ? readdirSync(directory) : []
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') {
      throw new CausewayError('workspaceInvalid', `${directory} is a file, not a folder.`, { workspace: directory })
    }
    throw toIoError(error, { action: 'read', path: directory })
  }
  // A folder in which only the lock and temporary files lie is one whose creation was cut short.
  const foreign = entries.filter((entry) => !/^(workspace\.json\.|\.lock|\.tmp$)/.test(entry))
  if (foreign.length > 0) {
    throw new CausewayError(
      'workspaceInvalid',
      `${directory} is not a Causeway workspace and is not empty (it holds ${foreign.slice(0, 3).join(', ')}).`,
      { workspace: directory, holds: foreign.slice(0, 10) },
    )
  }
}

function createWorkspace(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw toIoError(error, { action: 'write', path: directory })
  }
  if (!isWritable(directory)) throw readOnlyError(directory)
  writeJsonAtomic(workspaceFile(directory), { type: 'causeway-workspace', version: 1 })
}

function checkWorkspace(directory: string): void {
  let content: unknown
  try {
    content = readJson(workspaceFile(directory))
  } catch (error) {
    throw new CausewayError(
      'workspaceInvalid',
      `${workspaceFile(directory)} cannot be read: ${(error as Error).message}`,
      {
        workspace: directory,
      },
    )
  }
  const version = z.object({ type: z.literal('causeway-workspace'), version: z.number() }).safeParse(content)
  if (version.success && version.data.version > 1) {
    throw new CausewayError(
      'workspaceInvalid',
      `${directory} was made by a newer Causeway (workspace version ${version.data.version}, this one reads 1).`,
      { workspace: directory },
    )
  }
  if (!workspaceSchema.safeParse(content).success) {
    throw new CausewayError('workspaceInvalid', `${workspaceFile(directory)} does not describe a Causeway workspace.`, {
      workspace: directory,
    })
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK)
  } catch {
    return false
  }
  // Permission bits do not stop root, and some mounts only refuse on use: the answer that counts is a real write.
  const probe = join(directory, `.write-probe-${process.pid}`)
  try {
    writeFileSync(probe, '')
    rmSync(probe)
    return true
  } catch (error) {
    // A full disk is not a read-only one: what is written next will say so by its own code.
    return (error as NodeJS.ErrnoException).code === 'ENOSPC'
  }
}

/** The holder as the lock file names it; null when there is no lock or nothing readable in it. */
function readHolder(directory: string): LockHolder | null {
  try {
    const parsed = lockSchema.safeParse(JSON.parse(readFileSync(lockFile(directory), 'utf8')))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

function isAlive(holder: LockHolder): boolean {
  // Processes of another machine cannot be looked up from here: the lock is believed.
  if (holder.host !== hostname()) return true
  if (!processExists(holder.pid)) return false
  const mark = processStartMark(holder.pid)
  return mark === null || holder.startMark === null || mark === holder.startMark
}

const thisProcess = (): LockHolder => ({
  pid: process.pid,
  startMark: processStartMark(process.pid),
  host: hostname(),
})

function takeLock(directory: string): void {
  const path = lockFile(directory)
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      // 'wx' creates or fails, in one step: of two processes one wins.
      writeFileSync(path, JSON.stringify(thisProcess()) + '\n', { flag: 'wx' })
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        // Created but not written: a full disk.
        rmSync(path, { force: true })
        throw toIoError(error, { action: 'write', path })
      }
    }
    const holder = readHolder(directory)
    const elsewhere = holder !== null && holder.host !== hostname()
    if (holder && isAlive(holder)) {
      throw new CausewayError(
        'workspaceLocked',
        elsewhere
          ? `The workspace ${directory} is in use by a Causeway on ${holder.host} (process ${holder.pid}). If it is gone, delete ${path}.`
          : `The workspace ${directory} is in use by another Causeway (process ${holder.pid}).`,
        { workspace: directory, pid: holder.pid, host: holder.host },
      )
    }
    // An empty lock may be one whose owner is between creating and writing it.
    if (!holder && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < 1000) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      continue
    }
    removeStaleLock(path, holder)
  }
  throw new CausewayError('workspaceLocked', `The lock of the workspace ${directory} keeps changing hands.`, {
    workspace: directory,
  })
}

/** Takes a dead owner's lock away, unless another process has put its own in that place since it was read. */
function removeStaleLock(path: string, seen: LockHolder | null): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const moved = lockSchema.safeParse(JSON.parse(readFileSync(aside, 'utf8') || 'null'))
  if (moved.success && (moved.data.pid !== seen?.pid || moved.data.startMark !== seen.startMark))
    renameSync(aside, path)
  else rmSync(aside, { force: true })
}

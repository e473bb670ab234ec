import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import {
  splitManifestSchema,
  splitParts,
  type Csr,
  type Split,
  type SplitManifest,
  type SplitPart,
} from '../../../src-shared/domain/split'
import { writeFileAtomic } from '../../storage/atomic'
import { splitDirectory, temporaryDirectory } from '../../storage/layout'
import { toIoError } from '../../storage/io-errors'

/** The user's own ids in the order of the split's rows and columns. */
export interface SplitIds {
  users: string[]
  items: string[]
}

/**
 * The files of a split folder. `parts.bin` holds little-endian 32-bit integers: for train, validation and test in turn
 * the row pointers (users + 1), then the column indices. `negatives.bin`, where the data have ratings, likewise.
 */
const files = {
  manifest: 'manifest.json',
  parts: 'parts.bin',
  negatives: 'negatives.bin',
  users: 'users.json',
  items: 'items.json',
} as const

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Int32 values as little-endian bytes; and the same the other way round. */
const littleEndian = (bytes: Buffer): Buffer => (isLittleEndian ? bytes : Buffer.from(bytes).swap32())

function encodeParts(parts: Record<SplitPart, Csr>): Buffer {
  const arrays = splitParts.flatMap((part) => [parts[part].indptr, parts[part].indices])
  return littleEndian(
    Buffer.concat(arrays.map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength))),
  )
}

/**
 * Stores a split under its hash: written to a temporary folder, then renamed. One that is there already, by another process, stays.
 * @throws CausewayError `diskFull`, `workspaceReadOnly`.
 */
export async function writeSplit(
  workspace: string,
  split: Split,
  ids: SplitIds,
  manifest: Omit<SplitManifest, 'checksums'>,
): Promise<SplitManifest> {
  const work = join(temporaryDirectory(workspace), `split-${randomUUID()}`)
  const target = splitDirectory(workspace, split.hash)
  try {
    await mkdir(work, { recursive: true })
    const parts = encodeParts(split)
    const negatives = split.negatives && encodeParts(split.negatives)
    const users = JSON.stringify(ids.users)
    const items = JSON.stringify(ids.items)
    const complete: SplitManifest = {
      ...manifest,
      checksums: {
        [files.parts]: sha256(parts),
        ...(negatives ? { [files.negatives]: sha256(negatives) } : {}),
        [files.users]: sha256(users),
        [files.items]: sha256(items),
      },
    }
    await writeFile(join(work, files.parts), parts)
    if (negatives) await writeFile(join(work, files.negatives), negatives)
    await writeFile(join(work, files.users), users)
    await writeFile(join(work, files.items), items)
    await writeFile(join(work, files.manifest), `${JSON.stringify(complete, null, 2)}\n`)
    await mkdir(dirname(target), { recursive: true })
    await rename(work, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    return complete
  } catch (thrown) {
    throw toIoError(thrown, { action: 'write', path: workspace })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/**
 * Adds observed negatives to a stored split that has none. The manifest comes last: until then readers see the split as it was.
 * @throws CausewayError `diskFull`, `workspaceReadOnly`, `splitInvalid`.
 */
export async function addNegatives(
  workspace: string,
  hash: string,
  negatives: NonNullable<Split['negatives']>,
  sizes: SplitManifest['nnz'],
): Promise<SplitManifest> {
  const directory = splitDirectory(workspace, hash)
  const manifest = await readSplitManifest(directory)
  const bytes = encodeParts(negatives)
  writeFileAtomic(join(directory, files.negatives), bytes)
  const complete: SplitManifest = {
    ...manifest,
    negatives: sizes,
    checksums: { ...manifest.checksums, [files.negatives]: sha256(bytes) },
  }
  writeFileAtomic(join(directory, files.manifest), `${JSON.stringify(complete, null, 2)}\n`)
  return complete
}

const damaged = (directory: string, reason: string, cause?: unknown): CausewayError =>
  new CausewayError(
    'splitInvalid',
    `The prepared split in "${directory}" is damaged: ${reason}.`,
    { directory, reason },
    { cause },
  )

/** The manifest of a stored split. @throws CausewayError `splitInvalid`. */
export async function readSplitManifest(directory: string): Promise<SplitManifest> {
  try {
    return splitManifestSchema.parse(JSON.parse(await readFile(join(directory, files.manifest), 'utf8')))
  } catch (thrown) {
    throw damaged(directory, `its manifest cannot be read (${(thrown as Error).message})`, thrown)
  }
}

async function readChecked(directory: string, file: string, manifest: SplitManifest): Promise<Buffer> {
  const bytes = await readFile(join(directory, file)).catch((error: Error) => {
    throw damaged(directory, `${file} cannot be read (${error.message})`, error)
  })
  if (sha256(bytes) !== manifest.checksums[file]) throw damaged(directory, `${file} does not match its checksum`)
  return bytes
}

async function readParts(
  directory: string,
  file: string,
  manifest: SplitManifest,
  nnz: SplitManifest['nnz'],
): Promise<Record<SplitPart, Csr>> {
  const { users, items } = manifest
  const bytes = littleEndian(await readChecked(directory, file, manifest))
  const expected = splitParts.reduce((sum, part) => sum + (users + 1 + nnz[part]) * 4, 0)
  if (bytes.length !== expected)
    throw damaged(directory, `${file} has ${bytes.length} bytes where ${expected} are expected`)
  // A copy of its own: a small file's buffer is part of a pool, and not aligned to 4 bytes.
  const values = new Int32Array(expected / 4)
  new Uint8Array(values.buffer).set(bytes)
  let offset = 0
  const take = (count: number): Int32Array => values.subarray(offset, (offset += count))
  const part = (count: number): Csr => ({ rows: users, cols: items, indptr: take(users + 1), indices: take(count) })
  return { train: part(nnz.train), validation: part(nnz.validation), test: part(nnz.test) }
}

/**
 * Reads a split, checked against its sizes and checksums.
 * @throws CausewayError `splitInvalid` saying what is damaged.
 */
export async function readSplit(directory: string): Promise<Split> {
  const manifest = await readSplitManifest(directory)
  const { hash, nnz, negatives } = manifest
  const split = { hash, ...(await readParts(directory, files.parts, manifest, nnz)) }
  return negatives ? { ...split, negatives: await readParts(directory, files.negatives, manifest, negatives) } : split
}

/**
 * Users with an interaction in the train part: those that a training draws its batches from. Reads no more of the split than that.
 * @throws CausewayError `splitInvalid` saying what is damaged.
 */
export async function countTrainedUsers(directory: string): Promise<number> {
  const { users } = await readSplitManifest(directory)
  const bytes = Buffer.alloc((users + 1) * 4)
  try {
    const file = await open(join(directory, files.parts))
    try {
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
      if (bytesRead < bytes.length) throw new Error('it was cut short')
    } finally {
      await file.close()
    }
  } catch (thrown) {
    throw damaged(directory, `${files.parts} cannot be read (${(thrown as Error).message})`, thrown)
  }
  let trained = 0
  for (let u = 0; u < users; u++) if (bytes.readInt32LE((u + 1) * 4) > bytes.readInt32LE(u * 4)) trained++
  return trained
}

/**
 * The ids of a split's rows and columns.
 * @throws CausewayError `splitInvalid` saying what is damaged.
 */
export async function readSplitIds(directory: string): Promise<SplitIds> {
  const manifest = await readSplitManifest(directory)
  const read = async (file: string, count: number): Promise<string[]> => {
    const ids = JSON.parse((await readChecked(directory, file, manifest)).toString('utf8')) as string[]
    if (ids.length !== count) throw damaged(directory, `${file} has ${ids.length} ids where ${count} are expected`)
    return ids
  }
  return { users: await read(files.users, manifest.users), items: await read(files.items, manifest.items) }
}

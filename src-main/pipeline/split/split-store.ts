import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CausewayError } from '../../../src-shared/contract/errors'
import {
  learnedFrom,
  nnzOf,
  splitManifestSchema,
  splitParts,
  type Csr,
  type PairValues,
  type Split,
  type SplitManifest,
  type SplitPart,
} from '../../../src-shared/domain/split'
import { writeFileAtomic } from '../../storage/atomic'
import { splitDirectory, temporaryDirectory } from '../../storage/layout'
import { toIoError } from '../../storage/io-errors'
import { usersWithoutHeldOut } from './divide'

/** The user's own ids in the order of the split's rows and columns. */
export interface SplitIds {
  users: string[]
  items: string[]
}

/**
 * The files of a split folder. `parts.bin` holds little-endian 32-bit integers: for train, validation and test in turn
 * the row pointers (users + 1), then the column indices. `negatives.bin`, where the data have ratings, likewise. `ratings.bin` and
 * `propensities.bin`, where the data have them, hold little-endian 32-bit floats: one for each index of `parts.bin`, then of `negatives.bin`.
 */
const files = {
  manifest: 'manifest.json',
  parts: 'parts.bin',
  negatives: 'negatives.bin',
  ratings: 'ratings.bin',
  propensities: 'propensities.bin',
  users: 'users.json',
  items: 'items.json',
} as const

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** 32-bit values as little-endian bytes; and the same the other way round. */
const littleEndian = (bytes: Buffer): Buffer => (isLittleEndian ? bytes : Buffer.from(bytes).swap32())

const encode = (arrays: (Int32Array | Float32Array)[]): Buffer =>
  littleEndian(Buffer.concat(arrays.map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength))))

const encodeParts = (parts: Record<SplitPart, Csr>): Buffer =>
  encode(splitParts.flatMap((part) => [parts[part].indptr, parts[part].indices]))

const encodeValues = ({ positives, negatives }: PairValues): Buffer =>
  encode([positives, negatives].flatMap((values) => splitParts.map((part) => values[part])))

/** What a split may have beside its parts: older ones lack it, and so do data that do not tell it. */
type Further = 'negatives' | 'ratings' | 'propensities'

function encodeFurther(split: Split): Partial<Record<Further, Buffer>> {
  const { negatives, ratings, propensities } = split
  return {
    ...(negatives && { negatives: encodeParts(negatives) }),
    ...(ratings && { ratings: encodeValues(ratings) }),
    ...(propensities && { propensities: encodeValues(propensities) }),
  }
}

/** Whether a stored split has it. */
export const holds = ({ checksums }: SplitManifest, what: Further): boolean => files[what] in checksums

/** Interactions of each part. */
export const sizesOf = (parts: Record<SplitPart, Csr>): SplitManifest['nnz'] => ({
  train: nnzOf(parts.train),
  validation: nnzOf(parts.validation),
  test: nnzOf(parts.test),
})

/**
 * Stores a split under its hash: written to a temporary folder, then renamed. One that is there already, by another process, stays.
 * @throws CausewayError `diskFull`, `workspaceReadOnly`.
 */
export async function writeSplit(
  workspace: string,
  split: Split,
  ids: SplitIds,
  manifest: Omit<SplitManifest, 'checksums' | 'negatives'>,
): Promise<SplitManifest> {
  const work = join(temporaryDirectory(workspace), `split-${randomUUID()}`)
  const target = splitDirectory(workspace, split.hash)
  try {
    await mkdir(work, { recursive: true })
    const contents: [file: string, content: Buffer | string][] = [
      [files.parts, encodeParts(split)],
      ...Object.entries(encodeFurther(split)).map(([what, bytes]): [string, Buffer] => [files[what as Further], bytes]),
      [files.users, JSON.stringify(ids.users)],
      [files.items, JSON.stringify(ids.items)],
    ]
    const complete: SplitManifest = {
      ...manifest,
      ...(split.negatives && { negatives: sizesOf(split.negatives) }),
      checksums: Object.fromEntries(contents.map(([file, content]) => [file, sha256(content)])),
    }
    for (const [file, content] of contents) await writeFile(join(work, file), content)
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
 * Adds to a stored split what it lacks of `split`, which is the same one made anew. The manifest comes last: until then readers see the
 * split as it was.
 * @throws CausewayError `diskFull`, `workspaceReadOnly`, `splitInvalid`.
 */
export async function completeSplit(workspace: string, split: Split): Promise<SplitManifest> {
  const directory = splitDirectory(workspace, split.hash)
  const manifest = await readSplitManifest(directory)
  const checksums = { ...manifest.checksums }
  for (const [what, bytes] of Object.entries(encodeFurther(split))) {
    if (holds(manifest, what as Further)) continue
    const file = files[what as Further]
    writeFileAtomic(join(directory, file), bytes)
    checksums[file] = sha256(bytes)
  }
  const complete: SplitManifest = {
    ...manifest,
    ...(split.negatives && { negatives: sizesOf(split.negatives) }),
    checksums,
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

/** The 32-bit values of a file, of which there must be `count`. */
async function readValues(
  directory: string,
  file: string,
  manifest: SplitManifest,
  count: number,
): Promise<ArrayBuffer> {
  const bytes = littleEndian(await readChecked(directory, file, manifest))
  if (bytes.length !== count * 4)
    throw damaged(directory, `${file} has ${bytes.length} bytes where ${count * 4} are expected`)
  // A copy of its own: a small file's buffer is part of a pool, and not aligned to 4 bytes.
  const values = new ArrayBuffer(count * 4)
  new Uint8Array(values).set(bytes)
  return values
}

const total = (nnz: SplitManifest['nnz']): number => splitParts.reduce((sum, part) => sum + nnz[part], 0)

async function readParts(
  directory: string,
  file: string,
  manifest: SplitManifest,
  nnz: SplitManifest['nnz'],
): Promise<Record<SplitPart, Csr>> {
  const { users, items } = manifest
  const count = splitParts.length * (users + 1) + total(nnz)
  const values = new Int32Array(await readValues(directory, file, manifest, count))
  let offset = 0
  const take = (count: number): Int32Array => values.subarray(offset, (offset += count))
  const part = (count: number): Csr => ({ rows: users, cols: items, indptr: take(users + 1), indices: take(count) })
  return { train: part(nnz.train), validation: part(nnz.validation), test: part(nnz.test) }
}

const noPairs: SplitManifest['nnz'] = { train: 0, validation: 0, test: 0 }

async function readPairValues(directory: string, file: string, manifest: SplitManifest): Promise<PairValues> {
  const { nnz, negatives = noPairs } = manifest
  const values = new Float32Array(await readValues(directory, file, manifest, total(nnz) + total(negatives)))
  let offset = 0
  const take = (count: number): Float32Array => values.subarray(offset, (offset += count))
  const parts = (sizes: SplitManifest['nnz']): Record<SplitPart, Float32Array> => ({
    train: take(sizes.train),
    validation: take(sizes.validation),
    test: take(sizes.test),
  })
  return { positives: parts(nnz), negatives: parts(negatives) }
}

/**
 * Reads a split, checked against its sizes and checksums.
 * @throws CausewayError `splitInvalid` saying what is damaged.
 */
export async function readSplit(directory: string): Promise<Split> {
  const manifest = await readSplitManifest(directory)
  const { hash, nnz, negatives, recipe } = manifest
  const split: Split = { hash, ...(await readParts(directory, files.parts, manifest, nnz)) }
  if (negatives) split.negatives = await readParts(directory, files.negatives, manifest, negatives)
  for (const what of ['ratings', 'propensities'] as const)
    if (holds(manifest, what)) split[what] = await readPairValues(directory, files[what], manifest)
  if (recipe.splitBy === 'randomised') split.isTestRandomised = true
  if (recipe.splitBy === 'users') split.trainUsers = usersWithoutHeldOut(split)
  return split
}

/**
 * Users that a training draws its batches from: those with an interaction in the train part. Reads no more of the split than that, but where users are split.
 * @throws CausewayError `splitInvalid` saying what is damaged.
 */
export async function countTrainedUsers(directory: string): Promise<number> {
  const { users, recipe } = await readSplitManifest(directory)
  if (recipe.splitBy === 'users') return learnedFrom(await readSplit(directory)).length
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

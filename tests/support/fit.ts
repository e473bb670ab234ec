import { createHash } from 'node:crypto'
import type {
  Checkpoint,
  FitContext,
  FitOutcome,
  FitReporter,
  MethodDescriptor,
  NamedArrays,
} from '../../src-main/methods/method'
import { Rng } from '../../src-main/tensor/rng'
import { decodeSafetensors, encodeSafetensors } from '../../src-main/tensor/safetensors'
import type { Split } from '../../src-shared/domain/split'
import { resolveParams } from '../../src-shared/params/params'
import { bareContext } from './bare-context'

/** Small sizes for those parameters that a method has. */
const small: Record<string, number> = {
  epochs: 3,
  batchSize: 16,
  hidden: 10,
  latent: 6,
  factors: 6,
  embeddingSize: 8,
  confounders: 3,
  patience: 50,
  sampleRatio: 2,
  learningRate: 0.01,
  annealSteps: 20,
}

interface FitOptions {
  params?: Record<string, number | string>
  seed?: number
  report?: Partial<FitReporter>
  signal?: FitContext['signal']
  knowledge?: FitContext['knowledge']
  attributes?: FitContext['attributes']
  resume?: Checkpoint
}

/** Trains a method at a small size, without a run folder. */
export async function fitSmall(
  descriptor: MethodDescriptor,
  split: Split,
  options: FitOptions = {},
): Promise<FitOutcome> {
  const method = await descriptor.load()
  return method.fit({
    split,
    params: smallParams(descriptor, options.params),
    rng: Rng.seeded(options.seed ?? 1),
    signal: options.signal ?? { requested: null },
    knowledge: options.knowledge ?? null,
    attributes: options.attributes ?? null,
    resume: options.resume ?? null,
    report: { ...bareContext.report, ...options.report },
  })
}

/** All parameters of a method, small where they set a size. */
export function smallParams(
  descriptor: MethodDescriptor,
  given: Record<string, number | string> = {},
): ReturnType<typeof resolveParams> {
  const { params: schema } = descriptor.info
  const has = (key: string): boolean => schema.some((spec) => spec.key === key)
  const own = Object.entries(small).filter(([key]) => has(key))
  // Where there are embeddings a batch is of pairs, of which a user has several, and the first epochs are spent on memorising them.
  const ofPairs = has('embeddingSize') ? { batchSize: 64, learningRate: 0.03 } : {}
  return resolveParams(schema, { ...Object.fromEntries(own), ...ofPairs, ...given })
}

/** A checkpoint as it comes back from disk. */
export function throughDisk(checkpoint: Checkpoint): Checkpoint {
  const file = encodeSafetensors(checkpoint.arrays, { state: JSON.stringify(checkpoint.state) })
  const { arrays, metadata } = decodeSafetensors(file)
  return { arrays, state: JSON.parse(metadata['state']!) as Record<string, unknown> }
}

/** A fingerprint of every array in which every bit counts. */
export const bitsOf = (arrays: NamedArrays): Record<string, string> =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { data }]) => [
      name,
      createHash('sha256')
        .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        .digest('hex'),
    ]),
  )

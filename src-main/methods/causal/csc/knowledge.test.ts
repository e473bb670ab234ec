import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bitsOf, fitSmall, smallParams, throughDisk } from '../../../../tests/support/fit'
import { tinySplit } from '../../../../tests/support/tiny-split'
import { useBackend } from '../../../tensor/backends'
import { countLeakedTensors } from '../../../tensor/leak'
import { createWeights, disposeWeights, readTensors } from '../../../tensor/named-arrays'
import { Rng } from '../../../tensor/rng'
import { tf } from '../../../tensor/tf'
import type { Checkpoint, EdgeKnowledge, FittedModel } from '../../method'
import { descriptor } from '.'
import { globalGraph } from './layers'
import { csc } from './model'
import { sizeFrom, type CscWeights } from './weights'

const split = tinySplit()
const k = 3
const withGraph = ['g', 'l', 'g+l'] as const

/** c1 -> c2 required, c2 -> c1 and c3 -> c1 forbidden. */
const knowledge: EdgeKnowledge = Int8Array.of(0, 1, 0, -1, 0, 0, -1, 0, 0)

const weightsOf = (given: Record<string, string | number> = {}, seed = 3): CscWeights =>
  createWeights(csc.initialWeights(31, smallParams(descriptor, given), Rng.seeded(seed))) as unknown as CscWeights

beforeAll(() => useBackend('wasm'))

describe('the global graph', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('has what is known exactly, in samples and without noise, seed %i', (seed) => {
    const weights = weightsOf({}, seed)
    const size = sizeFrom(31, smallParams(descriptor))
    for (const rng of [Rng.seeded(seed), null]) {
      const graph = tf.tidy(() => globalGraph(weights, size, knowledge, rng).dataSync())
      knowledge.forEach((edge, at) => {
        if (edge !== 0) expect(graph[at]).toBe(edge === 1 ? 1 : 0)
      })
      // The others are the training's to find; a sample may round to 0 or 1.
      if (!rng)
        for (const at of [2, 5, 7]) {
          expect(graph[at]).toBeGreaterThan(0)
          expect(graph[at]).toBeLessThan(1)
        }
      expect([graph[0], graph[4], graph[8]]).toEqual([0, 0, 0])
    }
    disposeWeights(weights)
  })

  test('knowledge of nothing changes no bit', () => {
    const weights = weightsOf()
    const size = sizeFrom(31, smallParams(descriptor))
    const graph = (known: EdgeKnowledge | null): ArrayLike<number> =>
      tf.tidy(() => globalGraph(weights, size, known, Rng.seeded(1)).dataSync())
    expect(graph(new Int8Array(9))).toEqual(graph(null))
    disposeWeights(weights)
  })

  test('no gradient reaches the logit of an edge that is known', async () => {
    const weights = weightsOf()
    const { batchLoss } = csc.build(weights, smallParams(descriptor), 31, knowledge)
    const { grads } = tf.variableGrads(() => batchLoss(split.train, 100, Rng.seeded(5))[0]!)
    const gradient = await grads[weights['graph.logits'].name]!.data()
    knowledge.forEach((edge, at) => {
      if (edge !== 0) expect(gradient[at]! + 0).toBe(0)
    })
    for (const at of [2, 5, 7]) expect(Math.abs(gradient[at]!)).toBeGreaterThan(0)
    tf.dispose(grads)
    disposeWeights(weights)
  })
})

describe.each(withGraph)('a training with knowledge, variant %s', (variant) => {
  let model: FittedModel
  /** The weights after each epoch. */
  const checkpoints: Checkpoint[] = []

  beforeAll(async () => {
    const outcome = await fitSmall(descriptor, split, {
      params: { variant, epochs: 6 },
      knowledge,
      report: { checkpoint: async (checkpoint) => void checkpoints.push(throughDisk(checkpoint)) },
    })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    model = outcome.model
  })
  afterAll(() => model.dispose())

  test('honours it exactly in every epoch, and so does a model loaded', async () => {
    expect(checkpoints).toHaveLength(6)
    const { load } = await descriptor.load()
    const weightsIn = ({ arrays }: Checkpoint): Checkpoint['arrays'] =>
      Object.fromEntries(
        Object.entries(arrays)
          .filter(([name]) => name.startsWith('weights.'))
          .map(([name, array]) => [name.slice('weights.'.length), array]),
      )
    const loaded = checkpoints.map((checkpoint) =>
      load(weightsIn(checkpoint), smallParams(descriptor, { variant }), split.train.cols, knowledge),
    )
    for (const each of [...loaded, model]) {
      const graph = await each.graph!(split.train)
      expect(graph.probabilities[0]![1]).toBe(1)
      expect(graph.probabilities[1]![0]).toBe(0)
      expect(graph.probabilities[2]![0]).toBe(0)
      if (each.localGraph) {
        expect(graph.meanStrengths![1]![0]).toBe(0)
        expect(graph.meanStrengths![0]![1]).toBeGreaterThan(0)
        const own = await each.localGraph(split.train)
        for (let u = 0; u < split.train.rows; u++) expect([own[u * 9 + 3], own[u * 9 + 6]]).toEqual([0, 0])
      }
    }
    loaded.forEach((each) => each.dispose())
  })

  test('scores with it: a forbidden edge can be masked without a trace, a required one cannot', async () => {
    const plain = await model.score(split.train)
    const without = (...edges: number[]): Float32Array => {
      const mask = new Float32Array(9).fill(1)
      for (const edge of edges) mask[edge] = 0
      return mask
    }
    expect(await model.score(split.train, { mask: without(3, 6) })).toEqual(plain)
    expect(await model.score(split.train, { mask: without(1) })).not.toEqual(plain)
    const prepared = await model.prepare!(split.train)
    const everyone = Array.from({ length: split.train.rows }, (_, u) => u)
    expect(await prepared.score(everyone)).toEqual(plain)
    expect(await prepared.score(everyone, { mask: without(3, 6) })).toEqual(plain)
    prepared.dispose()
  })

  test('learns another model than without', async () => {
    const outcome = await fitSmall(descriptor, split, { params: { variant, epochs: 6 } })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    expect(bitsOf(await outcome.model.save())).not.toEqual(bitsOf(await model.save()))
    outcome.model.dispose()
  })
})

test.each([3, 6])('a training resumed with its knowledge ends as an uninterrupted one, stop %i', async (stopAfter) => {
  const whole = await fitSmall(descriptor, split, { knowledge })
  let last: Checkpoint | null = null
  let reports = 0
  const signal = { requested: null as 'pause' | null }
  const stopped = await fitSmall(descriptor, split, {
    knowledge,
    signal,
    report: {
      progress: () => {
        if (++reports === stopAfter) signal.requested = 'pause'
      },
      checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
    },
  })
  expect(stopped.end).toBe('paused')
  const resumed = await fitSmall(descriptor, split, { knowledge, seed: 99, resume: last! })
  if (whole.end !== 'completed' || resumed.end !== 'completed') throw new Error('A training did not complete.')
  expect(bitsOf(await resumed.model.save())).toEqual(bitsOf(await whole.model.save()))
  whole.model.dispose()
  resumed.model.dispose()
})

describe('refused is', () => {
  const refusal = (given: EdgeKnowledge, variant = 'g+l'): Promise<unknown> =>
    fitSmall(descriptor, split, { params: { variant }, knowledge: given })

  test('knowledge of another number of nodes, naming both', async () => {
    await expect(refusal(new Int8Array(16))).rejects.toMatchObject({
      code: 'badRequest',
      message: expect.stringContaining('4 nodes, the training about 3') as string,
    })
  })

  test('a cycle of required edges, naming it', async () => {
    await expect(refusal(Int8Array.of(0, 1, 0, 0, 0, 1, 1, 0, 0))).rejects.toMatchObject({
      code: 'badRequest',
      message: expect.stringContaining('c1 → c2 → c3 → c1') as string,
    })
  })

  test('a required edge in a variant without graphs', async () => {
    await expect(refusal(knowledge, 'none')).rejects.toMatchObject({ code: 'badRequest' })
  })

  test('the same by a model loaded, which holds no tensor then', async () => {
    const { load } = await descriptor.load()
    const weights = weightsOf()
    const saved = await readTensors(weights)
    disposeWeights(weights)
    const leaked = await countLeakedTensors(() => {
      expect(() => load(saved, smallParams(descriptor), 31, new Int8Array(k))).toThrow('the training about 3')
    })
    expect(leaked).toBe(0)
  })
})

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { watchHeap } from '../../tests/support/heap'
import type { NamedArrays } from '../methods/method'
import { useBackend } from './backends'
import type { WasmBackend } from './kernels/shared-heap'
import { turnOff } from './kernels/switches'
import { countLeakedTensors } from './leak'
import {
  emptyPairs,
  initialPairWeights,
  PairNetwork,
  takePairs,
  type LabelledPairs,
  type PairOptions,
  type PairShape,
} from './pairs'
import { Rng } from './rng'
import { tf } from './tf'

const options: PairOptions = { learningRate: 0.01, weightDecay: 1e-4 }
const ncf = (width: number, hidden: number[], users = 12, items = 9): PairShape => ({
  backbone: 'ncf',
  users,
  items,
  width,
  hidden,
})
const mf = (width: number, users = 12, items = 9): PairShape => ({ backbone: 'mf', users, items, width, hidden: [] })

/** Pairs with every number drawn with replacement, so that users and items repeat. */
function draw({ users, items }: PairShape, size: number, rng: Rng): LabelledPairs {
  const pairs = emptyPairs(size)
  for (let at = 0; at < size; at++) {
    pairs.users[at] = rng.integer(users)
    pairs.items[at] = rng.integer(items)
    pairs.labels[at] = rng.integer(2)
    pairs.weights[at] = 1 + 4 * rng.uniform()
  }
  return pairs
}

const ways = ['kernels', 'operations'] as const

/** A network computed one way or the other. */
function make(
  way: (typeof ways)[number],
  shape: PairShape,
  given: PairOptions,
  initial: NamedArrays | Rng,
): PairNetwork {
  turnOff(way === 'kernels' ? [] : ['pairs'])
  const network = new PairNetwork(shape, given, initial)
  turnOff([])
  return network
}

const values = (arrays: NamedArrays): Record<string, number[]> =>
  Object.fromEntries(Object.entries(arrays).map(([name, { data }]) => [name, [...data]]))

function expectClose(found: NamedArrays, expected: NamedArrays, tolerance: number): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(found[name]!.shape).toEqual(shape)
    const largest = Math.max(...data.map((_, i) => Math.abs(data[i]! - found[name]!.data[i]!)))
    expect(largest, name).toBeLessThanOrEqual(tolerance)
  }
}

/** The logits [pairs, outputs] in float64, written down from the definition. */
function plainLogits(shape: PairShape, weights: Record<string, number[]>, { users, items }: LabelledPairs): number[] {
  const row = (name: string, at: number): number[] => weights[name]!.slice(at * shape.width, (at + 1) * shape.width)
  return Array.from(users).flatMap((user, at) => {
    const [u, i] = [row('user.embedding', user), row('item.embedding', items[at]!)]
    if (shape.backbone === 'mf')
      return (
        u.reduce((sum, value, j) => sum + value * i[j]!, 0) +
        weights['user.bias']![user]! +
        weights['item.bias']![items[at]!]! +
        weights['bias']![0]!
      )
    let x = [...u, ...i]
    for (let layer = 0; layer <= shape.hidden.length; layer++) {
      const bias = weights[`layers.${layer}.bias`]!
      const weight = weights[`layers.${layer}.weight`]!
      const sums = bias.map((start, o) =>
        x.reduce((sum, value, j) => sum + value * weight[j * bias.length + o]!, start),
      )
      x = layer < shape.hidden.length ? sums.map((sum) => Math.max(sum, 0)) : sums
    }
    return x
  })
}

function plainLoss(shape: PairShape, weights: Record<string, number[]>, pairs: LabelledPairs): number {
  const losses = plainLogits(shape, weights, pairs).map((x, at) => {
    const softplus = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
    return pairs.weights[at]! * (softplus - pairs.labels[at]! * x)
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}

const shapes: [string, PairShape][] = [
  ...[1, 3, 16, 17].flatMap((width): [string, PairShape][] => [
    [`NCF of width ${width} and one hidden layer`, ncf(width, [width])],
    [`NCF of width ${width} and two hidden layers`, ncf(width, [width, 5])],
    [`matrix factorisation of width ${width}`, mf(width)],
  ]),
  ['a linear NCF', ncf(4, [])],
]

/** Expects the gradients of all weights to be those of central differences of a loss in float64. */
async function expectGradients(
  network: PairNetwork,
  lossOf: (weights: Record<string, number[]>) => number,
): Promise<void> {
  const weights = values(await network.weights())
  const step = 1e-5
  for (const [name, { data }] of Object.entries(await network.gradients()))
    for (let at = 0; at < data.length; at += Math.max(1, Math.floor(data.length / 29))) {
      const at2 = (delta: number): number =>
        lossOf({ ...weights, [name]: weights[name]!.with(at, weights[name]![at]! + delta) })
      expect(data[at], `${name}[${at}]`).toBeCloseTo((at2(step) - at2(-step)) / (2 * step), 4)
    }
}

beforeAll(() => useBackend('wasm'))
afterEach(() => vi.restoreAllMocks())
afterAll(() => expect(tf.memory().numTensors).toBe(0))

describe.each(shapes)('%s', (_, shape) => {
  test.each([false, true])('kernels and operations agree over several steps, lazy rows: %s', async (lazyRows) => {
    const [kernels, operations] = ways.map((way) => make(way, shape, { ...options, lazyRows }, Rng.seeded(1))) as [
      PairNetwork,
      PairNetwork,
    ]
    expect([kernels.way, operations.way]).toEqual(ways)
    const rng = Rng.seeded(2)
    for (const size of [7, 128, 1, 128, 7]) {
      const pairs = draw(shape, size, rng)
      const scores = await kernels.score(pairs)
      plainLogits(shape, values(await kernels.weights()), pairs).forEach((logit, at) =>
        expect(scores[at]).toBeCloseTo(logit, 4),
      )
      const [loss, expected] = [await kernels.step(pairs), await operations.step(pairs)]
      expect(loss).toBeCloseTo(expected, 4)
      expectClose(await kernels.gradients(), await operations.gradients(), 2e-4)
      // Adam takes equal steps however small a gradient is: rounding moves a weight whose gradient is nothing but rounding.
      expectClose(await kernels.weights(), await operations.weights(), 1e-3)
    }
    for (const network of [kernels, operations]) network.dispose()
  })

  test.each(ways)('gradients by %s are those of central differences', async (way) => {
    const pairs = draw(shape, 7, Rng.seeded(3))
    const network = make(way, shape, options, Rng.seeded(4))
    await network.forward(pairs)
    const { loss, dLogits } = network.weightedBce(pairs.labels, pairs.weights)
    network.backward(dLogits)
    expect(loss).toBeCloseTo(plainLoss(shape, values(await network.weights()), pairs), 5)
    await expectGradients(network, (weights) => plainLoss(shape, weights, pairs))
    network.dispose()
  })
})

describe.each([
  ['two outputs', { ...ncf(16, [16]), outputs: 2 }],
  ['three outputs of two hidden layers', { ...ncf(3, [3, 5]), outputs: 3 }],
  ['two outputs of a linear layer', { ...ncf(4, []), outputs: 2 }],
  ['more outputs than a tile is wide', { ...ncf(5, [7]), outputs: 9 }],
])('NCF of %s', (_, shape: PairShape & { outputs: number }) => {
  /** Half the squares of the distances to targets, over the pairs: a loss that tells every logit from every other. */
  const target = (at: number): number => Math.sin(at)
  const lossOf = (logits: number[]): number =>
    logits.reduce((sum, x, at) => sum + (x - target(at)) ** 2 / 2, 0) / (logits.length / shape.outputs)
  const slopeOf = (logits: Float32Array): Float32Array =>
    logits.map((x, at) => (x - target(at)) / (logits.length / shape.outputs))
  const step = async (network: PairNetwork, pairs: LabelledPairs): Promise<void> => {
    network.backward(slopeOf(await network.forward(pairs)))
    network.update()
  }

  test.each([false, true])('kernels and operations agree over several steps, lazy rows: %s', async (lazyRows) => {
    const [kernels, operations] = ways.map((way) => make(way, shape, { ...options, lazyRows }, Rng.seeded(22))) as [
      PairNetwork,
      PairNetwork,
    ]
    const rng = Rng.seeded(23)
    for (const size of [7, 128, 1, 128, 7]) {
      const pairs = draw(shape, size, rng)
      const expected = plainLogits(shape, values(await kernels.weights()), pairs)
      expect(expected).toHaveLength(size * shape.outputs)
      for (const logits of [await kernels.score(pairs), await kernels.forward(pairs)]) {
        expect(logits).toHaveLength(expected.length)
        expected.forEach((logit, at) => expect(logits[at]).toBeCloseTo(logit, 4))
      }
      for (const network of [kernels, operations]) await step(network, pairs)
      expectClose(await kernels.gradients(), await operations.gradients(), 2e-4)
      expectClose(await kernels.weights(), await operations.weights(), 1e-3)
    }
    for (const network of [kernels, operations]) network.dispose()
  })

  describe.each(ways)('by %s', (way) => {
    test('gradients are those of central differences', async () => {
      const pairs = draw(shape, 7, Rng.seeded(24))
      const network = make(way, shape, options, Rng.seeded(25))
      network.backward(slopeOf(await network.forward(pairs)))
      await expectGradients(network, (weights) => lossOf(plainLogits(shape, weights, pairs)))
      network.dispose()
    })

    test('the same seed gives the same bits', async () => {
      const run = async (): Promise<unknown> => {
        const network = make(way, shape, options, Rng.seeded(26))
        const rng = Rng.seeded(27)
        for (const size of [30, 128, 5]) await step(network, draw(shape, size, rng))
        const state = { weights: await network.weights(), optimiser: await network.optimiser() }
        network.dispose()
        return state
      }
      expect(await run()).toEqual(await run())
    })

    test('scores of more pairs than are taken at a time are those of each block', async () => {
      const network = make(way, shape, options, Rng.seeded(28))
      const pairs = draw(shape, 5000, Rng.seeded(29))
      const scores = await network.score(pairs)
      plainLogits(shape, values(await network.weights()), pairs).forEach((logit, at) => {
        if (Math.abs(scores[at]! - logit) > 1e-4) expect(scores[at], `logit ${at}`).toBe(logit)
      })
      network.dispose()
    })

    test('what takes one output says so', async () => {
      const network = make(way, shape, options, Rng.seeded(30))
      const pairs = draw(shape, 3, Rng.seeded(31))
      await network.forward(pairs)
      expect(() => network.weightedBce(pairs.labels, pairs.weights)).toThrow(
        '"weightedBce" takes the loss of one output',
      )
      await expect(network.step(pairs)).rejects.toThrow(`the network has ${shape.outputs}`)
      expect(() => network.backward(new Float32Array(3))).toThrow(`for 3 pairs of ${shape.outputs} outputs`)
      network.dispose()
    })
  })
})

test('dense Adam takes the steps of PyTorch', async () => {
  // torch.nn.Embedding(2, 1) twice, torch.nn.Linear(2, 1), torch.optim.Adam(lr=0.1, weight_decay=0.01), two steps on the pair (0, 1).
  const initial: NamedArrays = {
    'user.embedding': { shape: [2, 1], data: Float32Array.of(0.5, -1) },
    'item.embedding': { shape: [2, 1], data: Float32Array.of(2, 0.25) },
    'layers.0.weight': { shape: [2, 1], data: Float32Array.of(0.3, -0.7) },
    'layers.0.bias': { shape: [1], data: Float32Array.of(0.1) },
  }
  const pairs: LabelledPairs = {
    users: Int32Array.of(0),
    items: Int32Array.of(1),
    labels: Float32Array.of(1),
    weights: Float32Array.of(2),
  }
  for (const way of ways) {
    const network = make(way, ncf(1, [], 2, 2), { learningRate: 0.1, weightDecay: 0.01 }, initial)
    const losses = [await network.step(pairs), await network.step(pairs)]
    ;[1.3127003, 1.0667644].forEach((loss, at) => expect(losses[at]).toBeCloseTo(loss, 5))
    const expected = {
      'user.embedding': [0.7001243, -0.8004124],
      'item.embedding': [1.8001666, 0.0519239],
      'layers.0.weight': [0.500064, -0.506075],
      'layers.0.bias': [0.2993103],
    }
    const found = values(await network.weights())
    for (const [name, data] of Object.entries(expected))
      data.forEach((value, at) => expect(found[name]![at], name).toBeCloseTo(value, 5))
    network.dispose()
  }
})

describe.each(ways)('by %s', (way) => {
  const shape = ncf(16, [16, 16])

  test('the same seed gives the same bits', async () => {
    const run = async (): Promise<unknown> => {
      const network = make(way, shape, options, Rng.seeded(5))
      const all = draw(shape, 300, Rng.seeded(6))
      const batch = emptyPairs(128)
      const order = Rng.seeded(7).shuffle(Int32Array.from({ length: 300 }, (_, i) => i))
      const losses: number[] = []
      for (const start of [0, 100, 172]) {
        takePairs(all, order, start, batch)
        losses.push(await network.step(batch))
      }
      const state = { losses, weights: await network.weights(), optimiser: await network.optimiser() }
      network.dispose()
      return state
    }
    expect(await run()).toEqual(await run())
  })

  test('step is forward, loss, backward and update, and leaves what is between to the caller', async () => {
    const [whole, parts] = [make(way, shape, options, Rng.seeded(8)), make(way, shape, options, Rng.seeded(8))]
    const rng = Rng.seeded(9)
    for (const size of [7, 30, 3]) {
      const pairs = draw(shape, size, rng)
      const loss = await whole.step(pairs, 5)
      await parts.forward(pairs)
      const own = parts.weightedBce(pairs.labels, pairs.weights, 5)
      parts.backward(own.dLogits)
      // Other logits in between do not disturb the gradients.
      await parts.forward(draw(shape, 200, rng))
      parts.update()
      expect(own.loss).toBe(loss)
    }
    expect(await parts.weights()).toEqual(await whole.weights())
    for (const network of [whole, parts]) network.dispose()
  })

  test.each([false, true])('goes on from its saved state to the bit, lazy rows: %s', async (lazyRows) => {
    const given = { ...options, lazyRows }
    const rng = Rng.seeded(10)
    const batches = Array.from({ length: 6 }, () => draw(shape, 7, rng))
    const whole = make(way, shape, given, Rng.seeded(11))
    for (const pairs of batches) await whole.step(pairs)
    const first = make(way, shape, given, Rng.seeded(11))
    for (const pairs of batches.slice(0, 3)) await first.step(pairs)
    const [weights, optimiser] = [await first.weights(), await first.optimiser()]
    // Into a new network, and into one that has gone on.
    const second = make(way, shape, given, weights)
    await first.step(batches[5]!)
    first.setWeights(weights)
    for (const network of [first, second]) {
      network.setOptimiser(optimiser)
      for (const pairs of batches.slice(3)) await network.step(pairs)
      expect(await network.weights()).toEqual(await whole.weights())
      expect(await network.optimiser()).toEqual(await whole.optimiser())
    }
    for (const network of [whole, first, second]) network.dispose()
  })

  test('lazy rows are off by default, and on they keep the rows that no pair names', async () => {
    const rng = Rng.seeded(12)
    const batches = Array.from({ length: 4 }, () => ({
      ...draw(shape, 7, rng),
      users: Int32Array.of(3, 3, 5, 3, 0, 5, 3),
    }))
    const run = async (
      lazyRows?: boolean,
    ): Promise<{ before: NamedArrays; after: NamedArrays; moments: NamedArrays }> => {
      const network = make(way, shape, { ...options, ...(lazyRows === undefined ? {} : { lazyRows }) }, Rng.seeded(13))
      const before = await network.weights()
      for (const pairs of batches) await network.step(pairs)
      const [after, { arrays }] = [await network.weights(), await network.optimiser()]
      network.dispose()
      return { before, after, moments: arrays }
    }
    const [dense, named, lazy] = [await run(), await run(false), await run(true)]
    expect(named).toEqual(dense)
    const rowOf = (arrays: NamedArrays, name: string, row: number): number[] => [
      ...arrays[name]!.data.slice(row * 16, (row + 1) * 16),
    ]
    for (let user = 0; user < shape.users; user++) {
      const moved = [0, 3, 5].includes(user)
      const start = rowOf(dense.before, 'user.embedding', user)
      expect(rowOf(dense.after, 'user.embedding', user)).not.toEqual(start)
      const stepped = rowOf(lazy.after, 'user.embedding', user)
      if (moved) expect(stepped).not.toEqual(start)
      else expect(stepped).toEqual(start)
      expect(rowOf(lazy.moments, 'second.user.embedding', user).some((value) => value !== 0)).toBe(moved)
    }
  })

  test('holds no tensors and no more of the heap after many networks and steps', async () => {
    const large = ncf(16, [16], 20000, 20000)
    const heapBytes = (): number =>
      (tf.backend() as unknown as { wasm: { wasmMemory: WebAssembly.Memory } }).wasm.wasmMemory.buffer.byteLength
    const once = async (): Promise<void> => {
      const network = make(way, large, options, initial)
      for (const size of [1, 9, 200]) await network.step(draw(large, size, Rng.seeded(14)))
      await network.weights()
      network.dispose()
      network.dispose()
      await expect(network.weights()).rejects.toThrow('disposed of')
    }
    const initial = initialPairWeights(large, Rng.seeded(15))
    await once()
    const before = heapBytes()
    // About 10 MiB each.
    const leaked = await countLeakedTensors(async () => {
      for (let repeat = 0; repeat < 12; repeat++) await once()
    })
    expect(leaked).toBe(0)
    expect(heapBytes() - before).toBeLessThan(20 * 2 ** 20)
  })

  test('two networks in turn on batches of any size hold no more after a thousand steps than after a few', async () => {
    const { wasm } = tf.backend() as WasmBackend
    const { held, malloc } = watchHeap()
    const size = ncf(16, [16], 290, 300)
    const one = make(way, size, { ...options, lazyRows: true }, Rng.seeded(32))
    const two = make(way, { ...size, outputs: 2 }, options, Rng.seeded(33))
    const rng = Rng.seeded(34)
    const batches = [128, 1024, 300, 1, 700].map((pairs) => draw(size, pairs, rng))
    const stepBoth = async (times: number): Promise<void> => {
      for (let at = 0; at < times; at++) {
        // One in the middle of a step of the other, on another batch.
        const logits = await two.forward(batches[at % batches.length]!)
        await one.step(batches[(at + 1) % batches.length]!)
        two.backward(logits)
        two.update()
      }
    }
    const holds = (): Record<string, number> => ({
      tensors: tf.memory().numTensors,
      data: tf.memory().numDataBuffers,
      blocks: held.size,
      bytes: wasm.wasmMemory.buffer.byteLength,
    })
    await stepBoth(batches.length)
    const [before, allocations] = [holds(), malloc.mock.calls.length]
    await stepBoth(500)
    expect(holds()).toEqual(before)
    if (way === 'kernels') expect(malloc).toHaveBeenCalledTimes(allocations)
    for (const network of [one, two]) network.dispose()
    if (way === 'kernels') expect(held.size).toBe(0)
    expect(allocations).toBeGreaterThan(0)
  })

  test('one output is what there is without a number of outputs', async () => {
    const pairs = draw(shape, 30, Rng.seeded(35))
    const run = async (given: PairShape): Promise<unknown> => {
      const network = make(way, given, options, Rng.seeded(36))
      const state = [await network.step(pairs), await network.weights()]
      network.dispose()
      return state
    }
    expect(await run({ ...shape, outputs: 1 })).toEqual(await run(shape))
  })

  test('says what does not fit', async () => {
    expect(() => make(way, ncf(0, []), options, Rng.seeded(1))).toThrow('"width" must be a whole number')
    expect(() => make(way, { ...mf(3), hidden: [2] }, options, Rng.seeded(1))).toThrow('no hidden layers')
    expect(() => make(way, { ...shape, outputs: 0 }, options, Rng.seeded(1))).toThrow(
      '"outputs" must be a whole number',
    )
    expect(() => make(way, { ...mf(3), outputs: 2 }, options, Rng.seeded(1))).toThrow('has one output')
    expect(() => make(way, shape, options, {})).toThrow('missing or misshapen')
    const network = make(way, shape, options, Rng.seeded(1))
    const pairs = draw(shape, 3, Rng.seeded(2))
    expect(() => network.backward(new Float32Array(3))).toThrow('call "forward" first')
    expect(() => network.update()).toThrow('call "backward" first')
    await expect(network.forward({ ...pairs, users: Int32Array.of(0, 12, 1) })).rejects.toThrow('no user 12')
    await expect(network.forward({ ...pairs, items: Int32Array.of(0, -1, 1) })).rejects.toThrow('no item -1')
    await expect(network.step({ ...pairs, users: Int32Array.of(0) })).rejects.toThrow('as many users as items')
    await network.forward(pairs)
    expect(() => network.backward(new Float32Array(2))).toThrow('holds 2 values for 3 pairs')
    expect(() => network.weightedBce(new Float32Array(4), pairs.weights)).toThrow('"labels" holds 4')
    expect(() => network.setOptimiser({ arrays: {}, steps: 1 })).toThrow('missing or misshapen')
    network.dispose()
  })
})

test('either way goes on from the state of the other', async () => {
  const shape = ncf(3, [5])
  const rng = Rng.seeded(16)
  const [one, two] = [draw(shape, 20, rng), draw(shape, 20, rng)]
  const kernels = make('kernels', shape, options, Rng.seeded(17))
  await kernels.step(one)
  const operations = make('operations', shape, options, await kernels.weights())
  operations.setOptimiser(await kernels.optimiser())
  for (const network of [kernels, operations]) await network.step(two)
  expectClose(await kernels.weights(), await operations.weights(), 1e-3)
  for (const network of [kernels, operations]) network.dispose()
})

test('the cross-entropy is stable and exact for extreme logits', async () => {
  const shape = mf(1, 6, 1)
  const logits = [-200, -30, -1e-3, 0.5, 30, 200]
  const pairs: LabelledPairs = {
    users: Int32Array.of(0, 1, 2, 3, 4, 5),
    items: new Int32Array(6),
    labels: Float32Array.of(1, 0, 1, 0.25, 0, 1),
    weights: Float32Array.of(1, 2, 3, 4, 5, 0),
  }
  const initial: NamedArrays = {
    'user.embedding': { shape: [6, 1], data: new Float32Array(6) },
    'item.embedding': { shape: [1, 1], data: new Float32Array(1) },
    'user.bias': { shape: [6], data: Float32Array.from(logits) },
    'item.bias': { shape: [1], data: new Float32Array(1) },
    bias: { shape: [1], data: new Float32Array(1) },
  }
  const network = make('kernels', shape, options, initial)
  expect([...(await network.forward(pairs))]).toEqual([...Float32Array.from(logits)])
  const { loss, dLogits } = network.weightedBce(pairs.labels, pairs.weights, 1)
  expect(loss / plainLoss(shape, values(initial), pairs) / 6).toBeCloseTo(1, 6)
  logits.forEach((x, at) => {
    const expected = pairs.weights[at]! * (1 / (1 + Math.exp(-x)) - pairs.labels[at]!)
    expect(dLogits[at]).toBeCloseTo(expected, 6)
  })
  network.dispose()
})

describe('what is not finite', () => {
  const shape = ncf(3, [5])
  test.each([
    ['NaN in an embedding', 'user.embedding', NaN],
    ['infinity in an embedding', 'user.embedding', Infinity],
    ['infinity in a layer', 'layers.0.weight', -Infinity],
    ['NaN in the last bias', 'layers.1.bias', NaN],
  ])('%s ends alike both ways', async (_, name, value) => {
    const results = []
    for (const way of ways) {
      const initial = initialPairWeights(shape, Rng.seeded(18))
      initial[name]!.data[1] = value
      const network = make(way, shape, options, initial)
      const losses: number[] = []
      for (let step = 0; step < 2; step++) losses.push(await network.step(draw(shape, 7, Rng.seeded(19 + step))))
      const finite = Object.entries({ ...(await network.weights()) }).map(([own, { data }]) => [
        own,
        Array.from(data, (x) => (Number.isFinite(x) ? 'finite' : String(x))),
      ])
      network.dispose()
      results.push({ losses: losses.map((loss) => (Number.isFinite(loss) ? loss.toFixed(3) : loss)), finite })
    }
    expect(results[0]).toEqual(results[1])
  })
})

describe('on cpu', () => {
  beforeAll(() => useBackend('cpu'))

  test('operations compute the same as on wasm', async () => {
    const shape = ncf(3, [5])
    const pairs = draw(shape, 7, Rng.seeded(20))
    const run = async (): Promise<NamedArrays> => {
      const network = new PairNetwork(shape, options, Rng.seeded(21))
      expect(network.way).toBe(tf.getBackend() === 'cpu' ? 'operations' : 'kernels')
      for (let step = 0; step < 3; step++) await network.step(pairs)
      const weights = await network.weights()
      network.dispose()
      return weights
    }
    const cpu = await run()
    await useBackend('wasm')
    expectClose(await run(), cpu, 1e-3)
  })
})

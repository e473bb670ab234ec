import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bitsOf, fitSmall, smallParams } from '../../../../tests/support/fit'
import { tinySplit } from '../../../../tests/support/tiny-split'
import { causalGraphSchema } from '../../../../src-shared/domain/graph'
import { breakCycles, thresholdEdges } from '../../../../src-shared/graph/acyclic'
import { takeRows } from '../../../../src-shared/domain/split'
import { formatGraph, parseGraph } from '../../../../src-shared/graph/text'
import { Adam } from '../../../tensor/adam'
import { useBackend } from '../../../tensor/backends'
import { assignWeights, createWeights, disposeWeights, readTensors } from '../../../tensor/named-arrays'
import { Rng } from '../../../tensor/rng'
import { tf, type Scalar, type Tensor2D, type Tensor3D } from '../../../tensor/tf'
import { gumbelSigmoid } from '../../blocks/gumbel-sigmoid'
import { itemLogits } from '../../blocks/mult-vae'
import type { FittedModel, NamedArray, NamedArrays } from '../../method'
import { descriptor } from '.'
import {
  attentionSharpness,
  causalLayer,
  exogenous,
  globalGraph,
  localGraph,
  mixDecoded,
  mixRepresentations,
  mixWeights,
  userGraphs,
} from './layers'
import { csc, graphStepping, logitsOf } from './model'
import { acyclicity } from './structure'
import { initialCscWeights, sizeFrom, type CscVariant, type CscWeights } from './weights'

const split = tinySplit(12, 10)
const variants: CscVariant[] = ['none', 'g', 'l', 'g+l']

const paramsOf = (given: Record<string, number | string> = {}): ReturnType<typeof smallParams> =>
  smallParams(descriptor, { hidden: 5, latent: 4, confounders: 3, ...given })

/** Fresh weights of a small model, all randomness from one seed. */
const weightsOf = (given: Record<string, number | string> = {}, seed = 3): CscWeights =>
  createWeights(initialCscWeights(sizeFrom(10, paramsOf(given)), Rng.seeded(seed))) as CscWeights

const latents = (users: number, d = 4): Tensor2D =>
  tf.tensor2d(Rng.seeded(8).fillNormal(new Float32Array(users * d)), [users, d])

const valuesOf = (work: () => ReturnType<typeof tf.tensor>): number[] => tf.tidy(() => [...work().dataSync()])

beforeAll(() => useBackend('cpu'))

describe('Gumbel-Sigmoid (Eq. 4)', () => {
  const logits = [-2, -0.5, 0, 0.7, 3]
  const many = (temperature: number): number[][] => {
    const rng = Rng.seeded(6)
    return tf.tidy(() => {
      const wide = tf.tile(tf.tensor2d([logits]), [20_000, 1]) as Tensor2D
      return gumbelSigmoid(wide, temperature, rng).arraySync() as number[][]
    })
  }

  test('goes to 0 or 1 as the temperature falls', () => {
    const between = (samples: number[][]): number =>
      samples.flat().filter((value) => value > 0.01 && value < 0.99).length / (samples.length * logits.length)
    expect(between(many(1))).toBeGreaterThan(0.5)
    expect(between(many(0.2))).toBeLessThan(0.4)
    expect(between(many(0.001))).toBeLessThan(0.005)
  })

  test.each([0.001, 0.2, 1])('is above one half with probability sigmoid(logit) at temperature %d', (temperature) => {
    const samples = many(temperature)
    logits.forEach((logit, at) => {
      const share = samples.filter((row) => row[at]! > 0.5).length / samples.length
      expect(Math.abs(share - 1 / (1 + Math.exp(-logit)))).toBeLessThan(0.015)
    })
  })

  test('has no noise at evaluation', () => {
    const values = valuesOf(() => gumbelSigmoid(tf.tensor1d(logits), 0.2, null))
    values.forEach((value, at) => expect(value).toBeCloseTo(1 / (1 + Math.exp(-logits[at]! / 0.2)), 5))
  })
})

describe('acyclicity H(A) (Eq. 13)', () => {
  test.each([
    'c1 -> c2, c2 -> c3, c2 -> c4',
    'c4 -> c3 -> c2 -> c1, c4 -> c1',
    'c1 -> c2, c1 -> c3, c1 -> c4, c1 -> c5, c2 -> c3, c2 -> c4, c2 -> c5, c3 -> c4, c3 -> c5, c4 -> c5',
    'c3',
    'c1',
  ])('is exactly 0 on the DAG %s, whatever its weights', (text) => {
    const rng = Rng.seeded(1)
    const weighted = parseGraph(text).map((row) => row.map((edge) => edge * rng.uniform()))
    expect(valuesOf(() => acyclicity(tf.tensor2d(weighted)))).toEqual([0])
  })

  test.each(['c1 -> c2 -> c1', 'c1 -> c1', 'c1 -> c2 -> c3 -> c1, c4', 'c1 -> c2 -> c3 -> c4 -> c5 -> c1'])(
    'is positive on the cycle %s',
    (text) => expect(valuesOf(() => acyclicity(tf.tensor2d(parseGraph(text))))[0]).toBeGreaterThan(0),
  )

  test('is what a cycle of two weighs: tr((I + A∘A/2)²) - 2 = 2 · (a²/2)(b²/2)', () =>
    expect(
      valuesOf(() =>
        acyclicity(
          tf.tensor2d([
            [0, 0.8],
            [0.5, 0],
          ]),
        ),
      )[0],
    ).toBeCloseTo(2 * 0.32 * 0.125, 6))
})

describe('the acyclicity penalty as it is stepped', () => {
  /** The probabilities after 600 steps of α H(A) alone, from the start a seed gives. */
  const descend = (seed: number): number[][] => {
    const weights = weightsOf({ confounders: 4 }, seed)
    const logits = weights['graph.logits']
    const probabilities = (): Tensor2D => globalGraph(weights, sizeFrom(10, paramsOf({ confounders: 4 })), null, null)
    const adam = new Adam({ logits }, { learningRate: 1e-3, weightDecay: 0 }, { logits: graphStepping })
    for (let i = 0; i < 600; i++)
      tf.tidy(() => {
        const { grads } = tf.variableGrads(() => tf.mul(acyclicity(probabilities()), 50) as Scalar, [logits])
        adam.step({ logits: grads[logits.name]! })
      })
    adam.dispose()
    return tf.tidy(() => probabilities().arraySync())
  }

  test.each([1, 2, 3, 4, 5])('makes the start an acyclic graph that is not empty, seed %i', (seed) => {
    const edges = thresholdEdges(descend(seed), 0.5)
    expect(edges.length).toBeGreaterThan(0)
    expect(breakCycles(edges).dropped).toEqual([])
  })
})

describe('the graphs', () => {
  const diagonalOf = (matrix: number[][]): number[] => matrix.map((row, i) => row[i]!)

  test('the diagonal is 0 in samples, probabilities and every user’s graph', () => {
    const weights = weightsOf()
    assignWeights({ 'graph.logits': weights['graph.logits'] }, {
      'graph.logits': { shape: [3, 3], data: new Float32Array(9).fill(9) },
    } as NamedArrays)
    const size = sizeFrom(10, paramsOf())
    tf.tidy(() => {
      expect(diagonalOf(globalGraph(weights, size, null, null).arraySync())).toEqual([0, 0, 0])
      expect(diagonalOf(globalGraph(weights, size, null, Rng.seeded(1)).arraySync())).toEqual([0, 0, 0])
      for (const graph of userGraphs(
        weights,
        size,
        latents(5),
        globalGraph(weights, size, null, Rng.seeded(1)),
      ).arraySync())
        expect(diagonalOf(graph)).toEqual([0, 0, 0])
    })
    disposeWeights(weights)
  })

  test('the strengths into a node are shares over its possible parents, and differ between users', () => {
    const weights = weightsOf({ variant: 'l' })
    const graphs = tf.tidy(() => localGraph(weights, latents(5), 3).arraySync())
    for (const graph of graphs)
      for (let j = 0; j < 3; j++) expect(graph.reduce((sum, row) => sum + row[j]!, 0)).toBeCloseTo(1, 5)
    expect(graphs[0]).not.toEqual(graphs[1])
    disposeWeights(weights)
  })

  test('head j is asked by node j and answered by every node i: the scores are those of the plain double loop', () => {
    const weights = weightsOf({ variant: 'l' })
    const z = latents(2)
    const graphs = tf.tidy(() => localGraph(weights, z, 3).arraySync())
    const array = (name: keyof CscWeights): number[][] => tf.tidy(() => weights[name].arraySync() as number[][])
    const times = (row: number[], matrix: number[][]): number[] =>
      matrix[0]!.map((_, column) => row.reduce((sum, value, at) => sum + value * matrix[at]![column]!, 0))
    const bias = weights['user.bias'].arraySync() as number[]
    z.arraySync().forEach((row, b) => {
      const user = times(row, array('user.weight')).map((value, at) => Math.tanh(value + bias[at]!))
      for (let j = 0; j < 3; j++) {
        const head = (values: number[]): number[] => values.slice(j * 32, (j + 1) * 32)
        const unit = (values: number[]): number[] => values.map((value) => value / Math.hypot(...values))
        // The upper half of the query weights is for E, the lower for the user.
        const [ofNode, ofUser] = [array('attention.query').slice(0, 4), array('attention.query').slice(4)]
        const node = unit(head(times(array('confounders')[j]!, ofNode)))
        const query = unit(head(times(user, ofUser))).map((value, at) => value + node[at]!)
        const scores = [0, 1, 2].map((i) => {
          const key = unit(head(times(array('confounders')[i]!, array('attention.key'))))
          return attentionSharpness * query.reduce((sum, value, at) => sum + value * key[at]!, 0)
        })
        const others = scores.map((score, i) => (i === j ? 0 : Math.exp(score)))
        const sum = others.reduce((total, value) => total + value, 0)
        others.forEach((value, i) => expect(graphs[b]![i]![j]!).toBeCloseTo(value / sum, 4))
      }
    })
    z.dispose()
    disposeWeights(weights)
  })
})

describe('the layers', () => {
  test('the causal layer is g_j of the scaled, flattened parents plus the exogenous term', () => {
    const weights = weightsOf()
    const graph = [
      [
        [0, 0.7, 0.2],
        [0.5, 0, 0],
        [0, 0.9, 0],
      ],
    ]
    const found = tf.tidy(() =>
      causalLayer(weights, tf.tensor3d(graph) as Tensor3D, exogenous(weights, 1, null), 1).arraySync(),
    )
    const array = (name: keyof CscWeights): number[][] => weights[name].arraySync() as number[][]
    const embeddings = array('confounders')
    const [hiddenWeight, outputWeight] = [array('causal.hidden.weight'), array('causal.output.weight')]
    const hiddenBias = weights['causal.hidden.bias'].arraySync() as number[]
    const outputBias = weights['causal.output.bias'].arraySync() as number[]
    for (let j = 0; j < 3; j++) {
      const flattened = embeddings.flatMap((row, i) => row.map((value) => value * graph[0]![i]![j]!))
      const hidden = Array.from({ length: 200 }, (_, h) => {
        const sum = flattened.reduce(
          (total, value, at) => total + value * hiddenWeight[at]![j * 200 + h]!,
          hiddenBias[j * 200 + h]!,
        )
        return sum > 0 ? sum : Math.expm1(sum)
      })
      embeddings[j]!.forEach((own, at) => {
        const expected =
          own +
          outputBias[j * 4 + at]! +
          hidden.reduce((total, value, h) => total + value * outputWeight[j * 200 + h]![at]!, 0)
        expect(found[j]![at]!).toBeCloseTo(expected, 4)
      })
    }
    disposeWeights(weights)
  })

  test('mixing before the last linear layer equals mixing the item logits after it', () => {
    const weights = weightsOf()
    tf.tidy(() => {
      const z = latents(5)
      const mixed = mixRepresentations(weights, z, latents(15))
      const shares = mixWeights(z, mixed, Rng.seeded(2))
      const before = itemLogits(weights, mixDecoded(weights, mixed, shares)).arraySync()
      const perConfounder = itemLogits(weights, mixDecoded(weights, mixed, tf.ones([15, 1]))).arraySync()
      const w = shares.arraySync()
      before.forEach((row, b) =>
        row.forEach((value, item) =>
          expect(value).toBeCloseTo(
            w[b]!.reduce((sum, share, j) => sum + share * perConfounder[b * 3 + j]![item]!, 0),
            4,
          ),
        ),
      )
    })
    disposeWeights(weights)
  })

  test('mix weights sum to one', () => {
    const weights = weightsOf()
    tf.tidy(() => {
      const z = latents(5)
      const shares = mixWeights(z, mixRepresentations(weights, z, latents(15)), null).arraySync()
      for (const row of shares) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
    })
    disposeWeights(weights)
  })
})

describe('gradients', () => {
  test.each(variants)('of the whole loss are its slopes, variant %s', async (variant) => {
    const params = paramsOf({ variant, alpha: 10, klCap: 0.5, annealSteps: 0 })
    const weights = createWeights(csc.initialWeights(10, params, Rng.seeded(4)))
    const { batchLoss } = csc.build(weights, params, 10, null)
    const rows = takeRows(split.train, [0, 1, 2, 3])
    // The same noise at every evaluation, so that the loss is a function of the weights alone.
    const lossAt = (): number => tf.tidy(() => batchLoss(rows, 100, Rng.seeded(5))[0]!.dataSync()[0]!)
    const { grads } = tf.variableGrads(() => batchLoss(rows, 100, Rng.seeded(5))[0]!)
    const start = await readTensors(weights)
    const step = 1e-2
    for (const [name, variable] of Object.entries(weights)) {
      const gradient = await grads[variable.name]!.data()
      const steepest = [...gradient.keys()].sort((a, b) => Math.abs(gradient[b]!) - Math.abs(gradient[a]!)).slice(0, 3)
      for (const at of steepest) {
        const moved = (by: number): number => {
          const data = Float32Array.from(start[name]!.data)
          data[at]! += by
          assignWeights({ [name]: variable }, { [name]: { shape: variable.shape, data } })
          return lossAt()
        }
        const slope = (moved(step) - moved(-step)) / (2 * step)
        expect(Math.abs(gradient[at]! - slope), `${name}[${at}]`).toBeLessThan(3e-3 + 0.03 * Math.abs(slope))
      }
      assignWeights({ [name]: variable }, { [name]: start[name] as NamedArray })
    }
    tf.dispose(grads)
    disposeWeights(weights)
  })
})

describe('a trained model', () => {
  const models: Partial<Record<CscVariant, FittedModel>> = {}
  const k = 3

  beforeAll(async () => {
    await useBackend('wasm')
    for (const variant of variants) {
      const outcome = await fitSmall(descriptor, tinySplit(), { params: { variant } })
      if (outcome.end !== 'completed') throw new Error(outcome.end)
      models[variant] = outcome.model
    }
  })
  afterAll(() => Object.values(models).forEach((model) => model.dispose()))

  test.each(variants)('an all-ones mask changes no score by one bit, variant %s', async (variant) => {
    const { train } = tinySplit()
    const plain = await models[variant]!.score(train)
    expect(await models[variant]!.score(train, { mask: new Float32Array(k * k).fill(1) })).toEqual(plain)
  })

  test.each(['g', 'l', 'g+l'] as const)('do(c_i), a row of zeros, changes scores, variant %s', async (variant) => {
    const { train } = tinySplit()
    const plain = await models[variant]!.score(train)
    const mask = new Float32Array(k * k).fill(1).fill(0, 0, k)
    const changed = await models[variant]!.score(train, { mask })
    expect(bitsOf({ s: { shape: [], data: changed } })).not.toEqual(bitsOf({ s: { shape: [], data: plain } }))
    expect(changed.every(Number.isFinite)).toBe(true)
  })

  test('its graph is a valid one and says what the variant learned', async () => {
    const { train } = tinySplit()
    expect(models.none!.graph).toBeUndefined()
    expect(models.g!.localGraph).toBeUndefined()
    for (const variant of ['g', 'l', 'g+l'] as const) {
      const graph = causalGraphSchema.parse(await models[variant]!.graph!(train))
      expect(graph.nodes).toEqual(['c1', 'c2', 'c3'])
      for (const [i, row] of graph.probabilities.entries())
        for (const [j, probability] of row.entries()) {
          if (i === j) expect(probability).toBe(0)
          else expect(probability).toBeGreaterThan(0)
          expect(probability).toBeLessThanOrEqual(1)
        }
      expect(graph.meanStrengths === null).toBe(variant === 'g')
      if (variant === 'l') expect(formatGraph(graph.probabilities)).toContain('c1 -> c2, c1 -> c3, c2 -> c1')
    }
  })

  test('the mean strengths are the means of the users’ own', async () => {
    const { train } = tinySplit()
    const users = Array.from({ length: train.rows }, (_, u) => u).filter((u) => train.indptr[u + 1]! > train.indptr[u]!)
    const own = await models['g+l']!.localGraph!(takeRows(train, users))
    const { meanStrengths } = await models['g+l']!.graph!(train)
    for (let cell = 0; cell < k * k; cell++) {
      const mean = users.reduce((sum, _, r) => sum + own[r * k * k + cell]!, 0) / users.length
      expect(meanStrengths![Math.floor(cell / k)]![cell % k]!).toBeCloseTo(mean, 6)
    }
  })
})

test('one confounder trains and scores in every variant', async () => {
  await useBackend('wasm')
  for (const variant of variants) {
    const outcome = await fitSmall(descriptor, split, { params: { variant, confounders: 1, epochs: 1 } })
    if (outcome.end !== 'completed') throw new Error(outcome.end)
    expect((await outcome.model.score(split.train)).every(Number.isFinite)).toBe(true)
    outcome.model.dispose()
  }
})

test('the logits of a user do not depend on who else is in the block', async () => {
  await useBackend('cpu')
  const weights = weightsOf()
  const size = sizeFrom(10, paramsOf())
  tf.tidy(() => {
    const z = latents(4)
    const together = logitsOf(weights, size, z, null, null).arraySync()
    const alone = logitsOf(weights, size, tf.slice(z, [2, 0], [1, 4]) as Tensor2D, null, null).arraySync()
    expect(alone[0]).toEqual(together[2])
  })
  disposeWeights(weights)
})

import { beforeAll, describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { bitsOf, fitSmall, smallParams, throughDisk } from '../../../../tests/support/fit'
import { exposedTinySplit } from '../../../../tests/support/tiny-split'
import { rowOf, takeRows, type Csr, type ExposedItems, type Split } from '../../../../src-shared/domain/split'
import { recovery, regressedEffects } from '../../../pipeline/experiment/simulate-effects/recovery'
import { exposuresOf } from '../../../pipeline/split/beside'
import { useBackend } from '../../../tensor/backends'
import { countLeakedTensors } from '../../../tensor/leak'
import { Rng } from '../../../tensor/rng'
import type { Checkpoint, ExposureCheck, FitOutcome, FittedModel, NamedArrays } from '../../method'
import { descriptor } from '.'

const split = exposedTinySplit()

function completed(outcome: FitOutcome): FitOutcome & { end: 'completed' } {
  if (outcome.end !== 'completed') throw new Error(`The training was ${outcome.end}.`)
  return outcome
}

const variants = ['multinomial', 'exposed', 'gaussian'].flatMap((likelihood) =>
  ['1', '0'].map((hiddenLayers) => ({ likelihood, hiddenLayers })),
)

const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0)
}

/** The outcome network once more, in plain numbers of double precision, from what is saved. */
class Reference {
  constructor(
    private readonly saved: NamedArrays,
    private readonly items: number,
    private readonly likelihood: string,
  ) {}

  private value(name: string, row = 0, column = 0): number {
    const { shape, data } = this.saved[name]!
    return data[shape.length === 1 ? column : row * shape[1]! + column]!
  }

  private get latent(): number {
    return this.saved['exposure.decoder.weight']!.shape[0]!
  }

  /** z of a user who was exposed to these items, times its constant. */
  confounders(exposed: ArrayLike<number>): number[] {
    const input = this.value('exposure.scale')
    return Array.from({ length: this.latent }, (_, k) => {
      const sum = Array.from(exposed).reduce((total, item) => total + this.value('exposure.encoder.weight', item, k), 0)
      return (input * sum + this.value('exposure.encoder.bias', 0, k)) * this.value('confounders.scale')
    })
  }

  /** f(a, z, x) for any numbers a. */
  outcomes(exposures: ArrayLike<number>, confounders: number[], features: ArrayLike<number>): number[] {
    const isLinear = !this.saved['outcome.items.weight']
    const width = isLinear ? this.items : this.latent
    const input = this.value('exposure.scale')
    const sums = Array.from({ length: width }, (_, h) => {
      let sum = this.value(isLinear ? 'outcome.items.bias' : 'outcome.hidden.bias', 0, h)
      for (let j = 0; j < this.items; j++) sum += exposures[j]! * input * this.value('outcome.exposures.weight', j, h)
      confounders.forEach((z, k) => (sum += z * this.value('outcome.confounders.weight', k, h)))
      for (let f = 0; f < features.length; f++)
        sum += (features[f]! / Math.sqrt(features.length)) * this.value('outcome.features.weight', f, h)
      return sum
    })
    return this.comparable(isLinear ? sums : this.decoded(sums))
  }

  /** Log-odds are known up to a constant for all items: here, and in effects, their mean is 0. */
  private comparable(outcomes: number[]): number[] {
    if (this.likelihood === 'gaussian') return outcomes
    const mean = outcomes.reduce((sum, outcome) => sum + outcome, 0) / outcomes.length
    return outcomes.map((outcome) => outcome - mean)
  }

  private decoded(sums: number[]): number[] {
    return Array.from({ length: this.items }, (_, i) =>
      sums.reduce(
        (total, sum, h) => total + Math.tanh(sum) * this.value('outcome.items.weight', h, i),
        this.value('outcome.items.bias', 0, i),
      ),
    )
  }

  /** Rows are the exposed items j: central differences of f with respect to a_j. */
  effects(at: { exposures: number[]; confounders: number[]; features: ArrayLike<number> }): number[][] {
    const step = 1e-4
    return at.exposures.map((_, j) => {
      const moved = (by: number): number[] =>
        this.outcomes(
          at.exposures.map((a, item) => (item === j ? a + by : a)),
          at.confounders,
          at.features,
        )
      const [above, below] = [moved(step), moved(-step)]
      return above.map((value, i) => (value - below[i]!) / (2 * step))
    })
  }
}

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(async () => void (await useBackend(backend)))

  describe.each(variants)('$likelihood, $hiddenLayers hidden layers', (params) => {
    let model: FittedModel
    let saved: NamedArrays
    const items = split.train.cols
    const all = Array.from({ length: items }, (_, item) => item)
    const user = takeRows(split.train, [8])
    beforeAll(async () => {
      model = completed(await fitSmall(descriptor, split, { params })).model
      saved = await model.save()
      return () => model.dispose()
    })

    const localPoint = (reference: Reference): Parameters<Reference['effects']>[0] => {
      const exposed = exposuresOf(user).indices
      return {
        exposures: all.map((item) => (exposed.includes(item) ? 1 : 0)),
        confounders: reference.confounders(exposed),
        features: user.beside!.features!.values,
      }
    }

    test('predicts what the network is, from exposures, confounders and features', async () => {
      const reference = new Reference(saved, items, params.likelihood)
      const { exposures, confounders, features } = localPoint(reference)
      const predicted = await model.exposureEffects!().predict(user)
      expect(difference(predicted, reference.outcomes(exposures, confounders, features))).toBeLessThan(1e-4)
      // Under set exposures the confounders stay what they were.
      const set = csrOf([[1, 30]], items)
      const only = all.map((item) => (item === 1 || item === 30 ? 1 : 0))
      const under = await model.exposureEffects!().predict(user, set)
      expect(difference(under, reference.outcomes(only, confounders, features))).toBeLessThan(1e-4)
      expect(difference(under, predicted)).toBeGreaterThan(1e-2)
    })

    test('scores are the predictions: ratings, or log-probabilities', async () => {
      const predicted = await model.exposureEffects!().predict(user)
      const total = Math.log(predicted.reduce((sum, value) => sum + Math.exp(value), 0))
      const expected = params.likelihood === 'gaussian' ? predicted : predicted.map((value) => value - total)
      expect(difference(await model.score(user), expected)).toBeLessThan(1e-4)
      expect(model.exposureEffects!().outcome).toBe(params.likelihood === 'gaussian' ? 'rating' : 'log-odds')
    })

    test.each(['everyone', 'a user'])('effects for %s are the derivatives, by rows and by columns', async (whom) => {
      const reference = new Reference(saved, items, params.likelihood)
      const nobody = { exposures: all.map(() => 0), confounders: Array<number>(6).fill(0), features: [0, 0] }
      const at = whom === 'everyone' ? null : user
      const expected = reference.effects(at ? localPoint(reference) : nobody)
      const effects = model.exposureEffects!()
      const columns = await effects.of(all, at)
      const rows = await effects.on(all, at)
      expect(difference(columns, expected.flat())).toBeLessThan(1e-4)
      const transposed = all.flatMap((i) => all.map((j) => columns[j * items + i]!))
      expect(difference(rows, transposed)).toBeLessThan(1e-5)
      expect(Math.max(...columns.map(Math.abs))).toBeGreaterThan(1e-2)
      // Some items, in any order, repeated or not.
      const some = await effects.on([30, 2, 2], at)
      expect(
        difference(
          some,
          [30, 2, 2].flatMap((i) => [...rows.subarray(i * items, (i + 1) * items)]),
        ),
      ).toBeLessThan(1e-5)
    })

    test('gives the same effects, predictions and check once loaded, and holds no tensor', async () => {
      const { load } = await descriptor.load()
      const before = model.exposureEffects!()
      const leaked = await countLeakedTensors(async () => {
        const loaded = load(
          throughDisk({ arrays: saved, state: {} }).arrays,
          smallParams(descriptor, params),
          items,
          null,
        )
        const after = loaded.exposureEffects!()
        expect(after.check).toEqual(before.check)
        expect(await after.of([4], user)).toEqual(await before.of([4], user))
        expect(await after.on([4], null)).toEqual(await before.on([4], null))
        expect(await after.predict(split.train)).toEqual(await before.predict(split.train))
        loaded.dispose()
      })
      expect(leaked).toBe(0)
    })
  })
})

describe('a training in two stages', () => {
  beforeAll(async () => void (await useBackend('wasm')))

  /** All reports of a training, and with `stopAt` what it has left when it was paused at that report. */
  async function trained(stopAt: number | null, resume?: Checkpoint) {
    const stages: { stage: string; fraction: number | null; eta: number | null }[] = []
    const points: { epoch: number; values: Record<string, number> }[] = []
    const checks: ExposureCheck[] = []
    const signal = { requested: null as 'pause' | null }
    let last: Checkpoint | null = null
    const outcome = await fitSmall(descriptor, split, {
      signal,
      ...(resume && { resume, seed: 99 }),
      report: {
        progress: ({ stage, fraction, etaSeconds }) => {
          stages.push({ stage, fraction, eta: etaSeconds })
          if (stages.length === stopAt) signal.requested = 'pause'
        },
        epoch: ({ epoch, values }) => points.push({ epoch, values }),
        exposureCheck: (check) => checks.push(check),
        checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
      },
    })
    return { outcome, stages, points, checks, last: last as Checkpoint | null }
  }

  test('counts epochs on, tells the stage, and reports the check between the two', async () => {
    const { outcome, stages, points, checks } = await trained(null)
    const { model, epochs, bestEpoch } = completed(outcome)
    expect(epochs).toBe(6)
    expect(bestEpoch).toBeGreaterThan(3)
    expect(points.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6])
    expect(points[2]!.values).toHaveProperty('exposureLogLikelihood')
    expect(points[3]!.values).toHaveProperty('ndcg@20')
    const second = stages.findIndex(({ stage }) => stage.startsWith('Outcome model'))
    stages.forEach(({ stage, fraction, eta }, at) => {
      expect(stage.startsWith(at < second ? 'Exposure model' : 'Outcome model')).toBe(true)
      expect(Math.sign(fraction! - 0.5)).toBeOneOf(at < second ? [-1, 0] : [0, 1])
      if (eta !== null) expect(eta).toBeGreaterThanOrEqual(0)
    })
    expect(checks).toEqual([model.exposureEffects!().check])
    expect(checks[0]!.users).toBe(60)
    model.dispose()
  })

  test.each([
    ['in the last validation of the exposure model', (second: number) => second],
    ['in the first batch of the outcome model', (second: number) => second + 1],
    ['in the middle of its first epoch', (second: number) => second + 3],
    ['in its last validation', (_: number, all: number) => all - 1],
  ])('stopped %s and resumed, ends as an uninterrupted training', async (_, stopOf) => {
    const whole = await trained(null)
    const second = whole.stages.findIndex(({ stage }) => stage.startsWith('Outcome model'))
    const stopped = await trained(stopOf(second, whole.stages.length))
    expect(stopped.outcome.end).toBe('paused')
    expect(stopped.outcome.epochs).toBe(stopped.points.length)
    const resumed = await trained(null, stopped.last!)
    const [first, again] = [completed(whole.outcome), completed(resumed.outcome)]
    expect(again.bestEpoch).toBe(first.bestEpoch)
    expect(bitsOf(await again.model.save())).toEqual(bitsOf(await first.model.save()))
    expect([...stopped.points, ...resumed.points]).toEqual(whole.points)
    first.model.dispose()
    again.model.dispose()
  })
})

describe('what it learns from', () => {
  beforeAll(async () => void (await useBackend('wasm')))

  test('are no more items than a weight for every pair can be kept of, without a hidden layer', async () => {
    const none = csrOf([[], []], 9000)
    const large = { hash: 'x', train: csrOf([[0, 8999], [5]], 9000), validation: none, test: none }
    await expect(fitSmall(descriptor, large, { params: { hiddenLayers: '0' } })).rejects.toMatchObject({
      code: 'paramInvalid',
      message: expect.stringMatching(/9000 items.*choose one hidden layer/) as string,
    })
  })

  test('are all exposures, not only what was liked', async () => {
    const { model } = completed(await fitSmall(descriptor, split))
    const exposed = exposuresOf(split.train)
    const liked = takeRows(split.train, [9])
    const bare: Csr = { ...liked, beside: { features: liked.beside!.features! } }
    expect(rowOf(exposed, 9).length).toBeGreaterThan(liked.indices.length)
    expect(difference(await model.score(liked), await model.score(bare))).toBeGreaterThan(1e-3)
    model.dispose()
  })

  test('are features of one width', async () => {
    const { model } = completed(await fitSmall(descriptor, split))
    const rows = takeRows(split.train, [9])
    const odd: Csr = { ...rows, beside: { ...rows.beside, features: { width: 1, values: Float32Array.of(0) } } }
    await expect(model.score(odd)).rejects.toThrow('described by 1 numbers, the model was trained on 2')
    model.dispose()
  })

  test('are no ratings below 0 where they are weights', async () => {
    const exposed = split.train.beside!.exposed!
    const negative = { ...exposed, ratings: exposed.ratings.map((rating) => rating - 3) }
    const shifted: Split = { ...split, train: { ...split.train, beside: { exposed: negative } } }
    const epochs: number[] = []
    const report = { epoch: ({ epoch }: { epoch: number }) => void epochs.push(epoch) }
    await expect(fitSmall(descriptor, shifted, { report })).rejects.toMatchObject({
      code: 'badRequest',
      message: expect.stringContaining('choose the Gaussian likelihood') as string,
    })
    // Nothing was trained before it was refused.
    expect(epochs).toEqual([])
    const { model } = completed(await fitSmall(descriptor, shifted, { params: { likelihood: 'gaussian' } }))
    model.dispose()
  })
})

test.each(['exposed', 'gaussian'])(
  'positives alone are no ratings for the likelihood %s to learn',
  async (likelihood) => {
    await useBackend('wasm')
    const { train, ...rest } = split
    const { features } = train.beside!
    const positives: Split = { ...rest, train: { ...train, beside: { features: features! } } }
    const epochs: number[] = []
    const report = { epoch: ({ epoch }: { epoch: number }) => void epochs.push(epoch) }
    await expect(fitSmall(descriptor, positives, { params: { likelihood }, report })).rejects.toMatchObject({
      code: 'badRequest',
      message: 'The data have no ratings that differ: choose the multinomial over all items.',
    })
    expect(epochs).toEqual([])
  },
)

/**
 * A world in which two hidden causes act on exposures and on ratings, and the exposure to an item on the ratings of the others, linearly:
 * r_i = 3 + Σ_j effects[j][i] a_j + confounding · c + noise.
 */
function linearWorld(users: number, items: number): { split: Split; exposed: ExposedItems; effects: number[] } {
  const rng = Rng.seeded(11)
  const normals = (rows: number, columns: number, deviation: number): number[][] =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => deviation * rng.normal()))
  const [loads, confounding, effects] = [normals(items, 2, 1), normals(items, 2, 1.5), normals(items, items, 0.5)]
  const lists: number[][] = []
  const ratings: number[] = []
  for (let user = 0; user < users; user++) {
    const causes = [rng.normal(), rng.normal()]
    const along = (direction: number[]): number => direction[0]! * causes[0]! + direction[1]! * causes[1]!
    const own = loads.flatMap((load, item) => (rng.uniform() < 1 / (1 + Math.exp(-along(load))) ? [item] : []))
    lists.push(own)
    for (const item of own)
      ratings.push(
        3 + own.reduce((sum, j) => sum + effects[j]![item]!, 0) + along(confounding[item]!) + 0.3 * rng.normal(),
      )
  }
  const train = csrOf(lists, items)
  const none = csrOf(
    lists.map(() => []),
    items,
  )
  const exposed = { ...train, ratings: Float32Array.from(ratings) }
  const split = { hash: 'linear', train: { ...train, beside: { exposed } }, validation: none, test: none }
  return { split, exposed, effects: effects.flat() }
}

test('finds the effects of a linear world with confounded exposures better than a regression of ratings on exposures', async () => {
  await useBackend('wasm')
  const items = 24
  const { split: world, exposed, effects } = linearWorld(2000, items)
  const params = { likelihood: 'gaussian', hiddenLayers: '0', latent: 2, dropout: 0.05, epochs: 25, batchSize: 100 }
  const { model } = completed(await fitSmall(descriptor, world, { params: { ...params, learningRate: 0.03 } }))
  const all = Array.from({ length: items }, (_, item) => item)
  const found = recovery(await model.exposureEffects!().of(all, null), effects, items)
  const regression = recovery(regressedEffects(exposed), effects, items)
  // In the worlds of seeds 11 to 18 the correlations were from 0.87 to 0.95 and from 0.69 to 0.80, in each apart by 0.13 to 0.18, and the errors
  // 0.16 to 0.23 and 0.36 to 0.48. A ridge made the regression no better. Without confounding it is the better one: 0.999, and 0.97 here. With z
  // held at 0 the network came to 0.75 in this world, as the regression with 0.79.
  expect(found.correlation).toBeGreaterThan(0.85)
  expect(found.correlation).toBeGreaterThan(regression.correlation! + 0.1)
  expect(found.rmse).toBeLessThan(0.7 * regression.rmse)
  model.dispose()
})

import { describe, expect, test } from 'vitest'
import { csrOf } from '../../../../tests/support/csr'
import { bitsOf, fitSmall, smallParams, throughDisk } from '../../../../tests/support/fit'
import { randomRows } from '../../../../tests/support/kernels'
import { ratedTinySplit } from '../../../../tests/support/tiny-split'
import { hasPair, rowOf, type Csr, type Split } from '../../../../src-shared/domain/split'
import { transpose } from '../../../pipeline/evaluate/list-metrics'
import { Rng } from '../../../tensor/rng'
import { Factors, RowSolver, scoreOf, type Weighting } from '../../blocks/factorisation/factors'
import { fitWeighted, loadWeighted } from '../../blocks/factorisation/weighted-factorisation'
import type { Checkpoint, FitOutcome, FittedModel, Method } from '../../method'
import { ConfoundedSolver, dot } from './confounded-solver'
import { digamma } from './digamma'
import { expected, FoldIn, PoissonFactorisation, prior, type GammaFactors } from './poisson-factors'
import { PredictiveCheck } from './predictive-check'
import { descriptor } from '.'

const modelOf = (outcome: FitOutcome): FittedModel => {
  if (outcome.end !== 'completed') throw new Error(outcome.end)
  return outcome.model
}

const randomFactors = (rows: number, size: number, seed: number): Factors =>
  new Factors(Rng.seeded(seed).fillNormal(new Float32Array(rows * size)), size)

/** log Γ(x): Stirling's series from 10 on. */
function logGamma(x: number): number {
  let [at, sum] = [x, 0]
  for (; at < 10; at++) sum -= Math.log(at)
  return sum + (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * at) - 1 / (360 * at ** 3)
}

test('digamma is the derivative of log Γ', () => {
  expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 9)
  for (const x of [0.1, 0.3, 0.9, 2.5, 7, 40]) {
    const h = 1e-4 * x
    expect(digamma(x)).toBeCloseTo((logGamma(x + h) - logGamma(x - h)) / (2 * h), 4)
  }
})

/** The evidence lower bound at the best shares φ, by double loops. */
function lowerBound(exposures: Csr, users: GammaFactors, items: GammaFactors): number {
  const { size } = users.shapes
  const mean = (side: GammaFactors, row: number, k: number): number => side.shapes.at(row)[k]! / side.rates[k]!
  const meanLog = (side: GammaFactors, row: number, k: number): number =>
    digamma(side.shapes.at(row)[k]!) - Math.log(side.rates[k]!)
  let sum = 0
  for (let u = 0; u < exposures.rows; u++)
    for (let i = 0; i < exposures.cols; i++) {
      let shares = 0
      for (let k = 0; k < size; k++) {
        sum -= mean(users, u, k) * mean(items, i, k)
        shares += Math.exp(meanLog(users, u, k) + meanLog(items, i, k))
      }
      if (hasPair(exposures, u, i)) sum += Math.log(shares)
    }
  for (const side of [users, items])
    for (let row = 0; row < side.shapes.values.length / size; row++)
      for (let k = 0; k < size; k++) {
        const [shape, rate] = [side.shapes.at(row)[k]!, side.rates[k]!]
        const log = meanLog(side, row, k)
        sum += prior * Math.log(prior) - logGamma(prior) + (prior - 1) * log - prior * mean(side, row, k)
        sum -= shape * Math.log(rate) - logGamma(shape) + (shape - 1) * log - shape
      }
  return sum
}

/** Users of two tastes, each exposed to some of its own half of the items. */
const twoTastes = (users: number, items: number): Csr => {
  const rng = Rng.seeded(11)
  return csrOf(
    Array.from({ length: users }, (_, u) =>
      Array.from({ length: items }, (_, i) => i).filter((i) => i % 2 === u % 2 && rng.uniform() < 0.6),
    ),
    items,
  )
}

describe('the Poisson factorisation of exposures', () => {
  test('never lowers its evidence lower bound', () => {
    const exposures = twoTastes(14, 10)
    const model = new PoissonFactorisation(exposures, transpose(exposures), 3, Rng.seeded(2))
    let last = -Infinity
    let first = 0
    for (let sweep = 0; sweep < 25; sweep++)
      for (const half of [0, 1]) {
        model.solve(half, 0, half === 0 ? 14 : 10)
        const bound = lowerBound(exposures, model.users, model.items)
        if (sweep === 0) first = bound
        // As much as shapes of 32 bits can be off.
        expect(bound).toBeGreaterThan(last - 1e-4)
        last = bound
      }
    expect(last).toBeGreaterThan(first + 5)
  })

  test('gives the same bits whether a half is solved for at once or in portions', () => {
    const exposures = twoTastes(14, 10)
    const [whole, parts] = [0, 1].map(() => new PoissonFactorisation(exposures, transpose(exposures), 3, Rng.seeded(2)))
    for (let sweep = 0; sweep < 3; sweep++) {
      whole!.solve(0, 0, 14)
      parts!.solve(0, 0, 5)
      parts!.solve(0, 5, 14)
      for (const model of [whole!, parts!]) model.solve(1, 0, 10)
    }
    expect(parts!.items.shapes.values).toEqual(whole!.items.shapes.values)
    expect(parts!.users.rates).toEqual(whole!.users.rates)
  })

  test('does not take users who are not learned from for users who were exposed to nothing', () => {
    const known = twoTastes(14, 10)
    const exposures = {
      ...known,
      rows: 20,
      indptr: Int32Array.from({ length: 21 }, (_, row) => known.indptr[Math.min(row, 14)]!),
    }
    const model = new PoissonFactorisation(exposures, transpose(exposures), 3, Rng.seeded(2))
    model.solve(0, 0, 20)
    const rates = [0, 1, 2].map((k) =>
      Array.from({ length: 14 }, (_, user) => expected(model.users).at(user)[k]!).reduce((sum, e) => sum + e, 0.3),
    )
    model.solve(1, 0, 10)
    rates.forEach((rate, k) => expect(model.items.rates[k]! / rate).toBeCloseTo(1, 5))
  })

  test('is checked with what counts as an exposure alone', () => {
    const exposures = twoTastes(60, 16)
    const model = new PoissonFactorisation(exposures, transpose(exposures), 2, Rng.seeded(2))
    const none = csrOf([[]], 16)
    const split = {
      hash: 'x',
      train: { ...csrOf([[0]], 16), beside: { exposed: { ...csrOf([[0, 3]], 16), ratings: Float32Array.of(1, 0) } } },
      validation: csrOf([[2]], 16),
      test: none,
      negatives: { train: csrOf([[3]], 16), validation: csrOf([[5]], 16), test: none },
      ratings: {
        positives: { train: Float32Array.of(1), validation: Float32Array.of(1), test: new Float32Array(0) },
        negatives: { train: Float32Array.of(0), validation: Float32Array.of(0), test: new Float32Array(0) },
      },
    }
    // Rated 0, item 5 was not exposed, and 3 is no reason to leave it out.
    const check = new PredictiveCheck(split, exposures).of(model.items)!
    expect(check.exposures).toBe(1)
    const counts = Float64Array.from({ length: 16 }, () => 1)
    for (const item of exposures.indices) counts[item]!++
    const among = counts.reduce((sum, count) => sum + count, 0) - counts[0]!
    expect(check.popularityLogLikelihood).toBeCloseTo(Math.log(counts[2]! / among), 6)
  })

  test('expects exposures of a user’s own taste, also of one it never saw, and more so than popularity does', () => {
    const exposures = twoTastes(60, 16)
    const model = new PoissonFactorisation(exposures, transpose(exposures), 2, Rng.seeded(2))
    for (let sweep = 0; sweep < 60; sweep++) {
      model.solve(0, 0, 60)
      model.solve(1, 0, 16)
    }
    const user = new Float32Array(2)
    new FoldIn(model.items).solve(Int32Array.of(0, 4, 10), user)
    const rates = Array.from({ length: 16 }, (_, i) => dot(expected(model.items).at(i), user))
    const own = rates.filter((_, i) => i % 2 === 0)
    const others = rates.filter((_, i) => i % 2 === 1)
    expect(Math.min(...own)).toBeGreaterThan(5 * Math.max(...others))
    const [train, validation] = [csrOf([[0, 4], [3, 9, 11]], 16), csrOf([[6], [1]], 16)] // prettier-ignore
    const check = new PredictiveCheck({ hash: 'x', train, validation, test: validation }, exposures).of(model.items)!
    expect(check.exposures).toBe(2)
    expect(check.logLikelihood).toBeGreaterThan(check.popularityLogLikelihood + 0.4)
    expect(check.logLikelihood).toBeLessThan(Math.log(1 / 5))
  })

  test('is not checked where nothing is held out', () => {
    const exposures = twoTastes(4, 6)
    const model = new PoissonFactorisation(exposures, transpose(exposures), 2, Rng.seeded(2))
    const none = csrOf([[], [], [], []], 6)
    const split = { hash: 'x', train: exposures, validation: none, test: none }
    expect(new PredictiveCheck(split, exposures).of(model.items)).toBeNull()
  })
})

describe('a user beside its confounder', () => {
  const weighting: Weighting = { alpha: 3, regularisation: 0.7 }
  const rows = randomRows(Rng.seeded(4), 9, 13, 0.6)
  const items = randomFactors(13, 4, 1)
  const exposed = new Factors(randomFactors(13, 2, 2).values.map(Math.abs), 2)

  test('is where the gradient over all items is zero, of its factors and of its coefficient', () => {
    const solver = new ConfoundedSolver(items, exposed, weighting, 0.4)
    const rng = Rng.seeded(6)
    for (let u = 0; u < 9; u++) {
      const own = rowOf(rows, u)
      const weights = Float32Array.from(own, () => 0.3 + rng.uniform())
      const confounder = Float32Array.from([0.4 + rng.uniform(), rng.uniform()])
      const towards = rng.fillNormal(new Float32Array(4))
      const x = new Float32Array(4)
      const coefficient = solver.solve(own, confounder, x, { weights, towards })
      const gradient = [...x.map((value, k) => 0.7 * (value - towards[k]!)), 0.4 * coefficient]
      for (let i = 0; i < 13; i++) {
        const at = own.indexOf(i)
        const confidence = 1 + (at < 0 ? 0 : weighting.alpha * weights[at]!)
        const expectedExposure = dot(exposed.at(i), confounder)
        const off = (at < 0 ? 0 : 1) - dot(x, items.at(i)) - coefficient * expectedExposure
        ;[...items.at(i), expectedExposure].forEach((value, k) => (gradient[k]! -= confidence * off * value))
      }
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-4)
      expect(Math.abs(coefficient)).toBeGreaterThan(1e-4)
    }
  })

  test('who is expected nowhere has the factors of WMF, to the bit, and no coefficient', () => {
    const solver = new ConfoundedSolver(items, exposed, weighting, 0.4)
    const plain = new RowSolver(items, weighting)
    for (let u = 0; u < 9; u++) {
      const [confounded, alone] = [new Float32Array(4), new Float32Array(4)]
      plain.solve(rowOf(rows, u), alone)
      expect(solver.solve(rowOf(rows, u), new Float32Array(2), confounded)).toBe(0)
      expect(confounded).toEqual(alone)
    }
  })
})

describe('a training', () => {
  const base = ratedTinySplit()
  const values = Rng.seeded(5).fillNormal(new Float32Array(60 * 3))
  const split = { ...base, train: { ...base.train, beside: { features: { width: 3, values } } } }
  const params = { exposureFactors: 3, regularisation: 2, coefficientRegularisation: 1 }

  test('never reports a higher loss than before, and tells how the exposures were predicted', async () => {
    const losses: number[] = []
    const logged: string[] = []
    const report = {
      epoch: ({ values: now }: { values: Record<string, number> }) => void losses.push(now['loss']!),
      log: (_: string, text: string) => void logged.push(text),
    }
    await fitSmall(descriptor, split, { params: { ...params, epochs: 12 }, report })
    expect(losses).toHaveLength(12)
    losses.slice(1).forEach((loss, at) => expect(loss).toBeLessThanOrEqual(losses[at]! * (1 + 1e-6)))
    expect(losses.at(-1)!).toBeLessThan(losses[0]!)
    const check = /held-out exposures: a mean log-probability of (-\d+\.\d+), by popularity alone (-\d+\.\d+)/.exec(
      logged[0]!,
    )!
    expect(Number(check[1])).toBeGreaterThan(Number(check[2]) + 0.5)
  })

  test('reports the loss over all pairs, and folds a user in to the very scores that training gives it', async () => {
    let last: Checkpoint | null = null
    const losses: number[] = []
    const outcome = await fitSmall(descriptor, base, {
      params: { ...params, epochs: 1 },
      report: {
        epoch: ({ values: now }) => void losses.push(now['loss']!),
        checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
      },
    })
    const { arrays } = last! as Checkpoint
    const factorsOf = (name: string): Factors => {
      const { shape, data } = arrays[name]!
      return new Factors(data as Float32Array, shape[1]!)
    }
    const [users, items, confounders] = [factorsOf('weights.users'), factorsOf('weights.items'), factorsOf('exposure.confounders')] // prettier-ignore
    const exposed = expected({
      shapes: factorsOf('exposure.items'),
      rates: arrays['exposure.itemRates']!.data as Float32Array,
    })
    const coefficients = arrays['weights.coefficients']!.data
    const confounded = (u: number, i: number): number => coefficients[u]! * dot(confounders.at(u), exposed.at(i))
    let loss = 0
    let active = 0
    for (let u = 0; u < 60; u++) {
      if (rowOf(base.train, u).length === 0) continue
      active++
      for (let i = 0; i < 31; i++) {
        const has = hasPair(base.train, u, i)
        loss += (has ? 6 : 1) * ((has ? 1 : 0) - scoreOf(users, u, items, i) - confounded(u, i)) ** 2
      }
      loss += 1 * coefficients[u]! ** 2
    }
    for (const value of [...users.values, ...items.values]) loss += 2 * value ** 2
    expect(losses[0]! / (loss / active)).toBeCloseTo(1, 6)

    // The confounder of a user is what folding it in gives, and its factors and coefficient are solved for as in training.
    const user = new Float32Array(3)
    const fold = new FoldIn({
      shapes: factorsOf('exposure.items'),
      rates: arrays['exposure.itemRates']!.data as Float32Array,
    })
    fold.solve(rowOf(base.train, 7), user)
    expect(user).toEqual(confounders.at(7).slice())
    const solver = new ConfoundedSolver(items, exposed, { alpha: 5, regularisation: 2 }, 1)
    const x = new Float32Array(6)
    const coefficient = solver.solve(rowOf(base.train, 7), user, x)
    const scores = await modelOf(outcome).score(base.train)
    for (let i = 0; i < 31; i++)
      expect(scores[7 * 31 + i]).toBeCloseTo(dot(x, items.at(i)) + coefficient * dot(user, exposed.at(i)), 5)
  })

  test('with a coefficient held at zero it is WMF on the exposures', async () => {
    const held = modelOf(await fitSmall(descriptor, base, { params: { ...params, coefficientRegularisation: 1e6 } }))
    const free = modelOf(await fitSmall(descriptor, base, { params }))
    const wmf = async (): Promise<Method> => ({
      fit: (context) => fitWeighted(context, 'plain', (rows) => rows),
      load: (saved, all, items) => loadWeighted(saved, all, items, (rows) => rows),
    })
    const plain = modelOf(await fitSmall({ ...descriptor, load: wmf }, base, { params }))
    const [a, b, c] = [await held.score(base.train), await plain.score(base.train), await free.score(base.train)]
    a.forEach((score, at) => expect(score).toBeCloseTo(b[at]!, 3))
    expect(Math.max(...c.map((score, at) => Math.abs(score - b[at]!)))).toBeGreaterThan(0.01)
  })

  test('folds a user in by all exposures, and learns its taste from the positives alone where they are what is wanted', async () => {
    // Everyone was exposed to item 30 as well, and nobody rated it high.
    const lists = Array.from({ length: 60 }, (_, user) => [...rowOf(base.train, user).filter((item) => item < 30), 30])
    const exposed = csrOf(lists, 31)
    const ratings = Float32Array.from(exposed.indices, (item) => (item === 30 ? 1 : 5))
    const split: Split = { ...base, train: { ...base.train, beside: { exposed: { ...exposed, ratings } } } }
    const scoreOf30 = async (wanted: string): Promise<number> => {
      const model = modelOf(
        await fitSmall(descriptor, split, { params: { ...params, wanted, coefficientRegularisation: 1e6 } }),
      )
      const scores = await model.score(split.train)
      return lists.reduce((sum, _, user) => sum + scores[user * 31 + 30]!, 0) / 60
    }
    expect(await scoreOf30('exposed')).toBeGreaterThan(0.25)
    expect(Math.abs(await scoreOf30('positive'))).toBeLessThan(0.1)
  })

  test('stopped within the exposure model, it goes on to the same bits, features and all', async () => {
    const large = ratedTinySplit(240, 121)
    const features = { width: 3, values: Rng.seeded(5).fillNormal(new Float32Array(240 * 3)) }
    const described = { ...large, train: { ...large.train, beside: { features } } }
    const given = { ...params, exposureFactors: 16, epochs: 2 }
    const phases: string[] = []
    const whole = modelOf(
      await fitSmall(descriptor, described, {
        params: given,
        report: { progress: ({ stage }) => void phases.push(stage.split(/[ ,]/)[0]!) },
      }),
    )
    const turns = phases.filter((stage) => stage !== 'Epoch').length
    expect(turns).toBeGreaterThan(2)
    for (const stopAt of [1, 2, turns]) {
      let [reports, last] = [0, null as Checkpoint | null]
      const signal = { requested: null as 'pause' | null }
      const outcome = await fitSmall(descriptor, described, {
        params: given,
        signal,
        report: {
          progress: () => {
            if (++reports === stopAt) signal.requested = 'pause'
          },
          checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
        },
      })
      expect(outcome).toEqual({ end: 'paused', epochs: 0 })
      const resumed = modelOf(await fitSmall(descriptor, described, { params: given, seed: 99, resume: last! }))
      expect(bitsOf(await resumed.save())).toEqual(bitsOf(await whole.save()))
    }
    const loaded = (await descriptor.load()).load(await whole.save(), smallParams(descriptor, given), 121, null)
    expect(await loaded.score(described.train)).toEqual(await whole.score(described.train))
  })
})

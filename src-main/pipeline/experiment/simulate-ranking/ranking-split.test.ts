import { describe, expect, it } from 'vitest'
import { worldSchema, type SimulatedWorld } from '../../../../src-shared/domain/ranking-simulation'
import { hasPair, nnzOf, rowOf, type Csr } from '../../../../src-shared/domain/split'
import { Rng } from '../../../tensor/rng'
import { meanOf } from '../../compare/paired-tests'
import { knownParts } from '../../evaluate/evaluate'
import { exposedIn } from '../../split/beside'
import { randomRanking, rankUsers } from './rank-users'
import { rankingSplit } from './ranking-split'
import { drawWorld, simulatedSource } from './world'

const world = worldSchema.parse({ kind: 'simulated', users: 200, items: 50, factors: 10 }) as SimulatedWorld
const drawn = drawWorld(simulatedSource(world, 0.5), 4)
const features = drawn.source.features(0.1)
const options = { features, threshold: 4, seed: 5 }
const split = rankingSplit(drawn, options)
const never = { requested: null } as const

const usersOf = (csr: Csr): number[] =>
  Array.from({ length: csr.rows }, (_, user) => user).filter((user) => rowOf(csr, user).length > 0)

describe('the split of a world', () => {
  const trained = new Set(split.trainUsers)
  const { exposed } = split.train.beside!

  it('parts the users, eight of ten to be trained on, the same from the same seed', () => {
    expect(split.trainUsers).toHaveLength(160)
    expect([...split.trainUsers!]).toEqual([...split.trainUsers!].sort((a, b) => a - b))
    const validated = new Set([...usersOf(split.validation), ...usersOf(split.negatives!.validation)])
    const tested = usersOf(split.test)
    expect(tested.length).toBeGreaterThan(15)
    expect(validated.size).toBeGreaterThan(10)
    for (const user of tested) expect(trained.has(user) || validated.has(user)).toBe(false)
    for (const user of validated) expect(trained.has(user)).toBe(false)
    expect(rankingSplit(drawn, options)).toEqual(split)
    expect(rankingSplit(drawn, { ...options, seed: 6 }).trainUsers).not.toEqual(split.trainUsers)
  })

  it('shows of every user what it was exposed to, less what is held out', () => {
    expect(exposedIn(split, 'train')).toEqual(exposed)
    const held = exposedIn(split, 'validation')
    for (let user = 0; user < 200; user++) {
      const all = [...rowOf(drawn.exposed, user)]
      expect([...rowOf(exposed!, user), ...rowOf(held, user)].sort((a, b) => a - b)).toEqual(all)
      const isValidation = rowOf(held, user).length > 0
      if (isValidation) expect(rowOf(held, user).length).toBe(Math.round(all.length * 0.2))
    }
    expect(nnzOf(held)).toBeGreaterThan(10)
    expect(split.train.beside!.features).toBe(features)
  })

  it('holds out of the test users all that they like of what they were not exposed to, and tells nothing of it', () => {
    const ratings = new Float32Array(50)
    for (const user of usersOf(split.test)) {
      drawn.source.ratings(user, ratings)
      const wanted = [...ratings.keys()].filter((item) => ratings[item]! >= 4 && !hasPair(drawn.exposed, user, item))
      expect([...rowOf(split.test, user)]).toEqual(wanted)
      for (const item of wanted)
        for (const known of [split.train, exposed!, split.validation, split.negatives!.train])
          expect(hasPair(known, user, item)).toBe(false)
    }
    expect(nnzOf(split.negatives!.test)).toBe(0)
  })

  it('tells liked from disliked by the threshold', () => {
    const { positives, negatives } = split.ratings!
    for (const part of ['train', 'validation', 'test'] as const) {
      expect(positives[part].every((rating) => rating >= 4)).toBe(true)
      expect(negatives[part].every((rating) => rating < 4)).toBe(true)
      expect(positives[part]).toHaveLength(nnzOf(split[part]))
      expect(negatives[part]).toHaveLength(nnzOf(split.negatives![part]))
    }
  })

  it('has no candidate that its user was exposed to, liked or not', async () => {
    // Prefers what was seen over all else, and among it what was disliked.
    const seer = {
      score: (rows: Csr) => {
        const scores = new Float32Array(rows.rows * rows.cols)
        rows.ids!.forEach((user, row) => {
          for (const item of rowOf(drawn.exposed, user)) scores[row * rows.cols + item] = 2
        })
        return Promise.resolve(scores)
      },
    }
    const blind = { score: (rows: Csr) => Promise.resolve(new Float32Array(rows.rows * rows.cols)) }
    const [seen, unseen] = [await rankUsers(seer, split, never), await rankUsers(blind, split, never)]
    expect(seen).toEqual(unseen)
    expect(knownParts({ ...split, isSeenExcluded: false }, 'test')).toHaveLength(2)
    expect(knownParts(split, 'test')).toHaveLength(4)
    expect(knownParts(split, 'validation')).toEqual([split.train, split.negatives!.train])
  })
})

describe('a ranking', () => {
  it('of all that is liked first is worth 1, and stops when it is asked to', async () => {
    const knowing = {
      score: (rows: Csr) => {
        const scores = new Float32Array(rows.rows * rows.cols)
        rows.ids!.forEach((user, row) => {
          for (const item of rowOf(split.test, user)) scores[row * rows.cols + item] = 1
        })
        return Promise.resolve(scores)
      },
    }
    const { metrics, users } = (await rankUsers(knowing, split, never))!
    expect(metrics).toEqual({ 'ndcg@20': 1, 'recall@20': 1 })
    expect(users).toEqual(usersOf(split.test))
    expect(await rankUsers(knowing, split, { requested: 'cancel' })).toBeNull()
  })

  it('at random comes to what is expected of it', async () => {
    const rng = Rng.seeded(3)
    const random = {
      score: (rows: Csr) => Promise.resolve(Float32Array.from({ length: rows.rows * rows.cols }, () => rng.uniform())),
    }
    const rankings = []
    for (let n = 0; n < 200; n++) rankings.push((await rankUsers(random, split, never))!.metrics)
    const expected = randomRanking(split).random
    for (const metric of ['ndcg@20', 'recall@20'] as const)
      expect(meanOf(rankings.map((metrics) => metrics[metric]))).toBeCloseTo(expected[metric], 2)
  })
})

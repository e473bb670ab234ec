import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Checkpoint, FitOutcome, FittedModel, MethodDescriptor } from '../../src-main/methods/method'
import { methods } from '../../src-main/methods/registry'
import type { ScoringGraph } from '../../src-main/methods/scoring-graph'
import { onnxModel, type ModelAbout } from '../../src-main/pipeline/export/onnx'
import { tfjsModel } from '../../src-main/pipeline/export/tfjs'
import { evaluate } from '../../src-main/pipeline/evaluate/evaluate'
import { rankRows } from '../../src-main/pipeline/evaluate/ranking'
import { trainedFeatureWidth } from '../../src-main/pipeline/split/beside'
import { useBackend } from '../../src-main/tensor/backends'
import { countLeakedTensors } from '../../src-main/tensor/leak'
import type { BackendId } from '../../src-shared/domain/backend'
import type { Capability } from '../../src-shared/domain/method'
import { rowOf, takeRows, type Split } from '../../src-shared/domain/split'
import { onnxRunner, tfjsRunner, type RunModel } from './exported-models'
import { bitsOf, fitSmall, smallParams, throughDisk } from './fit'
import { exposedTinySplit, ratedTinySplit } from './tiny-split'

const plainSplit = ratedTinySplit()
const { features } = exposedTinySplit().train.beside!
const describedSplit: Split = { ...plainSplit, train: { ...plainSplit.train, beside: { features: features! } } }

/** What a method is trained on: users are described where it reads that. */
const splitFor = ({ info }: MethodDescriptor): Split =>
  info.capabilities.includes('user-features') ? describedSplit : plainSplit

function completed(outcome: FitOutcome): { model: FittedModel; epochs: number } {
  if (outcome.end !== 'completed') throw new Error(`The training was ${outcome.end}.`)
  return outcome
}

/** How far log-probabilities of an exported model may be from ours. */
const exportTolerance = 1e-5

const about: ModelAbout = { name: 'conformance', description: 'A small model.', causeway: '0.0.0', properties: {} }

const onnxOf = (graph: ScoringGraph): Promise<RunModel> => onnxRunner(onnxModel(graph, about))

const tfjsOf = (graph: ScoringGraph): Promise<RunModel> => {
  const { model, weights } = tfjsModel(graph, about)
  return tfjsRunner(model, weights)
}

/** Every value of every parameter that is a choice, the others left at their defaults; one empty choice where there is none. */
function choicesOf({ info }: MethodDescriptor): Record<string, string>[] {
  const choices = info.params.flatMap((spec) =>
    spec.type === 'choice' ? spec.choices.map(({ value }) => ({ [spec.key]: value })) : [],
  )
  return choices.length > 0 ? choices : [{}]
}

/** A training that nothing interrupts. */
interface Uninterrupted {
  bits: Record<string, string>
  /** The values of its epochs, in order. */
  epochs: { epoch: number; values: Record<string, number> }[]
  /** How often it reported its progress until its first epoch had ended: in every batch, and in the validation. */
  reportsOfAnEpoch: number
}

/** Trains with the small parameters, to the end. */
async function uninterrupted(descriptor: MethodDescriptor, seed = 1): Promise<Uninterrupted> {
  const epochs: Uninterrupted['epochs'] = []
  let reports = 0
  let reportsOfAnEpoch = 0
  const outcome = await fitSmall(descriptor, splitFor(descriptor), {
    seed,
    report: {
      progress: () => void reports++,
      epoch: ({ epoch, values }) => {
        if (epochs.length === 0) reportsOfAnEpoch = reports
        epochs.push({ epoch, values })
      },
    },
  })
  const { model } = completed(outcome)
  const bits = bitsOf(await model.save())
  model.dispose()
  return { bits, epochs, reportsOfAnEpoch }
}

/** What every registered method has to show on a backend. */
export function describeConformance(backend: BackendId): void {
  describe.each(methods.map((descriptor) => [descriptor.info.id, descriptor] as const))(
    `%s on ${backend}`,
    (_, descriptor) => {
      let model: FittedModel
      const split = splitFor(descriptor)
      // Enough steps for every method to have learned the three tastes of the tiny split: longer ones from embeddings drawn by chance.
      const hasEmbeddings = descriptor.info.params.some(({ key }) => key === 'embeddingSize')
      const params = { epochs: 12, ...(hasEmbeddings ? { learningRate: 0.02 } : {}) }
      // TensorFlow adds in another order for another number of rows; the last bits follow it.
      const tolerance = backend === 'tensorflow' ? 1e-5 : 0

      beforeAll(async () => {
        await useBackend(backend)
        model = completed(await fitSmall(descriptor, split, { params })).model
      })
      afterAll(() => model.dispose())

      let shared: Promise<Uninterrupted> | undefined
      /** What several tests compare with; trained once. */
      const whole = (): Promise<Uninterrupted> => (shared ??= uninterrupted(descriptor))

      test('gives finite scores, also to a user without a train item', async () => {
        const scores = await model.score(split.train)
        expect(scores).toHaveLength(split.train.rows * split.train.cols)
        expect(scores.every(Number.isFinite)).toBe(true)
      })

      test('learns: what was seen scores above what was not', async () => {
        const scores = await model.score(split.train)
        const sums = { seen: 0, unseen: 0 }
        const counts = { seen: 0, unseen: 0 }
        for (let u = 0; u < split.train.rows; u++)
          for (let item = 0; item < 30; item++) {
            const kind = Math.floor(item / 10) === u % 3 ? 'seen' : 'unseen'
            sums[kind] += scores[u * split.train.cols + item]!
            counts[kind]++
          }
        expect(sums.seen / counts.seen).toBeGreaterThan(sums.unseen / counts.unseen + 0.05)
      })

      test('gives a block of users the scores it gives all at once', async () => {
        const whole = await model.score(split.train)
        const { cols, rows } = split.train
        for (let from = 0; from < rows; from += 7) {
          const block = Array.from({ length: Math.min(7, rows - from) }, (_, r) => from + r)
          const scores = await model.score(takeRows(split.train, block))
          const expected = whole.slice(from * cols, (from + block.length) * cols)
          const difference = Math.max(...scores.map((score, at) => Math.abs(score - expected[at]!)))
          expect(scores).toHaveLength(expected.length)
          expect(difference).toBeLessThanOrEqual(tolerance)
        }
      })

      test('ranks items as its scores do but for ties, known ones left out, for every size of block', async () => {
        const k = 20
        for (const part of ['validation', 'test'] as const) {
          const whole = await evaluate(model, split, part)
          for (const blockRows of [1, 7, 1000]) expect(await evaluate(model, split, part, { blockRows })).toEqual(whole)
        }
        if (!model.rank) return
        const ranked = await model.rank(split.train, split.train, k)
        const scores = await model.score(split.train)
        const byScores = rankRows(scores, split.train, k)
        const { rows, cols } = split.train
        for (let u = 0; u < rows; u++) {
          const found = ranked.subarray(u * k, (u + 1) * k)
          const chosen = found.filter((item) => item !== -1)
          const seen = rowOf(split.train, u)
          expect(new Set(chosen).size).toBe(chosen.length)
          expect(chosen.some((item) => seen.includes(item))).toBe(false)
          // Other items only where they score the same.
          const scoresOf = (list: Int32Array): (number | null)[] =>
            Array.from(list, (item) => (item === -1 ? null : scores[u * cols + item]!))
          expect(scoresOf(found)).toEqual(scoresOf(byScores.subarray(u * k, (u + 1) * k)))
        }
      })

      test('repeats to the bit with the same seed, and not with another', async () => {
        const { bits } = await whole()
        expect((await uninterrupted(descriptor)).bits).toEqual(bits)
        expect((await uninterrupted(descriptor, 2)).bits).not.toEqual(bits)
      })

      test('gives the same scores to the bit after saving and loading', async () => {
        const { load } = await descriptor.load()
        const saved = throughDisk({ arrays: await model.save(), state: {} }).arrays
        const loaded = load(saved, smallParams(descriptor), split.train.cols, null)
        expect(await loaded.score(split.train)).toEqual(await model.score(split.train))
        loaded.dispose()
      })

      test('refuses weights that are not its own', async () => {
        const { load } = await descriptor.load()
        const saved = await model.save()
        expect(() => load({}, smallParams(descriptor), split.train.cols, null)).toThrow('missing or misshapen')
        expect(() => load(saved, smallParams(descriptor), split.train.cols + 1, null)).toThrow('missing or misshapen')
      })

      test('reports the series it declares, once an epoch and by stage, and nothing else', async () => {
        const declared = descriptor.info.series.map(({ id }) => id).sort()
        const { epochs } = await whole()
        // Each stage has series of its own. Three epochs are the most of each.
        const stages = new Set(epochs.map(({ values }) => Object.keys(values).sort().join()))
        expect([...stages].flatMap((names) => names.split(',')).sort()).toEqual(declared)
        expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 3 * stages.size }, (_, at) => at + 1))
        for (const { values } of epochs) expect(Object.values(values).every(Number.isFinite)).toBe(true)
      })

      test.each(['pause', 'cancel'] as const)(
        'stops within one batch on %s and hands over a checkpoint',
        async (how) => {
          const stopAt = (await whole()).reportsOfAnEpoch + 1
          let reports = 0
          let checkpoints = 0
          const signal = { requested: null as 'pause' | 'cancel' | null }
          const outcome = await fitSmall(descriptor, split, {
            signal,
            report: {
              progress: () => {
                reports++
                if (reports === stopAt) signal.requested = how
              },
              checkpoint: async () => void checkpoints++,
            },
          })
          expect(outcome).toEqual({ end: how === 'pause' ? 'paused' : 'cancelled', epochs: 1 })
          expect(reports).toBe(stopAt)
          expect(checkpoints).toBe(2)
        },
      )

      test.each([
        ['in the first batch', () => 1],
        ['in the first validation', (epoch: number) => epoch],
        ['in the first batch of the second epoch', (epoch: number) => epoch + 1],
        ['in the middle of the second epoch', (epoch: number) => epoch + 3],
        ['in the second validation', (epoch: number) => 2 * epoch],
      ])('resumed after a stop %s ends as an uninterrupted training', async (_, stopOf) => {
        const { bits, epochs, reportsOfAnEpoch } = await whole()
        const stopAfter = stopOf(reportsOfAnEpoch)
        const parts: unknown[] = []
        const epoch = ({ values }: { values: unknown }): void => void parts.push(values)
        let last: Checkpoint | null = null
        let reports = 0
        const signal = { requested: null as 'pause' | null }
        const stopped = await fitSmall(descriptor, split, {
          signal,
          report: {
            epoch,
            progress: () => {
              if (++reports === stopAfter) signal.requested = 'pause'
            },
            checkpoint: async (checkpoint) => void (last = throughDisk(checkpoint)),
          },
        })
        expect(stopped.end).toBe('paused')
        const resumed = completed(
          await fitSmall(descriptor, split, { seed: 99, resume: last!, report: { epoch } }),
        ).model
        expect(bitsOf(await resumed.save())).toEqual(bits)
        expect(parts).toEqual(epochs.map(({ values }) => values))
        resumed.dispose()
      })

      test('refuses a checkpoint that is not its own', async () => {
        const resume = { arrays: {}, state: { type: 'something-else' } }
        await expect(fitSmall(descriptor, split, { resume })).rejects.toMatchObject({ code: 'runInvalid' })
      })

      test('holds no tensor after a training, a failed one, scoring or its graph', async () => {
        const leaked = await countLeakedTensors(async () => {
          const fresh = completed(await fitSmall(descriptor, split)).model
          await fresh.score(split.train)
          await fresh.graph?.(split.train)
          await fresh.localGraph?.(split.train)
          await fresh.save()
          fresh.dispose()
          await fitSmall(descriptor, split, { signal: { requested: 'cancel' } })
          await fitSmall(descriptor, split, { resume: { arrays: {}, state: {} } }).catch(() => undefined)
        })
        expect(leaked).toBe(0)
      })

      const can = (capability: Capability): boolean => descriptor.info.capabilities.includes(capability)
      /** Nodes of the small model's graph, for those methods that have one. */
      const nodes = (): number => Number(smallParams(descriptor)['confounders'])
      const everyone = Array.from({ length: split.train.rows }, (_, u) => u)
      const difference = (a: Float32Array, b: Float32Array): number =>
        Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))

      if (can('user-features'))
        test('has weights that tell how many features it was trained with', async () => {
          expect(trainedFeatureWidth(await model.save())).toBe(2)
        })

      if (can('mask'))
        test('an all-ones mask changes no score by one bit', async () => {
          const plain = await model.score(split.train)
          const mask = new Float32Array(nodes() ** 2).fill(1)
          expect(await model.score(split.train, { mask })).toEqual(plain)
        })

      if (can('intervene'))
        test('scores prepared users as any, and under an all-ones mask to the bit', async () => {
          const prepared = await model.prepare!(split.train)
          const plain = await prepared.score(everyone)
          expect(difference(plain, await model.score(split.train))).toBeLessThanOrEqual(tolerance)
          const mask = new Float32Array(nodes() ** 2).fill(1)
          expect(await prepared.score(everyone, { mask })).toEqual(plain)
          expect(await prepared.score(everyone, { silenced: new Uint8Array(nodes()) })).toEqual(plain)
          expect(await prepared.score(everyone)).toEqual(plain)
          prepared.dispose()
        })

      if (can('intervene'))
        test('a mask gives prepared users what it gives any', async () => {
          const prepared = await model.prepare!(split.train)
          for (let i = 0; i < nodes(); i++) {
            const mask = new Float32Array(nodes() ** 2).fill(1).fill(0, i * nodes(), (i + 1) * nodes())
            const scores = await prepared.score(everyone, { mask })
            expect(difference(scores, await model.score(split.train, { mask }))).toBeLessThanOrEqual(tolerance)
          }
          prepared.dispose()
        })

      if (can('intervene'))
        test('a confounder held at the user’s own value changes nothing', async () => {
          const prepared = await model.prepare!(split.train)
          const values = await prepared.confounders([7])
          const width = values.length / nodes()
          expect(Number.isInteger(width)).toBe(true)
          const holds = new Map(
            Array.from({ length: nodes() }, (_, j) => [j, values.slice(j * width, (j + 1) * width)] as const),
          )
          expect(difference(await prepared.score([7], { holds }), await prepared.score([7]))).toBeLessThan(1e-5)
          prepared.dispose()
        })

      if (can('intervene'))
        test('silences by position, and holds no tensor once disposed of', async () => {
          const leaked = await countLeakedTensors(async () => {
            const prepared = await model.prepare!(split.train)
            const silenced = Uint8Array.from({ length: 2 * nodes() }, (_, at) => (at < nodes() ? 0 : 1))
            const both = await prepared.score([7, 7], { silenced })
            const plain = await prepared.score([7])
            expect(difference(both.slice(0, plain.length), plain)).toBeLessThanOrEqual(tolerance)
            expect(difference(both.slice(plain.length), plain)).toBeGreaterThan(0)
            prepared.dispose()
          })
          expect(leaked).toBe(0)
        })

      if (can('knowledge'))
        test('honours required and forbidden edges exactly, also when loaded', async () => {
          const k = nodes()
          // 1 -> 2 required, its reverse and 1 -> 3 forbidden.
          const knowledge = new Int8Array(k * k)
          knowledge[1] = 1
          knowledge[k] = -1
          knowledge[2] = -1
          const trained = completed(await fitSmall(descriptor, split, { knowledge })).model
          const { load } = await descriptor.load()
          const loaded = load(await trained.save(), smallParams(descriptor), split.train.cols, knowledge)
          for (const each of [trained, loaded]) {
            const { probabilities } = await each.graph!(split.train)
            expect(probabilities[0]![1]).toBe(1)
            expect(probabilities[1]![0]).toBe(0)
            expect(probabilities[0]![2]).toBe(0)
          }
          expect(await loaded.score(split.train)).toEqual(await trained.score(split.train))
          trained.dispose()
          loaded.dispose()
        })

      if (can('knowledge'))
        test('refuses knowledge of a graph of another size', async () => {
          const knowledge = new Int8Array((nodes() + 1) ** 2)
          await expect(fitSmall(descriptor, split, { knowledge })).rejects.toMatchObject({ code: 'badRequest' })
        })

      if (!can('export'))
        test('has no scoring graph, as its capabilities say', () => expect(model.scoringGraph).toBeUndefined())
      else
        test.each(choicesOf(descriptor))(
          'exports what onnxruntime and TensorFlow.js score alike: %j',
          async (choice) => {
            const { model: exported } = completed(
              await fitSmall(descriptor, split, { params: { ...params, ...choice } }),
            )
            const leaked = await countLeakedTensors(async () => void (await exported.scoringGraph!()))
            expect(leaked).toBe(0)
            const graph = await exported.scoringGraph!()
            expect(graph.mask !== null).toBe(can('mask') && exported.graph !== undefined)
            // Many users at once, one alone, and one of whom nothing is known (user 3).
            const batches = [split.train, takeRows(split.train, [7]), takeRows(split.train, [3])]
            const largest = async (run: RunModel, input?: Float32Array, mask = input): Promise<number> => {
              const differences = batches.map(async (rows) =>
                difference(await run(rows, input), await exported.score(rows, mask && { mask })),
              )
              return Math.max(...(await Promise.all(differences)))
            }
            for (const runner of [onnxOf, tfjsOf]) {
              const run = await runner(graph)
              expect(await largest(run)).toBeLessThan(exportTolerance)
              if (!graph.mask) continue
              const mask = new Float32Array(nodes() ** 2).fill(1).fill(0, 0, nodes())
              expect(difference(await run(split.train, mask), await run(split.train))).toBeGreaterThan(
                100 * exportTolerance,
              )
              expect(await largest(run, mask)).toBeLessThan(exportTolerance)
              const baked = await runner({
                ...graph,
                mask: { ...graph.mask, default: { shape: [nodes(), nodes()], data: mask } },
              })
              expect(await largest(baked, undefined, mask)).toBeLessThan(exportTolerance)
            }
            exported.dispose()
          },
        )

      if (descriptor.info.params.some(({ key }) => key === 'batchSize'))
        test('trains with a batch larger than all users, and with batches of one', async () => {
          for (const batchSize of [1000, 1]) {
            const outcome = await fitSmall(descriptor, ratedTinySplit(6), { params: { batchSize, epochs: 1 } })
            completed(outcome).model.dispose()
          }
        })
    },
  )
}

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CausalGraph } from '../../../src-shared/domain/graph'
import { fitSmall } from '../../../tests/support/fit'
import { tinySplit } from '../../../tests/support/tiny-split'
import type { RowIntervention } from '../../jobs/trainer-contract'
import { descriptor } from '../../methods/causal/csc'
import { useBackend } from '../../tensor/backends'
import { countLeakedTensors } from '../../tensor/leak'
import { evaluate, recommend } from '../evaluate/evaluate'
import { Interventions } from './interventions'
import { zeroRow } from './model-intervention'
import { isIntervenable, type IntervenableModel } from './prepared-rows'

const split = tinySplit()
const nothing: RowIntervention = { factors: null, holds: [] }
const ones: RowIntervention = {
  factors: [
    [1, 1, 1],
    [1, 1, 1],
    [1, 1, 1],
  ],
  holds: [],
}
const noStep = (): Promise<void> => Promise.resolve()
const isNumber = expect.any(Number) as number

let model: IntervenableModel
let graph: CausalGraph
let asked: Interventions

beforeAll(async () => {
  await useBackend('wasm')
  const outcome = await fitSmall(descriptor, split, { params: { epochs: 12 } })
  if (outcome.end !== 'completed' || !isIntervenable(outcome.model)) throw new Error('CSC was not trained.')
  model = outcome.model
  graph = await model.graph!(split.train)
  asked = new Interventions(model, split, graph)
})
afterAll(() => {
  asked.dispose()
  model.dispose()
})

test('the baseline is what is recommended and evaluated, to the bit', async () => {
  const effect = await asked.effect(null, 10, nothing, noStep)
  const evaluated = await evaluate(model, split, 'test')
  for (const { id, before, users } of effect.metrics) {
    expect(before.mean).toBe(evaluated!.metrics[id])
    expect(users).toBe(evaluated!.users)
  }
  const top = await recommend(model, split, [7], 10)
  const { before } = await asked.userEffect(7, 10, nothing)
  expect(before.map(({ item }) => item)).toEqual([...top.items])
  expect(before.map(({ score }) => score)).toEqual([...top.scores])
})

test('a mask of ones changes nothing, to the bit; a zero row does, and undoing it brings everything back', async () => {
  const untouched = await asked.effect(null, 10, ones, noStep)
  expect(untouched).toMatchObject({ changedLists: 0, largestScoreChange: 0, noDifference: true })
  for (const { change } of [...untouched.metrics, ...untouched.attributes, untouched.coverage])
    expect(change).toEqual({ mean: 0, low: 0, high: 0 })
  const cut = await asked.effect(null, 10, zeroRow(0, 3), noStep)
  expect(cut.noDifference).toBe(false)
  expect(cut.largestScoreChange).toBeGreaterThan(1e-6)
  expect(await asked.effect(null, 10, ones, noStep)).toEqual({ ...untouched, seconds: isNumber })
  expect(await asked.effect(null, 10, zeroRow(0, 3), noStep)).toEqual({ ...cut, seconds: isNumber })
  const another = new Interventions(model, split, graph)
  expect(await another.effect(null, 10, zeroRow(0, 3), noStep)).toEqual({ ...cut, seconds: isNumber })
  another.dispose()
})

test('the rows of the table are the single effects', async () => {
  const rows = await asked.perConfounder(Int32Array.of(1, 2, 30), 5, noStep)
  expect(rows).toHaveLength(3)
  for (const { node, effect } of rows)
    expect(await asked.effect(Int32Array.of(1, 2, 30), 5, zeroRow(node, 3), noStep)).toEqual({
      ...effect,
      seconds: isNumber,
    })
})

test('holding a confounder at the value a user has changes nothing for that user, and something for others', async () => {
  const held: RowIntervention = { factors: null, holds: [{ node: 1, at: { kind: 'user', row: 8 } }] }
  const own = await asked.userEffect(8, 10, held)
  expect(own.noDifference).toBe(true)
  expect(own.after.map(({ item }) => item)).toEqual(own.before.map(({ item }) => item))
  const moved: RowIntervention = { factors: null, holds: [{ node: 1, at: { kind: 'sd', sd: 6 } }] }
  const mean: RowIntervention = { factors: null, holds: [{ node: 1, at: { kind: 'mean', rows: null } }] }
  expect((await asked.effect(null, 10, moved, noStep)).largestScoreChange).not.toBe(
    (await asked.effect(null, 10, mean, noStep)).largestScoreChange,
  )
})

test('the parts of a path explanation add up for every item, masked and held or not', async () => {
  const both: RowIntervention = { ...zeroRow(2, 3), holds: [{ node: 0, at: { kind: 'sd', sd: 1 } }] }
  for (const intervention of [nothing, both]) {
    const { after } = await asked.userEffect(20, 5, intervention)
    for (const { item, score } of after) {
      const paths = await asked.paths(20, item, intervention)
      expect(paths.rank).toBe(after.findIndex((entry) => entry.item === item) + 1)
      expect(paths.score - (await asked.paths(20, after[0]!.item, intervention)).score).toBeCloseTo(
        score - after[0]!.score,
        5,
      )
      const flows = paths.confounders.reduce((sum, { flow }) => sum + flow, 0)
      expect(paths.preference + flows + paths.remainder).toBeCloseTo(paths.score, 5)
      expect(Math.abs(flows)).toBeGreaterThan(0)
      for (const { node, flow, own, remainder } of paths.confounders) {
        const edges = paths.edges.reduce((sum, edge) => (edge.to === node ? sum + edge.flow : sum), 0)
        expect(own + edges + remainder).toBeCloseTo(flow, 5)
      }
    }
  }
  // Nothing flows into a node that is held: its parents no longer matter.
  const { after } = await asked.userEffect(20, 1, both)
  const { edges } = await asked.paths(20, after[0]!.item, both)
  expect(edges.filter(({ to }) => to === 0).every(({ flow }) => Math.abs(flow) < 1e-6)).toBe(true)
})

test('profiles are of every confounder, and the same every time', async () => {
  const profiles = await asked.profiles(noStep)
  expect(profiles.map(({ node }) => node)).toEqual([0, 1, 2])
  expect(profiles.every(({ strength }) => strength > 0)).toBe(true)
  const another = new Interventions(model, split, graph)
  expect(await another.profiles(noStep)).toEqual(profiles)
  another.dispose()
})

test('questions leave no tensors behind', async () => {
  const leaked = await countLeakedTensors(async () => {
    const other = new Interventions(model, split, graph)
    await other.effect(null, 10, zeroRow(1, 3), noStep)
    await other.userEffect(1, 10, zeroRow(1, 3))
    await other.paths(1, 2, nothing)
    await other.profiles(noStep)
    other.dispose()
    await new Promise(setImmediate)
  })
  expect(leaked).toBe(0)
})

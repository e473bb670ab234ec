import { describe, expect, it } from 'vitest'
import type { DomainGraph } from '../../domain/domain-graph'
import { adjustmentFaults, minimalAdjustmentSets } from './adjustment'
import { parseDagitty } from './dagitty'
import { frontDoorGiven, minimalFrontDoorSets } from './front-door'
import { dagOf, questionOf, type Dag } from './model'

/**
 * What the criteria promise, in numbers: binary variables with made-up conditional probabilities, the effect by truncated
 * factorisation (Pearl 2009, equation 3.10), and the same effect by the formula of the criterion.
 */
class BinaryModel {
  private readonly joint: number[]
  private readonly tables: number[][]

  constructor(private readonly dag: Dag) {
    let state = 7
    const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647
    this.tables = dag.parents.map((parents) => Array.from({ length: 1 << parents.length }, () => 0.1 + 0.8 * uniform()))
    this.joint = this.factorised(() => true)
  }

  /** The product of the conditional probabilities of the nodes for which `kept` holds. */
  private factorised(kept: (node: number) => boolean): number[] {
    return Array.from({ length: 1 << this.dag.nodes }, (_, world) => {
      let product = 1
      for (let node = 0; node < this.dag.nodes; node++) {
        if (!kept(node)) continue
        const row = this.dag.parents[node]!.reduce((bits, parent, at) => bits | (((world >> parent) & 1) << at), 0)
        const one = this.tables[node]![row]!
        product *= (world >> node) & 1 ? one : 1 - one
      }
      return product
    })
  }

  /** P(of | given), both as values of nodes. */
  p(of: Map<number, number>, given = new Map<number, number>(), joint = this.joint): number {
    const holds = (world: number, values: Map<number, number>): boolean =>
      [...values].every(([node, value]) => ((world >> node) & 1) === value)
    let both = 0
    let condition = 0
    for (const [world, probability] of joint.entries()) {
      if (!holds(world, given)) continue
      condition += probability
      if (holds(world, of)) both += probability
    }
    return both / condition
  }

  /** P(y = 1 | do(x = 1)). */
  effect(x: number, y: number): number {
    const intervened = this.factorised((node) => node !== x).map((probability, world) =>
      (world >> x) & 1 ? probability : 0,
    )
    return this.p(new Map([[y, 1]]), new Map(), intervened)
  }

  /** Every way to give the nodes values. */
  values(nodes: readonly number[]): Map<number, number>[] {
    return Array.from(
      { length: 1 << nodes.length },
      (_, bits) => new Map(nodes.map((node, at) => [node, (bits >> at) & 1])),
    )
  }

  /** Σ_z P(y | x, z) P(z). */
  byAdjustment(x: number, y: number, set: readonly number[]): number {
    return this.values(set).reduce((sum, z) => sum + this.p(new Map([[y, 1]]), new Map([[x, 1], ...z])) * this.p(z), 0)
  }

  /** Σ_c P(c) Σ_m P(m | x, c) Σ_x' P(y | x', m, c) P(x' | c) (Pearl 2009, theorem 3.3.4, within c). */
  byFrontDoor(x: number, y: number, mediators: readonly number[], given: readonly number[]): number {
    let sum = 0
    for (const c of this.values(given))
      for (const m of this.values(mediators))
        for (const other of this.values([x]))
          sum +=
            this.p(c) *
            this.p(m, new Map([[x, 1], ...c])) *
            this.p(new Map([[y, 1]]), new Map([...other, ...m, ...c])) *
            this.p(other, c)
    return sum
  }
}

function modelOf(text: string): { graph: DomainGraph; model: BinaryModel; at: (name: string) => number } {
  const graph = parseDagitty(text)
  const at = (name: string): number => graph.variables.findIndex((variable) => variable.name === name)
  return { graph, model: new BinaryModel(dagOf(graph)), at }
}

const subsets = (nodes: readonly number[]): number[][] =>
  Array.from({ length: 1 << nodes.length }, (_, bits) => nodes.filter((_node, at) => (bits >> at) & 1))

describe('adjustment in numbers', () => {
  it.each([
    ['confounding', 'dag { x [e] y [o] z; x <- z -> y x -> y }', ['z']],
    ['M-bias', 'dag { x [e] y [o] m u1 [latent] u2 [latent]; x <- u1 -> m <- u2 -> y x -> y }', ['']],
    ['a mediator and a collider', 'dag { x [e] y [o] m c z; x -> m -> y x -> c <- y x <- z -> y }', ['z']],
    ['two ways round', 'dag { x [e] y [o] a b c; x <- a -> b <- c -> y x <- b -> y x -> y }', ['a b', 'b c']],
    ['front door', 'dag { x [e] y [o] m u [latent]; x -> m -> y x <- u -> y }', []],
    ['napkin', 'dag { x [e] y [o] z w; w -> z -> x -> y w <-> x w <-> y }', []],
    ['butterfly', 'dag { x [e] y [o] a b; a <-> x a <-> y a -> b -> y x -> y }', []],
  ])('of %s: just the sufficient sets give the effect', (_, text, expected) => {
    const { graph, model, at } = modelOf(text)
    const question = questionOf(graph)
    const nameOf = (set: number[]): string => set.map((node) => graph.variables[node]!.name).join(' ')
    expect(minimalAdjustmentSets(question, [], 100).sets.map(nameOf)).toEqual(expected)
    const truth = model.effect(at('x'), at('y'))
    const covariates = graph.variables.flatMap(({ role }, node) => (role === 'observed' ? [node] : []))
    for (const set of subsets(covariates)) {
      const { forbidden, open } = adjustmentFaults(question, set)
      const error = Math.abs(model.byAdjustment(at('x'), at('y'), set) - truth)
      if (forbidden.length === 0 && open === null) expect(error).toBeLessThan(1e-12)
      else expect(error).toBeGreaterThan(1e-6)
    }
  })
})

describe('the front door in numbers', () => {
  it.each([
    ['one mediator', 'dag { x [e] y [o] m u [latent]; x -> m -> y x <- u -> y }', ['m']],
    ['a choice of mediators', 'dag { x [e] y [o] m n; x -> m -> n -> y x <-> y }', ['m', 'n']],
    ['two mediators at once', 'dag { x [e] y [o] m n; x -> m -> y x -> n -> y x <-> y }', ['m n']],
    [
      'what joins mediator and outcome taken along',
      'dag { x [e] y [o] m w; x -> m -> y m <- w -> y x <-> y }',
      ['m w'],
    ],
    ['within what the user is like', 'dag { x [e] y [o] m w [adjusted]; x -> m -> y m <- w -> y x <-> y }', ['m']],
    ['a hidden cause of the mediator', 'dag { x [e] y [o] m u [latent]; x -> m -> y x <- u -> y u -> m }', []],
    ['a direct effect', 'dag { x [e] y [o] m; x -> m -> y x -> y x <-> y }', []],
  ])('with %s: the sets give the effect', (_, text, expected) => {
    const { graph, model, at } = modelOf(text)
    const question = questionOf(graph)
    const { sets } = minimalFrontDoorSets(question, 100)
    expect(sets.map((set) => set.map((node) => graph.variables[node]!.name).join(' '))).toEqual(expected)
    for (const set of sets)
      expect(model.byFrontDoor(at('x'), at('y'), set, frontDoorGiven(question))).toBeCloseTo(
        model.effect(at('x'), at('y')),
        12,
      )
  })
})

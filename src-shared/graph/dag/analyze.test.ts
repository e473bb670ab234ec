import { describe, expect, it } from 'vitest'
import type { DomainGraph } from '../../domain/domain-graph'
import { analyzeDomainGraph } from './analyze'
import type { DomainAnswers } from './answers'
import { parseDagitty } from './dagitty'
import { domainExamples } from './examples'

const available = ['csc', 'multi-vae']
const answer = (text: string): DomainAnswers => analyzeDomainGraph(parseDagitty(text), { available })
const fitting = (answers: DomainAnswers): string[] =>
  answers.advice!.filter(({ fits }) => fits).map(({ method }) => method)
const reasonOf = (answers: DomainAnswers, method: string): string =>
  answers.advice!.find((advice) => advice.method === method)!.reason
const classes = (answers: DomainAnswers): Record<string, string> =>
  Object.fromEntries(answers.variables.map(({ name, class: kind }) => [name, kind]))

describe('analyzeDomainGraph', () => {
  it('names the edges of a cycle and answers nothing else', () => {
    const answers = answer('dag { x [e] y [o] a b; x -> y a -> x y -> b -> a }')
    expect(answers.cycle).toHaveLength(4)
    expect(answers.cycle!.map(({ from, to }) => `${from} -> ${to}`).sort()).toEqual([
      'a -> x',
      'b -> a',
      'x -> y',
      'y -> b',
    ])
    expect(answers.problems).toMatchObject([{ kind: 'cycle', level: 'error', edges: answers.cycle }])
    expect(answers.problems[0]!.text).toContain('x -> y -> b -> a -> x')
    for (const section of ['implications', 'paths', 'adjustment', 'frontDoor', 'instruments', 'advice'] as const)
      expect(answers[section]).toBeNull()
  })

  it.each([
    ['dag { }', ['empty']],
    ['dag { a -> b }', ['noExposure', 'noOutcome']],
    ['dag { a [e] a -> b }', ['noOutcome']],
    ['dag { b [o] a -> b }', ['noExposure']],
  ])('says what %s lacks and what to do', (text, kinds) => {
    const answers = answer(text)
    expect(answers.problems.map(({ kind }) => kind)).toEqual(kinds)
    expect(answers.adjustment).toBeNull()
    for (const { advice } of answers.problems) expect(answers.summary.join(' ')).toContain(advice)
  })

  it('answers the testable implications without a question', () => {
    const { implications } = answer('dag { a -> b -> c h [latent] h -> a h -> d }')
    expect(implications!.implications.map(({ text }) => text)).toEqual(['a ⊥ c | b', 'b ⊥ d | a', 'c ⊥ d | a'])
    expect(implications!.sentence).toBe('The graph implies 3 independences that data could refute.')
  })

  it('tells paths, their openness, and what blocks or opens them', () => {
    const { paths } = answer('dag { x [e] y [o] m c [adjusted] u; x -> m -> y x -> c <- y x <- u -> c x <-> y }')
    expect(
      paths!.paths.map(({ text, causal, open, blockedBy, openedBy }) => [text, causal, open, blockedBy, openedBy]),
    ).toEqual([
      ['x <-> y', false, true, [], []],
      ['x -> m -> y', true, true, [], []],
      ['x -> c <- y', false, true, [], ['c']],
      ['x <- u -> c <- y', false, true, [], ['c']],
    ])
    expect(paths!.sentence).toBe('4 paths from x to y: 1 causal (1 open), 3 biasing (3 open).')
  })

  it('says why the adjusted set is not sufficient: an open path, or a variable that spoils the effect', () => {
    const { adjustment, problems } = answer('dag { x [e] y [o] m [adjusted] z; x -> m -> y x <- z -> y }')
    expect(adjustment!.current.sufficient).toBe(false)
    expect(adjustment!.current.faults.map(({ kind, variables }) => [kind, variables])).toEqual([
      ['forbidden', ['m']],
      ['openPath', ['x', 'z', 'y']],
    ])
    expect(adjustment!.sets).toEqual([])
    expect(adjustment!.setsWithoutAdjusted).toEqual([['z']])
    expect(problems.map(({ kind }) => kind)).toEqual(['forbiddenAdjustment'])
    expect(answer('dag { x [e] y [o] z [adjusted] x <- z -> y x -> y }').adjustment!.current).toMatchObject({
      sufficient: true,
      faults: [],
      sentence: 'Adjusting for z is sufficient for the total effect of x on y.',
    })
  })

  it('never puts a hidden variable into a set', () => {
    const { adjustment, instruments, frontDoor } = answer(
      'dag { x [e] y [o] h [latent] i [latent] i -> x x <- h -> y x -> y }',
    )
    expect(adjustment!.sets).toEqual([])
    expect(instruments!.instruments).toEqual([])
    expect(frontDoor!.sets).toEqual([])
  })

  it('finds instruments, with what they are to be conditioned on', () => {
    const { instruments } = answer('dag { x [e] y [o] i z; i -> x -> y x <-> y i <- z -> y }')
    expect(instruments!.instruments).toEqual([{ variable: 'i', given: ['z'], text: 'i given z' }])
  })

  it('classifies variables and edges for their colours', () => {
    const answers = answer(
      'dag { x [e] y [o] z h [latent] m i w c lone; x <- z -> y x <- h -> y x -> m -> y i -> x w -> y x -> c <- y }',
    )
    expect(classes(answers)).toEqual({
      x: 'exposure',
      y: 'outcome',
      z: 'confounder',
      h: 'confounder',
      m: 'mediator',
      i: 'ancestorOfBoth',
      w: 'ancestorOfOutcome',
      c: 'collider',
      lone: 'neutral',
    })
    const edges = Object.fromEntries(answers.edges.map(({ edge, class: kind }) => [`${edge.from} ${edge.to}`, kind]))
    expect(edges).toEqual({
      'z x': 'biasing',
      'z y': 'biasing',
      'h x': 'biasing',
      'h y': 'biasing',
      'x m': 'causal',
      'm y': 'causal',
      'i x': 'neutral',
      'w y': 'neutral',
      'x c': 'neutral',
      'y c': 'neutral',
    })
    expect(answers.variables.find(({ name }) => name === 'h')!.text).toBe(
      'Confounder: causes x, and y by another way. Hidden: it cannot be adjusted for.',
    )
  })

  it('cuts off long enumerations and says so', () => {
    const layers = Array.from({ length: 8 }, (_, at) => `{a${at} b${at}} -> {a${at + 1} b${at + 1}}`).join(' ')
    const answers = answer(`dag { x [e] y [o] x -> {a0 b0} ${layers} {a8 b8} -> y }`)
    expect(answers.paths!.truncated).toBe(true)
    expect(answers.paths!.paths).toHaveLength(200)
    expect(answers.paths!.sentence).toContain('too many paths')
    expect(answers.truncated).toBe(true)
    const few = analyzeDomainGraph(parseDagitty('dag { x [e] y [o] a b c x <- a -> b -> c -> y x -> y }'), {
      available,
      limits: { adjustmentSets: 1, implications: 1 },
    })
    expect(few.adjustment!.sets).toHaveLength(1)
    expect(few.adjustment!.sentence).toContain('more than are listed')
    expect(few.implications).toMatchObject({ truncated: true, implications: [{}] })
  })

  it('stays fluid with 200 variables', () => {
    const graph: DomainGraph = { variables: [], edges: [] }
    for (let node = 0; node < 200; node++) {
      const role = node === 40 ? 'exposure' : node === 190 ? 'outcome' : node % 7 === 3 ? 'hidden' : 'observed'
      graph.variables.push({ name: `v${node}`, role, at: null })
      for (const step of [1, 5 + (node % 11), 17 + (node % 23)].slice(0, 1 + (node % 3)))
        if (node >= step) graph.edges.push({ from: `v${node - step}`, to: `v${node}`, kind: '->' })
    }
    const seconds = Array.from({ length: 8 }, () => {
      const start = performance.now()
      analyzeDomainGraph(graph, { available })
      return (performance.now() - start) / 1000
    })
    // About 0.007 s alone; the bound leaves room for a machine that does other work besides.
    expect(Math.min(...seconds)).toBeLessThan(0.1)
  })
})

describe('the methods that fit', () => {
  const example = (name: string): DomainAnswers => answer(domainExamples.find((found) => found.name === name)!.text)

  it.each([
    ['Popularity confounds', ['multi-vae']],
    ['Hidden cause, measured mediator', ['hcr']],
    ['Correlated noise', ['clev']],
    ['Shared hidden confounder', ['deep-deconf']],
    ['Confounders that act on each other', ['csc']],
    ['M-bias', ['multi-vae']],
    ['Selected by exposure', []],
    ['Instrument', []],
  ])('%s: %j', (name, methods) => {
    const answers = example(name)
    expect(fitting(answers)).toEqual(methods)
    expect(answers.problems.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('covers every example', () => {
    expect(domainExamples).toHaveLength(8)
    expect(new Set(domainExamples.map(({ name }) => name)).size).toBe(8)
  })

  it('says which of them this Causeway has', () => {
    const { advice } = example('Hidden cause, measured mediator')
    expect(
      advice!
        .filter((method) => method.available)
        .map(({ method }) => method)
        .sort(),
    ).toEqual(available)
    expect(advice![0]).toMatchObject({
      method: 'hcr',
      available: false,
      matched: [
        { part: 'exposure', variables: ['price'] },
        { part: 'outcome', variables: ['like'] },
        { part: 'mediator', variables: ['click'] },
        { part: 'hidden confounder', variables: ['marketing'] },
        { part: 'given', variables: ['user'] },
      ],
    })
    expect(example('Hidden cause, measured mediator').summary.join(' ')).toContain(
      'HCR fits (not yet in this Causeway)',
    )
  })

  it('says that the front door is closed by a hidden cause of the mediator', () => {
    const answers = answer('dag { I [e] L [o] M V [latent] V -> I V -> L V -> M I -> M -> L }')
    expect(fitting(answers)).toEqual([])
    expect(reasonOf(answers, 'hcr')).toBe(
      'The front-door criterion fails: V also causes M, which is to carry the effect.',
    )
  })

  it('says what else would open the front door', () => {
    const answers = answer('dag { I [e] L [o] M U V [latent] V -> I V -> L I -> M -> L U -> M U -> L U -> I }')
    expect(answers.frontDoor).toMatchObject({ sets: [], openedBy: ['U'] })
    expect(reasonOf(answers, 'hcr')).toContain('adjusting for U too would open it')
  })

  it('gives PlanRec where hidden factors act on each other and confound nothing', () => {
    const answers = answer(
      'dag { shown [e] liked [o] f [latent] g [latent] f -> g f -> liked g -> liked shown -> liked }',
    )
    expect(fitting(answers)).toEqual(['multi-vae', 'planrec'])
  })
})

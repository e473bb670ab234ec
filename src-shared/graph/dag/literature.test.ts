import { describe, expect, it } from 'vitest'
import { analyzeDomainGraph } from './analyze'
import { parseDagitty } from './dagitty'

interface Published {
  graph: string
  /** Minimal sufficient adjustment sets; '' adjusts for nothing. */
  adjustment: string[]
  frontDoor?: string[]
  instruments?: string[]
  /** Sets that the source says do not suffice. */
  insufficient: string[]
}

const published: Record<string, Published> = {
  'the back-door example of Pearl (2009), figure 3.4': {
    graph:
      'dag { Xi [e] Xj [o] X1 -> X3 X1 -> X4 X2 -> X4 X2 -> X5 X3 -> Xi X4 -> Xi X4 -> Xj X5 -> Xj Xi -> X6 -> Xj }',
    adjustment: ['X1 X4', 'X2 X4', 'X3 X4', 'X4 X5'],
    frontDoor: ['X6'],
    insufficient: ['', 'X4', 'X3', 'X4 X6'],
  },
  'warm-up and injury of Shrier & Platt (2008), as DAGitty answers it': {
    graph: `dag {
      WarmUpExercises [exposure] Injury [outcome]
      Coach -> { FitnessLevel TeamMotivation }
      Genetics -> { FitnessLevel NeuromuscularFatigue ConnectiveTissueDisorder }
      FitnessLevel -> { PreGameProprioception NeuromuscularFatigue }
      ConnectiveTissueDisorder -> { NeuromuscularFatigue TissueWeakness }
      TeamMotivation -> { WarmUpExercises PreviousInjury }
      PreGameProprioception -> WarmUpExercises -> IntraGameProprioception
      ContactSport -> { PreviousInjury IntraGameProprioception }
      NeuromuscularFatigue -> { IntraGameProprioception Injury }
      TissueWeakness -> Injury
      IntraGameProprioception -> Injury
    }`,
    adjustment: [
      'Coach FitnessLevel',
      'Coach PreGameProprioception',
      'ConnectiveTissueDisorder NeuromuscularFatigue',
      'FitnessLevel Genetics',
      'FitnessLevel TeamMotivation',
      'NeuromuscularFatigue TissueWeakness',
      'PreGameProprioception TeamMotivation',
    ],
    insufficient: ['', 'PreviousInjury', 'FitnessLevel', 'Coach FitnessLevel IntraGameProprioception'],
  },
  'M-bias of Greenland (2003)': {
    graph: 'dag { x [e] y [o] u1 [latent] u2 [latent] x <- u1 -> m <- u2 -> y x -> y }',
    adjustment: [''],
    insufficient: ['m'],
  },
  'the collider that confounds of Greenland, Pearl & Robins (1999), figure 2': {
    graph: 'dag { E [e] D [o] A -> C <- B A -> E C -> E C -> D B -> D E -> D }',
    adjustment: ['A C', 'B C'],
    insufficient: ['', 'C', 'A', 'B', 'A B'],
  },
  'the same with hidden wings (butterfly bias, Ding & Miratrix 2015)': {
    graph: 'dag { E [e] D [o] A [latent] B [latent] A -> C <- B A -> E C -> E C -> D B -> D E -> D }',
    adjustment: [],
    insufficient: ['', 'C'],
  },
  'smoking, tar and cancer (Pearl 1995)': {
    graph: 'dag { smoking [e] cancer [o] u [latent] smoking -> tar -> cancer smoking <- u -> cancer }',
    adjustment: [],
    frontDoor: ['tar'],
    insufficient: ['', 'tar'],
  },
  'the bow, which nothing identifies': {
    graph: 'dag { x [e] y [o] x -> y x <-> y }',
    adjustment: [],
    insufficient: [''],
  },
  'the napkin (Pearl & Mackenzie 2018): identified, but neither by adjustment nor through the front door': {
    graph: 'dag { x [e] y [o] w -> z -> x -> y w <-> x w <-> y }',
    adjustment: [],
    insufficient: ['', 'w', 'z', 'w z'],
    frontDoor: [],
    // In a linear model that is enough: w screens z off what is hidden.
    instruments: ['z given w'],
  },
  'an instrument (Pearl 2009, figure 7.8 a)': {
    graph: 'dag { x [e] y [o] z -> x -> y x <-> y }',
    adjustment: [],
    insufficient: ['', 'z'],
    instruments: ['z'],
  },
  'an instrument that itself is confounded (Brito & Pearl 2002)': {
    graph: 'dag { x [e] y [o] w -> z -> x -> y w -> y x <-> y }',
    adjustment: [],
    insufficient: ['', 'w', 'z', 'w z'],
    instruments: ['z given w'],
  },
  'an instrument with a way of its own to the outcome, which is none': {
    graph: 'dag { x [e] y [o] z -> x -> y x <-> y z -> y }',
    adjustment: [],
    insufficient: ['', 'z'],
    instruments: [],
  },
  'selection by a common effect (Hernán, Hernández-Díaz & Robins 2004)': {
    graph: 'dag { E [e] D [o] S [selected] E -> S <- D E -> D }',
    adjustment: [],
    insufficient: [''],
  },
  'selection by a cause of the outcome and an effect of the exposure, undone by measuring the cause': {
    graph: 'dag { E [e] D [o] S [selected] E -> S <- L -> D E -> D }',
    adjustment: ['L S'],
    insufficient: [''],
  },
  'confounding that changes in time (Robins 1986): no single set for both treatments': {
    graph: 'dag { A0 [e] A1 [e] Y [o] U [latent] A0 -> L -> A1 U -> L U -> Y A0 -> Y A1 -> Y }',
    adjustment: [],
    insufficient: ['', 'L'],
  },
  'a mediator, which is left alone, with a confounder of it and the outcome': {
    graph: 'dag { x [e] y [o] x -> m -> y x -> y m <- c -> y }',
    adjustment: [''],
    insufficient: ['m', 'm c'],
  },
  'a proxy of the confounder, which does not do (Pearl 2009, section 3.3.1)': {
    graph: 'dag { x [e] y [o] u [latent] x <- u -> y u -> proxy x -> y }',
    adjustment: [],
    insufficient: ['', 'proxy'],
  },
}

const words = (names: readonly string[]): string => [...names].sort().join(' ')
const sorted = (sets: readonly (readonly string[])[]): string[] => sets.map(words).sort()

describe('answers that were published', () => {
  it.each(Object.entries(published))('of %s', (_, { graph, adjustment, frontDoor, instruments, insufficient }) => {
    const drawn = parseDagitty(graph)
    const answers = analyzeDomainGraph(drawn, { available: [] })
    expect(sorted(answers.adjustment!.sets)).toEqual(adjustment.map((set) => words(set.split(' '))).sort())
    if (frontDoor) expect(sorted(answers.frontDoor!.sets)).toEqual(frontDoor)
    if (instruments) expect(answers.instruments!.instruments.map(({ text }) => text)).toEqual(instruments)
    for (const set of insufficient) {
      const adjusted = set.split(' ')
      const variables = drawn.variables.map((one) =>
        adjusted.includes(one.name) ? { ...one, role: 'adjusted' as const } : one,
      )
      const { current } = analyzeDomainGraph({ ...drawn, variables }, { available: [] }).adjustment!
      expect(current.sufficient, `adjusting for "${set}"`).toBe(false)
    }
  })
})

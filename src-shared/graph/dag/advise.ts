import type { DomainEdge, DomainGraph } from '../../domain/domain-graph'
import { causalNodes, minimalAdjustmentSets } from './adjustment'
import type { MethodAdvice } from './answers'
import { ancestorsOf, descendantsOf, membersOf, nodeSet, questionOf, type NodeSet, type Question } from './model'
import { inWords } from './words'

/** What the advice builds on, by names. */
export interface AdviceTask {
  graph: DomainGraph
  question: Question
  /** Minimal adjustment sets that hold what is selected. */
  adjustmentSets: string[][]
  frontDoorSets: string[][]
  frontDoorGiven: string[]
  frontDoorOpenedBy: string[] | null
  /** Ids of the methods that this Causeway has. */
  available: readonly string[]
}

type Verdict = Pick<MethodAdvice, 'fits' | 'reason' | 'matched'>

/** A hidden cause of an exposure that also causes an outcome around the exposures. */
interface HiddenConfounder {
  /** Its name, or `a hidden cause of a and b` for a `<->`. */
  words: string
  /** Its variable; null for a `<->`. */
  name: string | null
  /** The exposures that it causes around the other exposures. */
  exposures: string[]
  node: number
}

function hiddenConfounders(graph: DomainGraph, { dag, exposures, outcomes }: Question): HiddenConfounder[] {
  const barred = nodeSet(dag.nodes, exposures)
  const above = (node: number): NodeSet => ancestorsOf(dag, [node], barred)
  const causesOf = new Map(exposures.map((exposure) => [exposure, above(exposure)]))
  const outcomeCauses = ancestorsOf(dag, outcomes, barred)
  const arcs = graph.edges.filter(({ kind }) => kind === '<->')
  return Array.from({ length: dag.nodes }, (_, node) => node)
    .filter((node) => node >= dag.drawn || graph.variables[node]!.role === 'hidden')
    .filter((node) => outcomeCauses[node] === 1 && exposures.some((exposure) => causesOf.get(exposure)![node] === 1))
    .map((node) => {
      const arc = arcs[node - dag.drawn]
      return {
        words: arc ? `a hidden cause of ${arc.from} and ${arc.to}` : graph.variables[node]!.name,
        name: arc ? null : graph.variables[node]!.name,
        exposures: exposures
          .filter((exposure) => causesOf.get(exposure)![node] === 1)
          .map((exposure) => graph.variables[exposure]!.name),
        node,
      }
    })
}

/** Hidden variables that act directly on each other, as the edges among them. */
function hiddenEdges(graph: DomainGraph): DomainEdge[] {
  const hidden = new Set(graph.variables.filter(({ role }) => role === 'hidden').map(({ name }) => name))
  return graph.edges.filter(({ from, to, kind }) => kind === '->' && hidden.has(from) && hidden.has(to))
}

/** Whether the effect could be had by adjustment in a changed graph. */
function adjustable(graph: DomainGraph): boolean {
  const question = questionOf(graph)
  return minimalAdjustmentSets(question, question.selected, 1).sets.length > 0
}

/** The graph in which a method has recovered these hidden variables, so that they can be adjusted for. */
const recovered = (graph: DomainGraph, names: readonly string[]): DomainGraph => ({
  ...graph,
  variables: graph.variables.map((variable) =>
    names.includes(variable.name) ? { ...variable, role: 'observed' } : variable,
  ),
})

/**
 * How each method that Causeway is to have fits a drawn structure with exposures and outcomes: first those that fit. Each
 * method answers for the graph of its paper: HCR (front-door through a mediator), CLEV (correlated noise of observation and
 * preference), Deep-Deconf (confounders shared by exposures), CSC (confounders that act on each other), PlanRec (latent factors
 * with a structure, not confounding), Multi-VAE as the baseline where nothing hidden confounds.
 */
export function adviseMethods(task: AdviceTask): MethodAdvice[] {
  const { graph, question, adjustmentSets, frontDoorSets } = task
  const names = (nodes: readonly number[]): string[] => nodes.map((node) => graph.variables[node]!.name)
  const exposures = names(question.exposures)
  const outcomes = names(question.outcomes)
  const effect = `${inWords(exposures)} on ${inWords(outcomes)}`
  const confounders = hiddenConfounders(graph, question)
  const hidden = inWords(confounders.map(({ words }) => words))
  const byAdjustment = adjustmentSets.length > 0
  const byFrontDoor = frontDoorSets.some((set) => set.length > 0)
  const ends = [
    { part: 'exposure', variables: exposures },
    { part: 'outcome', variables: outcomes },
  ]
  const named = (found: readonly HiddenConfounder[]): string[] =>
    found.flatMap(({ name }) => (name === null ? [] : [name]))
  const not = (reason: string): Verdict => ({ fits: false, reason, matched: [] })
  const needless = not(
    `It is not needed: ${
      adjustmentSets[0]?.length ? `adjusting for ${inWords(adjustmentSets[0])}` : 'the data as they are'
    } already ${adjustmentSets[0]?.length ? 'gives' : 'give'} the effect of ${effect}.`,
  )
  const nothingHidden = not(`No hidden variable causes both ${inWords(exposures)} and ${inWords(outcomes)}.`)

  const multiVae = (): Verdict => {
    if (!byAdjustment)
      return not(
        confounders.length > 0
          ? `Confounding by ${hidden} stays open whatever measured variable is adjusted for, and a baseline would learn it as preference.`
          : `No set of measured variables blocks every biasing path from ${inWords(exposures)} to ${inWords(outcomes)}.`,
      )
    const [set] = adjustmentSets
    return {
      fits: true,
      reason: set!.length
        ? `No hidden confounding stays open once ${inWords(set!)} ${set!.length > 1 ? 'are' : 'is'} adjusted for, so a baseline with back-door adjustment is enough.`
        : `Nothing confounds the effect of ${effect}, so a baseline is enough.`,
      matched: [...ends, ...(set!.length ? [{ part: 'adjusted for', variables: set! }] : [])],
    }
  }

  const hcr = (): Verdict => {
    if (byAdjustment) return needless
    const mediators = membersOf(causalNodes(question)).filter((node) => !question.outcomes.includes(node))
    if (byFrontDoor) {
      const mediator = frontDoorSets.find((set) => set.length > 0)!
      const given = task.frontDoorGiven
      return {
        fits: true,
        reason: `Hidden confounding (${hidden}) spoils the effect of ${effect}, but all of it passes through ${inWords(mediator)}, which nothing hidden reaches: the front door is open${given.length ? ` given ${inWords(given)}` : ''}.`,
        matched: [
          ...ends,
          { part: 'mediator', variables: mediator },
          { part: 'hidden confounder', variables: named(confounders) },
          ...(given.length ? [{ part: 'given', variables: given }] : []),
        ],
      }
    }
    if (task.frontDoorOpenedBy !== null && task.frontDoorOpenedBy.length > 0)
      return not(
        `The front door is closed as drawn; adjusting for ${inWords(task.frontDoorOpenedBy)} too would open it.`,
      )
    if (mediators.length === 0)
      return not(`No variable lies on the way from ${inWords(exposures)} to ${inWords(outcomes)} to carry the effect.`)
    for (const confounder of confounders) {
      const caused = descendantsOf(question.dag, [confounder.node], nodeSet(question.dag.nodes, question.exposures))
      const reachedMediators = mediators.filter((node) => caused[node] === 1)
      if (reachedMediators.length > 0)
        return not(
          `The front-door criterion fails: ${confounder.words} also causes ${inWords(names(reachedMediators))}, which ${reachedMediators.length > 1 ? 'are' : 'is'} to carry the effect.`,
        )
    }
    const measuredMediators = mediators.filter((node) => question.measured[node] === 1)
    return not(
      measuredMediators.length === 0
        ? `What lies between, ${inWords(names(mediators))}, is hidden, so the front-door criterion fails.`
        : `The front-door criterion fails: ${inWords(names(measuredMediators))} ${measuredMediators.length > 1 ? 'do' : 'does'} not carry the whole effect apart from other causes.`,
    )
  }

  const clev = (): Verdict => {
    if (byAdjustment) return needless
    const isArc = ({ from, to, kind }: DomainEdge): boolean =>
      kind === '<->' &&
      ((exposures.includes(from) && outcomes.includes(to)) || (exposures.includes(to) && outcomes.includes(from)))
    const arcs = graph.edges.filter(isArc)
    if (arcs.length === 0)
      return not(
        confounders.some(({ name }) => name !== null)
          ? `${inWords(named(confounders))} ${named(confounders).length > 1 ? 'are drawn as variables. Where they are' : 'is drawn as a variable. Where it is'} only noise that ${inWords(exposures)} and ${inWords(outcomes)} share, draw <->.`
          : `${inWords(exposures)} and ${inWords(outcomes)} do not share their noise: no <-> joins them.`,
      )
    if (byFrontDoor) return not('A mediator gives the effect without taking the noise to be normal: HCR is the safer.')
    if (!adjustable({ ...graph, edges: graph.edges.filter((edge) => !isArc(edge)) }))
      return not('Besides the shared noise, other hidden confounding stays open.')
    return {
      fits: true,
      reason: `The noise of ${inWords(exposures)} and of ${inWords(outcomes)} is correlated (${arcs.map(({ from, to }) => `${from} <-> ${to}`).join(', ')}) and no mediator gets around it: CLEV estimates that correlation with the model.`,
      matched: ends,
    }
  }

  const deepDeconf = (): Verdict => {
    if (byAdjustment) return needless
    if (confounders.length === 0) return nothingHidden
    const shared = confounders.filter(({ name, exposures: caused }) => name !== null && caused.length > 1)
    if (shared.length === 0)
      return not(
        `No hidden variable is shared by several exposures, and Deep-Deconf sees only what they share (hidden here: ${hidden}).`,
      )
    if (!adjustable(recovered(graph, named(shared))))
      return not(`Besides ${inWords(named(shared))}, which exposures share, other biasing paths stay open.`)
    return {
      fits: true,
      reason: `${inWords(named(shared))} ${shared.length > 1 ? 'are' : 'is'} hidden and shared by ${inWords([...new Set(shared.flatMap(({ exposures: caused }) => caused))])}: what the exposures have in common stands in for ${shared.length > 1 ? 'them' : 'it'}.`,
      matched: [...ends, { part: 'shared confounder', variables: named(shared) }],
    }
  }

  const confounderNames = named(confounders)
  const among = hiddenEdges(graph)

  const csc = (): Verdict => {
    if (byAdjustment) return needless
    if (confounders.length === 0) return nothingHidden
    const acting = among.filter(({ from, to }) => confounderNames.includes(from) || confounderNames.includes(to))
    const structure = [...new Set(acting.flatMap(({ from, to }) => [from, to]))]
    if (structure.length === 0)
      return not(
        confounders.length > 1
          ? `The hidden confounders (${hidden}) do not act on each other, so there is no structure of them to learn.`
          : `There is one hidden confounder (${hidden}), so there is no structure of confounders to learn.`,
      )
    if (!adjustable(recovered(graph, structure)))
      return not(`Besides ${inWords(structure)}, which act on each other, other biasing paths stay open.`)
    return {
      fits: true,
      reason: `Hidden confounders act on each other (${acting.map(({ from, to }) => `${from} -> ${to}`).join(', ')}): CSC learns them and the graph among them.`,
      matched: [...ends, { part: 'hidden confounders', variables: structure }],
    }
  }

  const planRec = (): Verdict => {
    const outcomeCauses = ancestorsOf(question.dag, question.outcomes)
    const causesOutcome = (name: string): boolean =>
      outcomeCauses[graph.variables.findIndex((variable) => variable.name === name)] === 1
    const factors = among.filter(({ from, to }) => causesOutcome(from) && causesOutcome(to))
    if (factors.length === 0)
      return not(`There are no hidden factors that act on each other and on ${inWords(outcomes)}.`)
    if (!byAdjustment)
      return not('Its latent factors describe preference; it removes no hidden confounding, and some stays open here.')
    return {
      fits: true,
      reason: `Hidden factors of ${inWords(outcomes)} act on each other (${factors.map(({ from, to }) => `${from} -> ${to}`).join(', ')}) and leave no confounding open: PlanRec learns such a structure and each user's share of it.`,
      matched: [
        ...ends,
        { part: 'latent factors', variables: [...new Set(factors.flatMap(({ from, to }) => [from, to]))] },
      ],
    }
  }

  const advice = (method: string, label: string, verdict: Verdict, caveat: string): MethodAdvice => ({
    method,
    label,
    available: task.available.includes(method),
    ...verdict,
    caveat,
  })
  const all = [
    advice(
      'hcr',
      'HCR',
      hcr(),
      'It takes for granted that the mediator is measured completely and that nothing hidden reaches it.',
    ),
    advice('clev', 'CLEV', clev(), 'It takes the correlated noise to be normal, with one correlation for all.'),
    advice(
      'csc',
      'CSC',
      csc(),
      'It takes for granted that the confounders do not depend on the users and follow an additive noise model; what it learns has no names.',
    ),
    advice(
      'deep-deconf',
      'Deep-Deconf',
      deepDeconf(),
      'It takes for granted that no hidden confounder touches a single exposure only. Bring many exposures: a few say little of what they share.',
    ),
    advice(
      'multi-vae',
      'Multi-VAE',
      multiVae(),
      'It adjusts for nothing by itself: weight its data by the propensity of the exposure, or compare within the values of what is to be adjusted for.',
    ),
    advice(
      'planrec',
      'PlanRec',
      planRec(),
      'It takes for granted that the factors can be told from what users choose; it describes preference and does not deconfound.',
    ),
  ]
  return [...all.filter(({ fits }) => fits), ...all.filter(({ fits }) => !fits)]
}

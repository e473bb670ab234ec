import type { DomainEdge, DomainGraph } from '../../domain/domain-graph'
import { adjustmentFaults, backdoorGraph, causalNodes, forbiddenNodes, minimalAdjustmentSets } from './adjustment'
import { adviseMethods } from './advise'
import type {
  AdjustmentAnswers,
  AdjustmentFault,
  AnalysisLimits,
  AnalysisOptions,
  DomainAnswers,
  DomainPath,
  DomainProblem,
  EdgeAnswer,
  FrontDoorAnswers,
  ImplicationAnswers,
  InstrumentAnswers,
  PathAnswers,
  VariableAnswer,
  VariableClass,
} from './answers'
import { frontDoorCovariates, frontDoorGiven, minimalFrontDoorSets } from './front-door'
import { testableImplications } from './implications'
import { findInstruments } from './instruments'
import { ancestorsOf, cycleOf, descendantsOf, nodeSet, questionOf, type NodeSet, type Question } from './model'
import { effectPaths, pathAlong } from './paths'
import { connectedTo } from './separation'
import { counted, inWords, setsInWords } from './words'

/** Where enumerations stop unless said otherwise: enough for what a person reads, and 200 sparse nodes stay fluid. */
export const analysisLimits: AnalysisLimits = {
  paths: 200,
  pathSteps: 20_000,
  implications: 400,
  adjustmentSets: 100,
  frontDoorSets: 25,
  instruments: 100,
}

/** A drawn graph with its question and its names. */
class Subject {
  readonly question: Question
  readonly conditioned: number[]

  constructor(
    readonly graph: DomainGraph,
    readonly limits: AnalysisLimits,
  ) {
    this.question = questionOf(graph)
    this.conditioned = [...this.question.adjusted, ...this.question.selected].sort((a, b) => a - b)
  }

  names(nodes: readonly number[]): string[] {
    return nodes.map((node) => this.graph.variables[node]!.name)
  }

  get exposures(): string {
    return inWords(this.names(this.question.exposures))
  }

  get outcomes(): string {
    return inWords(this.names(this.question.outcomes))
  }

  get isCausal(): boolean {
    const causal = causalNodes(this.question)
    return this.question.outcomes.some((outcome) => causal[outcome] === 1)
  }
}

function implicationAnswers({ graph, question, limits }: Subject): ImplicationAnswers {
  const nameOf = (node: number): string => graph.variables[node]!.name
  const { implications, truncated } = testableImplications(question, limits.implications)
  return {
    implications: implications.map(({ a, b, given }) => {
      const names = given.map(nameOf)
      const text = `${nameOf(a)} ⊥ ${nameOf(b)}${names.length > 0 ? ` | ${names.join(', ')}` : ''}`
      return { a: nameOf(a), b: nameOf(b), given: names, text }
    }),
    sentence: truncated
      ? `The graph implies more than ${implications.length} independences that data could refute; only these are listed.`
      : implications.length === 0
        ? 'The graph implies no independence of measured variables, so no data can refute it.'
        : `The graph implies ${counted(implications.length, 'independence')} that data could refute.`,
    truncated,
  }
}

function pathAnswers(subject: Subject): PathAnswers {
  const { graph, question, limits, exposures, outcomes } = subject
  const { paths, truncated } = effectPaths(graph, question, { paths: limits.paths, steps: limits.pathSteps })
  const causal = paths.filter((path) => path.causal)
  const biasing = paths.filter((path) => !path.causal)
  const open = (of: readonly DomainPath[]): number => of.filter((path) => path.open).length
  const tally = `${causal.length} causal (${open(causal)} open), ${biasing.length} biasing (${open(biasing)} open)`
  return {
    paths,
    sentence: truncated
      ? `There are too many paths from ${exposures} to ${outcomes} to list them all; the ${counted(paths.length, 'shortest', 'shortest')}: ${tally}.`
      : paths.length === 0
        ? `No path leads from ${exposures} to ${outcomes}, whatever the arrows.`
        : `${counted(paths.length, 'path')} from ${exposures} to ${outcomes}: ${tally}.`,
    truncated,
  }
}

/** The faults of the variables that are conditioned on now. Of an open path only the shortest is told. */
function currentFaults(subject: Subject): AdjustmentFault[] {
  const { graph, question, conditioned, outcomes } = subject
  const { forbidden, open } = adjustmentFaults(question, conditioned)
  const causal = causalNodes(question)
  const faults = forbidden.map((node): AdjustmentFault => {
    const [name] = subject.names([node])
    const text = causal[node]
      ? `${name} lies on a causal path: adjusting for it takes away part of the effect.`
      : `${name} is an effect of what lies on a causal path: adjusting for it distorts the effect on ${outcomes}.`
    return { kind: 'forbidden', text, variables: [name!], path: null }
  })
  if (open === null) return faults
  const path = pathAlong(graph, question, open)
  const opened = path.openedBy.length > 0 ? `, opened at ${inWords(path.openedBy)} by what is adjusted for` : ''
  return [
    ...faults,
    { kind: 'openPath', text: `The biasing path ${path.text} is open${opened}.`, variables: path.variables, path },
  ]
}

function adjustmentAnswers(subject: Subject): AdjustmentAnswers {
  const { question, limits, conditioned, exposures, outcomes } = subject
  const { adjusted, selected } = question
  const held = minimalAdjustmentSets(question, conditioned, limits.adjustmentSets)
  const free = adjusted.length > 0 ? minimalAdjustmentSets(question, selected, limits.adjustmentSets) : null
  const sets = held.sets.map((set) => subject.names(set))
  const setsWithoutAdjusted = free && free.sets.map((set) => subject.names(set))
  const truncated = held.truncated || (free?.truncated ?? false)
  const effect = `the total effect of ${exposures} on ${outcomes}`
  const now = subject.names(conditioned)
  const faults = currentFaults(subject)
  const doing = [
    ...(adjusted.length > 0 ? [`adjusting for ${inWords(subject.names(adjusted))}`] : []),
    ...(selected.length > 0 ? [`data selected by ${inWords(subject.names(selected))}`] : []),
  ].join(' in ')
  const subjectOf = doing === '' ? 'Adjusting for nothing' : doing[0]!.toUpperCase() + doing.slice(1)
  return {
    current: {
      variables: now,
      sufficient: faults.length === 0,
      faults,
      sentence:
        faults.length === 0
          ? doing === ''
            ? 'Nothing need be adjusted for: no biasing path is open.'
            : `${subjectOf} ${adjusted.length === 0 ? 'are' : 'is'} sufficient for ${effect}.`
          : `${subjectOf} ${adjusted.length === 0 && doing !== '' ? 'do' : 'does'} not give ${effect}. ${faults.map(({ text }) => text).join(' ')}`,
    },
    sets,
    setsWithoutAdjusted,
    sentence: adjustmentSentence(effect, now, sets, setsWithoutAdjusted, truncated),
    truncated,
  }
}

function adjustmentSentence(
  effect: string,
  now: readonly string[],
  sets: readonly string[][],
  setsWithoutAdjusted: readonly string[][] | null,
  truncated: boolean,
): string {
  const more = truncated ? ' There are more than are listed, and smaller ones may be among them.' : ''
  if (sets.length === 0) {
    if (!setsWithoutAdjusted?.length)
      return `No set of measured variables${now.length > 0 && setsWithoutAdjusted === null ? ' with what is selected' : ''} is sufficient for ${effect}.`
    if (setsWithoutAdjusted[0]!.length === 0)
      return `With ${inWords(now)} adjusted for, no set is sufficient for ${effect}; adjusting for nothing would be.`
    return `With ${inWords(now)} adjusted for, no set is sufficient for ${effect}; without, ${setsInWords(setsWithoutAdjusted)} would be.${more}`
  }
  if (sets[0]!.length === 0) return `Nothing need be adjusted for to have ${effect}.`
  return `Sufficient for ${effect}, with nothing to spare: ${setsInWords(sets)}.${more}`
}

function frontDoorAnswers(subject: Subject, adjustable: boolean): FrontDoorAnswers {
  const { question, limits, exposures, outcomes } = subject
  const given = subject.names(frontDoorGiven(question))
  if (!subject.isCausal)
    return {
      sets: [],
      given,
      openedBy: null,
      sentence: `${exposures} has no causal path to ${outcomes}, so there is nothing to carry an effect.`,
      truncated: false,
    }
  const found = minimalFrontDoorSets(question, limits.frontDoorSets)
  const sets = found.sets.map((set) => subject.names(set))
  const more = sets.length === 0 && !adjustable ? frontDoorCovariates(question) : null
  const openedBy = more && subject.names(more)
  const within = given.length > 0 ? ` given ${inWords(given)}` : ''
  return {
    sets,
    given,
    openedBy,
    sentence:
      sets.length > 0
        ? `The whole effect of ${exposures} on ${outcomes} can be had through the front door${within}: ${setsInWords(sets)}.${found.truncated ? ' There are more than are listed.' : ''}`
        : openedBy
          ? `No measured mediators satisfy the front-door criterion${within}; with ${inWords(openedBy)} adjusted for too, some would.`
          : `No measured mediators satisfy the front-door criterion${within}.`,
    truncated: found.truncated,
  }
}

function instrumentAnswers(subject: Subject): InstrumentAnswers {
  const { question, limits, exposures, outcomes } = subject
  if (question.exposures.length > 1 || question.outcomes.length > 1)
    return {
      instruments: [],
      sentence: 'Instruments are looked for where there is one exposure and one outcome.',
      truncated: false,
    }
  const found = findInstruments(question, limits.instruments)
  const instruments = found.instruments.map(({ node, given }) => {
    const [variable] = subject.names([node])
    const names = subject.names(given)
    return {
      variable: variable!,
      given: names,
      text: names.length > 0 ? `${variable} given ${inWords(names)}` : variable!,
    }
  })
  const shown = instruments.slice(0, 3).map(({ text }) => text)
  const rest = instruments.length > 3 ? ` and ${instruments.length - 3} more` : ''
  return {
    instruments,
    sentence:
      instruments.length === 0
        ? `No measured variable is an instrument for the effect of ${exposures} on ${outcomes}.`
        : `In a linear model, ${instruments.length > 3 ? shown.join('; ') + rest : shown.join('; ')} ${instruments.length > 1 ? 'are instruments' : 'is an instrument'} for the effect of ${exposures} on ${outcomes}.${found.truncated ? ' There are more than are listed.' : ''}`,
    truncated: found.truncated,
  }
}

/** Nodes that may be on an open biasing path: for where there are too many paths to follow each. */
function maybeBiasing({ question, conditioned }: Subject): NodeSet {
  const backdoor = backdoorGraph(question)
  const given = nodeSet(question.dag.nodes, conditioned)
  const fromExposures = connectedTo(backdoor, question.exposures, given)
  const fromOutcomes = connectedTo(backdoor, question.outcomes, given)
  const joined = fromExposures.map((member, node) => member & fromOutcomes[node]!)
  for (const node of conditioned)
    if (backdoor.parents[node]!.filter((parent) => joined[parent] === 1).length > 1) joined[node] = 1
  return joined
}

/** The order in which the class of a variable is decided. */
const classes: [VariableClass, (answer: Omit<VariableAnswer, 'class' | 'text'>, role: string) => boolean][] = [
  ['exposure', (_, role) => role === 'exposure'],
  ['outcome', (_, role) => role === 'outcome'],
  ['confounder', ({ confounder }) => confounder],
  ['mediator', ({ mediator }) => mediator],
  ['collider', ({ collider }) => collider],
  ['ancestorOfBoth', ({ ancestorOfExposure, ancestorOfOutcome }) => ancestorOfExposure && ancestorOfOutcome],
  ['ancestorOfExposure', ({ ancestorOfExposure }) => ancestorOfExposure],
  ['ancestorOfOutcome', ({ ancestorOfOutcome }) => ancestorOfOutcome],
  ['neutral', () => true],
]

const classWords: Record<VariableClass, (exposures: string, outcomes: string) => string> = {
  exposure: () => 'Exposure: its effect is asked for.',
  outcome: () => 'Outcome: the effect on it is asked for.',
  confounder: (exposures, outcomes) => `Confounder: causes ${exposures}, and ${outcomes} by another way.`,
  mediator: (exposures, outcomes) => `Mediator: carries an effect of ${exposures} to ${outcomes}.`,
  collider: () => 'Collider: two arrows of a path meet in it; adjusting for it opens that path.',
  ancestorOfBoth: (exposures, outcomes) => `Causes ${exposures}, and ${outcomes} only through it.`,
  ancestorOfExposure: (exposures) => `Causes ${exposures}.`,
  ancestorOfOutcome: (_, outcomes) => `Causes ${outcomes}.`,
  neutral: () => 'Neither causes nor joins exposure and outcome.',
}

/** What each variable and each edge is, for colours. `paths` is null where there is no exposure or no outcome. */
function colours(subject: Subject, paths: PathAnswers | null): { variables: VariableAnswer[]; edges: EdgeAnswer[] } {
  const { graph, question } = subject
  const { dag, exposures, outcomes } = question
  const isExposure = nodeSet(dag.nodes, exposures)
  const aboveExposures = ancestorsOf(dag, exposures)
  const aboveOutcomes = ancestorsOf(dag, outcomes)
  const aroundExposures = ancestorsOf(dag, outcomes, isExposure)
  const causal = causalNodes(question)
  const onCausal = nodeSet(dag.nodes)
  const biasing = (paths?.paths ?? []).filter((path) => !path.causal && path.open)
  const biasingVariables = new Set(biasing.flatMap((path) => path.variables))
  const biasingEdges = new Set<DomainEdge>(biasing.flatMap((path) => path.edges))
  const colliders = new Set((paths?.paths ?? []).flatMap(collidersOf))
  const nodeOf = new Map(graph.variables.map(({ name }, node) => [name, node]))
  const maybe = paths?.truncated ? maybeBiasing(subject) : null

  const edges = graph.edges.map((edge): EdgeAnswer => {
    const [from, to] = [nodeOf.get(edge.from)!, nodeOf.get(edge.to)!]
    const isCausal = edge.kind === '->' && causal[to] === 1 && (isExposure[from] === 1 || causal[from] === 1)
    if (isCausal) onCausal[from] = onCausal[to] = 1
    const firstStep = isCausal && isExposure[from] === 1
    const isBiasing = biasingEdges.has(edge) || (!firstStep && maybe !== null && maybe[from] === 1 && maybe[to] === 1)
    return { edge, class: isCausal ? (isBiasing ? 'both' : 'causal') : isBiasing ? 'biasing' : 'neutral' }
  })

  const variables = graph.variables.map(({ name, role }, node): VariableAnswer => {
    const isEnd = role === 'exposure' || role === 'outcome'
    const answer = {
      name,
      ancestorOfExposure: aboveExposures[node] === 1 && role !== 'exposure',
      ancestorOfOutcome: aboveOutcomes[node] === 1 && role !== 'outcome',
      confounder: !isEnd && aboveExposures[node] === 1 && aroundExposures[node] === 1,
      mediator: !isEnd && causal[node] === 1,
      collider: colliders.has(name),
      onCausalPath: onCausal[node] === 1,
      onBiasingPath: biasingVariables.has(name) || maybe?.[node] === 1,
    }
    const [kind] = classes.find(([, holds]) => holds(answer, role))!
    const below = descendantsOf(dag, [node])
    const reached = (ends: readonly number[]): string => {
      const hit = ends.filter((end) => below[end] === 1)
      return inWords(subject.names(hit.length > 0 ? hit : ends))
    }
    const words = classWords[kind](kind === 'mediator' ? subject.exposures : reached(exposures), reached(outcomes))
    return { ...answer, class: kind, text: role === 'hidden' ? `${words} Hidden: it cannot be adjusted for.` : words }
  })
  return { variables, edges }
}

function collidersOf({ variables, edges }: DomainPath): string[] {
  const headAt = (edge: DomainEdge, name: string): boolean => edge.kind === '<->' || edge.to === name
  return variables.filter(
    (name, at) => at > 0 && at < edges.length && headAt(edges[at - 1]!, name) && headAt(edges[at]!, name),
  )
}

function cycleProblem(cycle: readonly DomainEdge[]): DomainProblem {
  const variables = cycle.map(({ from }) => from)
  return {
    kind: 'cycle',
    level: 'error',
    text: `The edges ${[...variables, variables[0]!].join(' -> ')} make a cycle, and a causal graph has none.`,
    advice: 'Remove or reverse one of these edges. Where two variables only share a cause, draw <->.',
    variables,
    edges: [...cycle],
  }
}

/** What is missing for answers about an effect, and what makes them mean less. */
function problemsOf(subject: Subject): DomainProblem[] {
  const { graph, question } = subject
  const { exposures, outcomes, selected, dag } = question
  const missing = (kind: DomainProblem['kind'], text: string, advice: string): DomainProblem => ({
    kind,
    level: 'error',
    text,
    advice,
    variables: [],
    edges: [],
  })
  if (graph.variables.length === 0)
    return [missing('empty', 'The graph is empty.', 'Add variables, or begin with one of the examples.')]
  const problems: DomainProblem[] = []
  if (exposures.length === 0)
    problems.push(
      missing(
        'noExposure',
        'No exposure is chosen, so there is no effect to ask for.',
        'Make the variable whose effect you ask for the exposure.',
      ),
    )
  if (outcomes.length === 0)
    problems.push(
      missing(
        'noOutcome',
        'No outcome is chosen, so there is no effect to ask for.',
        'Make the variable on which you ask for the effect the outcome.',
      ),
    )
  if (problems.length > 0) return problems
  const forbidden = forbiddenNodes(question)
  const adjusted = subject.names(question.adjusted.filter((node) => forbidden[node] === 1))
  if (adjusted.length > 0)
    problems.push({
      kind: 'forbiddenAdjustment',
      level: 'warning',
      text: `${inWords(adjusted)} ${adjusted.length > 1 ? 'are effects' : 'is an effect'} of the exposure on or below a causal path; adjusting for ${adjusted.length > 1 ? 'them' : 'it'} spoils the total effect.`,
      advice: 'Make it observed instead of adjusted.',
      variables: adjusted,
      edges: [],
    })
  const effects = descendantsOf(dag, exposures)
  const selectedEffects = subject.names(selected.filter((node) => effects[node] === 1))
  if (selectedEffects.length > 0)
    problems.push({
      kind: 'selectedByEffect',
      level: 'warning',
      text: `The data hold only what was selected by ${inWords(selectedEffects)}, an effect of ${subject.exposures}: who is in the data depends on the exposure.`,
      advice: 'Bring data from before the selection, or a variable that explains it.',
      variables: selectedEffects,
      edges: [],
    })
  return problems
}

function summaryOf(answers: Omit<DomainAnswers, 'summary'>, subject: Subject): string[] {
  const { adjustment, frontDoor, instruments, advice } = answers
  if (!adjustment || !frontDoor || !instruments || !advice)
    return [
      ...answers.problems.map(({ text, advice: what }) => `${text} ${what}`),
      ...(answers.implications ? [answers.implications.sentence] : []),
    ]
  const { exposures, outcomes } = subject
  const fitting = advice.filter(({ fits }) => fits)
  const method =
    fitting.length > 0
      ? `${fitting[0]!.label} fits${fitting[0]!.available ? '' : ' (not yet in this Causeway)'}: ${fitting[0]!.reason}`
      : instruments.instruments.length > 0
        ? 'None of the methods answers for this structure; an instrument would.'
        : 'None of the methods answers for this structure: measure what is hidden, or find an instrument.'
  const identified = adjustment.sets.length > 0 || (adjustment.setsWithoutAdjusted?.length ?? 0) > 0
  return [
    ...(subject.isCausal ? [] : [`As drawn, ${exposures} has no effect on ${outcomes}: no causal path leads there.`]),
    adjustment.current.sentence,
    ...(adjustment.current.sufficient ? [] : [adjustment.sentence]),
    ...(!identified && frontDoor.sets.length > 0 ? [frontDoor.sentence] : []),
    ...(!identified && instruments.instruments.length > 0 ? [instruments.sentence] : []),
    ...answers.problems.map(({ text }) => text),
    method,
  ]
}

/**
 * Everything that a drawn graph says about the total effect of its exposures on its outcomes, in data and in words; pure, and the
 * same for the same graph. With a cycle nothing else is answered; without an exposure or an outcome, only the testable
 * implications. Enumerations end at `limits`, and then say so. Sections and their sources: see the functions of this folder.
 */
export function analyzeDomainGraph(graph: DomainGraph, { available, limits }: AnalysisOptions): DomainAnswers {
  const subject = new Subject(graph, { ...analysisLimits, ...limits })
  const { question, conditioned } = subject
  const common = {
    exposures: subject.names(question.exposures),
    outcomes: subject.names(question.outcomes),
    conditioned: subject.names(conditioned),
  }
  const unanswered = { paths: null, adjustment: null, frontDoor: null, instruments: null, advice: null }
  const nodes = cycleOf(question.dag)
  if (nodes !== null) {
    const names = subject.names(nodes)
    const cycle = names.map((from, at): DomainEdge => ({ from, to: names[(at + 1) % names.length]!, kind: '->' }))
    const problem = cycleProblem(cycle)
    return {
      ...common,
      ...unanswered,
      problems: [problem],
      cycle,
      implications: null,
      variables: graph.variables.map(({ name, role }) => ({
        name,
        class: role === 'exposure' || role === 'outcome' ? role : 'neutral',
        ancestorOfExposure: false,
        ancestorOfOutcome: false,
        confounder: false,
        mediator: false,
        collider: false,
        onCausalPath: false,
        onBiasingPath: false,
        text: names.includes(name) ? 'Part of a cycle.' : '',
      })),
      edges: graph.edges.map((edge) => ({ edge, class: 'neutral' })),
      summary: [`${problem.text} ${problem.advice}`],
      truncated: false,
    }
  }

  const problems = problemsOf(subject)
  const implications = graph.variables.length > 0 ? implicationAnswers(subject) : null
  if (problems.some(({ level }) => level === 'error')) {
    const answers = {
      ...common,
      ...unanswered,
      ...colours(subject, null),
      problems,
      cycle: null,
      implications,
      truncated: implications?.truncated ?? false,
    }
    return { ...answers, summary: summaryOf(answers, subject) }
  }

  const paths = pathAnswers(subject)
  const adjustment = adjustmentAnswers(subject)
  const adjustable = (adjustment.setsWithoutAdjusted ?? adjustment.sets).length > 0
  const frontDoor = frontDoorAnswers(subject, adjustable)
  const instruments = instrumentAnswers(subject)
  const advice = adviseMethods({
    graph,
    question,
    adjustmentSets: adjustment.setsWithoutAdjusted ?? adjustment.sets,
    frontDoorSets: frontDoor.sets,
    frontDoorGiven: frontDoor.given,
    frontDoorOpenedBy: frontDoor.openedBy,
    available,
  })
  const answers = {
    ...common,
    ...colours(subject, paths),
    problems,
    cycle: null,
    implications,
    paths,
    adjustment,
    frontDoor,
    instruments,
    advice,
    truncated: [implications, paths, adjustment, frontDoor, instruments].some((section) => section?.truncated),
  }
  return { ...answers, summary: summaryOf(answers, subject) }
}

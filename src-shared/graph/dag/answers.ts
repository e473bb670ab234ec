import type { DomainEdge } from '../../domain/domain-graph'

/** Something in the drawn graph that keeps an answer from being given, or makes it mean less. */
export interface DomainProblem {
  kind: 'empty' | 'cycle' | 'noExposure' | 'noOutcome' | 'forbiddenAdjustment' | 'selectedByEffect'
  /** What is the matter, in a sentence. */
  text: string
  /** What to do about it, in a sentence. */
  advice: string
  /** `error`: the answers it concerns are not given. */
  level: 'error' | 'warning'
  variables: string[]
  edges: DomainEdge[]
}

/** A simple path between an exposure and an outcome; a hidden common cause drawn as `<->` is one step of it. */
export interface DomainPath {
  /** In the order of the path: from an exposure to an outcome. */
  variables: string[]
  /** The edges as drawn, in the order of the path. */
  edges: DomainEdge[]
  /** `a <- b -> c`. */
  text: string
  /** Causal: every edge points away from the exposure. Any other path is biasing (where it is open). */
  causal: boolean
  /** Open given the adjusted and selected variables. */
  open: boolean
  /** Where it is blocked: conditioned variables that are no collider on it, and colliders that nothing conditions on. */
  blockedBy: string[]
  /** Colliders on it that are conditioned on, or whose descendants are. */
  openedBy: string[]
}

export interface PathAnswers {
  /** Shortest first. */
  paths: DomainPath[]
  sentence: string
  truncated: boolean
}

/** `a` and `b` are independent given `given` in every distribution that the graph allows. */
export interface TestableImplication {
  a: string
  b: string
  given: string[]
  /** `a ⊥ b | c, d`. */
  text: string
}

export interface ImplicationAnswers {
  implications: TestableImplication[]
  sentence: string
  truncated: boolean
}

/** What is wrong with adjusting for the variables that are adjusted now. */
export interface AdjustmentFault {
  kind: 'forbidden' | 'openPath'
  text: string
  variables: string[]
  /** The open biasing path; null where the fault is a forbidden variable. */
  path: DomainPath | null
}

export interface AdjustmentAnswers {
  /** The adjusted and selected variables now. */
  current: { variables: string[]; sufficient: boolean; faults: AdjustmentFault[]; sentence: string }
  /** All minimal sufficient sets that hold the adjusted and selected variables; smallest first. `[[]]`: nothing need be adjusted for. */
  sets: string[][]
  /** The same without holding the adjusted ones; null where nothing is adjusted. */
  setsWithoutAdjusted: string[][] | null
  sentence: string
  truncated: boolean
}

export interface FrontDoorAnswers {
  /** Minimal sets of observed mediators that satisfy the front-door criterion; smallest first. */
  sets: string[][]
  /** Within whose values they do: adjusted variables before the exposure, and selected ones. */
  given: string[]
  /** Where there is no set, nor one to adjust for: variables that would open the front door if they were adjusted for too. */
  openedBy: string[] | null
  sentence: string
  truncated: boolean
}

export interface Instrument {
  variable: string
  /** What is to be conditioned on with it; empty: nothing. */
  given: string[]
  text: string
}

export interface InstrumentAnswers {
  instruments: Instrument[]
  sentence: string
  truncated: boolean
}

/** How well a method of recommendation fits the drawn structure. */
export interface MethodAdvice {
  /** Id of the method in the registry, such as `csc`. */
  method: string
  label: string
  /** Whether it answers for the drawn structure; where not, `reason` says what is against it. */
  fits: boolean
  /** Whether this Causeway has the method. */
  available: boolean
  /** Why it fits or does not, naming the variables of the graph. */
  reason: string
  /** The variables in the parts that the method gives them, e.g. `{ part: 'mediator', variables: ['click'] }`. */
  matched: { part: string; variables: string[] }[]
  /** What the method takes for granted and the drawing cannot tell. */
  caveat: string
}

export type VariableClass =
  | 'exposure'
  | 'outcome'
  | 'confounder'
  | 'mediator'
  | 'collider'
  | 'ancestorOfBoth'
  | 'ancestorOfExposure'
  | 'ancestorOfOutcome'
  | 'neutral'

/** What a variable is with respect to the exposures and outcomes, for its colour and its tooltip. */
export interface VariableAnswer {
  name: string
  /** The most telling of what it is: the first that holds, in the order of `VariableClass`. */
  class: VariableClass
  ancestorOfExposure: boolean
  ancestorOfOutcome: boolean
  /** A cause of an exposure that also causes an outcome on a way around the exposures. */
  confounder: boolean
  /** On a causal path, strictly between. */
  mediator: boolean
  /** A collider on one of the paths between an exposure and an outcome. */
  collider: boolean
  onCausalPath: boolean
  /** On an open biasing path. Where the search for paths was cut off, also on what may be part of one. */
  onBiasingPath: boolean
  /** In words, such as `Confounder (hidden): causes price and like.` */
  text: string
}

export interface EdgeAnswer {
  edge: DomainEdge
  /** `both`: on a causal path and on an open biasing path. */
  class: 'causal' | 'biasing' | 'both' | 'neutral'
}

/** Everything that the drawn graph says. Sections are null where a problem keeps them from being answered. */
export interface DomainAnswers {
  problems: DomainProblem[]
  /** The edges of one directed cycle in its order; null where there is none. With a cycle nothing else is answered. */
  cycle: DomainEdge[] | null
  exposures: string[]
  outcomes: string[]
  /** Adjusted and selected variables. */
  conditioned: string[]
  variables: VariableAnswer[]
  edges: EdgeAnswer[]
  implications: ImplicationAnswers | null
  paths: PathAnswers | null
  adjustment: AdjustmentAnswers | null
  frontDoor: FrontDoorAnswers | null
  instruments: InstrumentAnswers | null
  advice: MethodAdvice[] | null
  /** The whole in a few sentences, most telling first. */
  summary: string[]
  /** Whether any section was cut off at its limit; its sentence says so. */
  truncated: boolean
}

/** Where enumerations stop. */
export interface AnalysisLimits {
  paths: number
  /** Steps of the search for paths. */
  pathSteps: number
  implications: number
  adjustmentSets: number
  frontDoorSets: number
  instruments: number
}

export interface AnalysisOptions {
  /** Ids of the methods that this Causeway has. */
  available: readonly string[]
  limits?: Partial<AnalysisLimits>
}

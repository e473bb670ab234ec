import type { ExposureCheck, ExposureOutcome } from '../../src-shared/domain/exposure'
import type { CausalGraph } from '../../src-shared/domain/graph'
import type { MethodInfo } from '../../src-shared/domain/method'
import type { Csr, Split } from '../../src-shared/domain/split'
import type { ParamValues } from '../../src-shared/params/params'
import type { AttributeTables } from '../jobs/trainer-contract'
import type { Pairs } from '../tensor/pairs'
import type { Rng } from '../tensor/rng'
import type { Preference } from './blocks/pairs/observed-pairs'
import type { ScoringGraph } from './scoring-graph'

export type { ExposureCheck }

/** Plain arrays by name with their shape: how weights, optimiser state and checkpoints leave a method. */
export interface NamedArray {
  shape: number[]
  data: Float32Array | Int32Array | Uint8Array
}
export type NamedArrays = Record<string, NamedArray>

/** Everything a training needs to go on exactly where it stopped. */
export interface Checkpoint {
  arrays: NamedArrays
  /** Plain JSON: epoch, position in the data order, generator states, early-stopping record. */
  state: Record<string, unknown>
}

/** Why a training has to stop now; read between two batches. */
export interface StopSignal {
  readonly requested: 'pause' | 'cancel' | null
}

export interface FitReporter {
  /** Within an epoch: how far, in words and as a share of the whole training; called often, throttled by the receiver. */
  progress(progress: { stage: string; fraction: number | null; etaSeconds: number | null }): void
  /** At the end of an epoch: the values of the method's series. */
  epoch(point: { epoch: number; seconds: number; values: Record<string, number> }): void
  /**
   * Lends a checkpoint, whose arrays are good until the promise resolves. It is safely on disk by then, unless one was written a moment ago
   * and nobody asked to stop.
   */
  checkpoint(checkpoint: Checkpoint): Promise<void>
  log(level: 'info' | 'warning' | 'error', text: string): void
  /** Once the exposure model is trained; only of methods with the capability `exposure-effects`. Left out where nobody listens. */
  exposureCheck?(check: ExposureCheck): void
}

/**
 * Required and forbidden edges of a graph over k nodes, [k × k] row-major, parents in rows: 1 required, -1 forbidden (by name or by
 * tier), 0 left to the training.
 */
export type EdgeKnowledge = Int8Array

export interface FitContext {
  split: Split
  params: ParamValues
  /** The one source of randomness. */
  rng: Rng
  signal: StopSignal
  report: FitReporter
  /** What is known of the graph, by node; null where nothing is. Only for methods with the capability `knowledge`. */
  knowledge: EdgeKnowledge | null
  /**
   * What users (rows of the split) and items (columns) are described by; null where nothing describes them. For a method with the capability
   * `user-features` the train part of the split has the users' as numbers.
   */
  attributes: AttributeTables | null
  /** Where to go on; null for a fresh training. */
  resume: Checkpoint | null
}

/** How a fit ended. A stopped one has handed over its checkpoint before it returns. */
export type FitOutcome =
  | { end: 'completed'; model: FittedModel; epochs: number; bestEpoch: number | null }
  | { end: 'paused' | 'cancelled'; epochs: number }

/** k × k factors on the causal edges, row-major, parents in rows; 1 leaves an edge as it is, 0 removes it (do-operation). */
export type EdgeMask = Float32Array

export interface ScoreOptions {
  /** Only for methods with the capability `mask`. */
  mask?: EdgeMask
}

/** What is changed in a model while it scores prepared users. */
export interface ModelIntervention {
  /** [k × k] for everyone, or [positions × k × k], one for each position asked for. */
  mask?: EdgeMask
  /** Confounders held at a value [d] for everyone. */
  holds?: ReadonlyMap<number, Float32Array>
  /** Confounders that add nothing to the representation: [k] for everyone or [positions × k], 1 where silenced. */
  silenced?: Uint8Array
}

/**
 * Users with everything computed that no intervention touches, so that a mask shows its effect at once.
 * Without an intervention, and with an all-ones mask, the scores are those of `FittedModel.score`, to the bit.
 */
export interface PreparedUsers {
  readonly users: number
  /** @param positions indices among the prepared users; may repeat
   *  @returns [positions × items] scores */
  score(positions: ArrayLike<number>, intervention?: ModelIntervention): Promise<Float32Array>
  /** The values of the confounders, [positions × k × d], under a mask. */
  confounders(positions: ArrayLike<number>, mask?: EdgeMask): Promise<Float32Array>
  dispose(): void
}

/** What a model predicts of pairs, one number each. */
export interface PairPredictions {
  preference: Preference
  /** For binary preferences P(R = 1), whatever scale the scores have; for continuous ones the rating. */
  values: Float32Array
  /** What an imputation network takes them for, on the same scale; null for a model without one. */
  imputed: Float32Array | null
}

/**
 * Pairs of a user and an item that the user came to by choice, with everything computed that the correlation of the exogenous variables of
 * choice and preference does not touch: setting it, an intervention on their distribution, answers at once. `rho` is between -1 and 1, both
 * excluded. At rho = 0 choice tells nothing, and the order of a user's items is that of `FittedModel.score`.
 */
export interface ChosenPairs {
  /** What is predicted: whether the item is liked, or its rating. */
  readonly preference: 'binary' | 'continuous'
  /** Log-odds that each item is liked, or for continuous preferences its expected rating. */
  expected(rho: number): Float32Array
  /** The mean log-probability of what was observed of each pair, as `PairModel.logLikelihood` gives it at the learned correlation. */
  logLikelihood(targets: Float32Array, rho: number): number
}

/**
 * What exposing users to items does to their ratings: Jacobians of the outcome network (Zhu et al., Eq. 8 and 9). The effect of exposing item
 * j on the rating of item i is the derivative of the prediction of i with respect to the exposure to j, the user's substitute confounder and
 * features held. `at` says where the network is linearised: null at no exposures, the average user, which is for everyone (ATE); one row
 * at that user (CATE).
 */
export interface ExposureEffects {
  readonly outcome: ExposureOutcome
  readonly check: ExposureCheck
  /** Rows of the Jacobian, [items.length × all items]: what exposing each item does to the ratings of these. By vector-Jacobian products. */
  on(items: ArrayLike<number>, at: Csr | null): Promise<Float32Array>
  /** Columns of the Jacobian, [items.length × all items]: what exposing these does to the rating of each item. */
  of(items: ArrayLike<number>, at: Csr | null): Promise<Float32Array>
  /**
   * Predictions [rows.rows × items] for users under exposures that are set, do(a): the substitute confounders are those of `rows`.
   * @param set the exposures of each row; those of `rows` where it is left out
   */
  predict(rows: Csr, set?: Csr): Promise<Float32Array>
}

/** A trained model in memory. */
export interface FittedModel {
  /**
   * Scores of all items for a block of users.
   * @param rows the users' known interactions, one row a user, with what is known beside them
   * @returns [rows.rows × rows.cols] scores, row-major, higher is better; a block at a time, never users × items
   */
  score(rows: Csr, options?: ScoreOptions): Promise<Float32Array>
  /**
   * The best items, found where the model computes, so that not all scores need be computed or copied out: [rows.rows × k], best first, -1
   * where there are fewer candidates. The order is that of the quantity that `score` is a rising function of, equal values in the order of the
   * items: it is that of the scores but where the rounding of the scores makes equal what is not. A gradient method ranks by its logits,
   * on every backend.
   * @param known the items of each row that are no candidates
   */
  rank?(rows: Csr, known: Csr, k: number): Promise<Int32Array>
  /** The learned global graph; only with the capability `graph`. `rows` are the training users, for mean strengths. */
  graph?(rows: Csr): Promise<CausalGraph>
  /** Edge strengths of each user of the block, [rows × k × k]; only with the capability `local-graph`. */
  localGraph?(rows: Csr): Promise<Float32Array>
  /** Pairs as if users had come to the items by their own choice; only with the capability `correlation`. */
  chosen?(pairs: Pairs): Promise<ChosenPairs>
  /** The correlation that was learned; only with the capability `correlation`. */
  correlation?(): number
  /** The probability with which each pair is observed, as the model has it; for methods with a propensity model of all pairs. */
  propensities?(pairs: Pairs): Promise<Float32Array>
  /** What is predicted of pairs; only of methods that are trained on rated pairs. */
  predictions?(pairs: Pairs): Promise<PairPredictions>
  /** What exposures do to ratings; only with the capability `exposure-effects`. */
  exposureEffects?(): ExposureEffects
  /** Prepares users for interventions; only with the capability `intervene`. */
  prepare?(rows: Csr): Promise<PreparedUsers>
  /**
   * The scoring function as a graph of operations that other programs can run: from rows of interactions, and a mask where the model
   * has edges, to the scores that `score` gives. Only with the capability `export`.
   */
  scoringGraph?(): Promise<ScoringGraph>
  /**
   * The weights, enough for `load` to give the same scores. Those that features of users are multiplied by have a row for each feature and are
   * called `features` or `….features.weight`.
   */
  save(): Promise<NamedArrays>
  dispose(): void
}

/** The heavy part of a method, loaded on use. */
export interface Method {
  fit(context: FitContext): Promise<FitOutcome>
  /** A fitted model from saved weights. */
  load(saved: NamedArrays, params: ParamValues, items: number, knowledge: EdgeKnowledge | null): FittedModel
}

/** What a method's folder exports as `descriptor`: cheap to import, `load` brings the rest. */
export interface MethodDescriptor {
  info: MethodInfo
  load(): Promise<Method>
}

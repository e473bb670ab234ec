import { numberParam } from '../training-params'
import { JoinedBatch } from './joined-batch'
import type { PairArchitecture } from './pair-method'
import { adamOf, backboneShape } from './pair-params'
import { pointLoss, sigmoid, softplus } from './point-loss'
import { densityLogit } from './propensity'

/** What tells the methods apart that learn ratings and propensities as tasks of one network. */
export interface MultiTask {
  /** The mean error of ratings is estimated doubly robustly, with the imputation as a third task; else by inverse propensities. */
  isDoublyRobust: boolean
  /** A further task: whether a pair is observed and positive, over all pairs, with the product of both probabilities. */
  hasJointTask: boolean
}

/** What the tasks count beside the loss of the ratings; 0 for a task that there is not. */
export interface TaskWeights {
  propensity: number
  joint: number
  imputation: number
}

/** Losses of the tasks, before they are weighted; 0 for a task that there is not. */
export type TaskLosses = TaskWeights & { rating: number }

/** Outputs of the network: the logits of the rating and of being observed, and the imputation. */
const outputsOf = ({ isDoublyRobust }: MultiTask): number => (isDoublyRobust ? 3 : 2)

/**
 * What the network minimises, from a batch of observed pairs and one drawn from D, for binary ratings r, with q = σ(x), p = σ(s), ê(x, m)
 * the error for the imputed target σ(m), and w = (|O|/|D|) / max(p, floor):
 *
 * - rating: mean over the observed of w · e(x, r); doubly robust: mean over the drawn of ê plus mean over the observed of w · (e − ê);
 * - propensity: the cross-entropy of being observed, (1/|D|) Σ_D [log(1 + exp(s)) − o·s];
 * - joint: that of being observed and positive, (1/|D|) Σ_D [−log(1 − pq) − o·r·log(pq / (1 − pq))];
 * - imputation: mean over the observed of w · (e − ê)².
 *
 * Terms with o come from the batch, times |O|/|D|, and the others from the draw: the same in expectation as all from a draw, and far steadier
 * where few pairs are observed. In the loss of the ratings p and m are held, in that of the imputation p and x are.
 * @param logits [pairs, outputs], the observed pairs first: x, s and, where it is doubly robust, m
 * @param targets r of the observed pairs
 * @returns the losses, and the gradient of their weighted sum in the logits
 */
export function multiTaskLoss(
  task: MultiTask,
  logits: Float32Array,
  targets: Float32Array,
  { density, floor, weights }: { density: number; floor: number; weights: TaskWeights },
): { losses: TaskLosses; slopes: Float32Array } {
  const { error, slope, imputed, mismatch, mismatchSlope } = pointLoss('binary')
  const outputs = outputsOf(task)
  const size = targets.length
  const drawn = logits.length / outputs - size
  const losses: TaskLosses = { rating: 0, propensity: 0, joint: 0, imputation: 0 }
  const slopes = new Float32Array(logits.length)

  for (let b = 0; b < size; b++) {
    const at = b * outputs
    const x = logits[at]!
    const s = logits[at + 1]!
    const target = targets[b]!
    const weight = density / Math.max(sigmoid(s), floor) / size
    // The error, less what is imputed.
    let difference = error(x, target)
    let differenceSlope = slope(x, target)
    if (task.isDoublyRobust) {
      const m = logits[at + 2]!
      difference -= error(x, imputed(m))
      differenceSlope -= slope(x, imputed(m))
      losses.imputation += weight * mismatch(x, target, m)
      slopes[at + 2]! += weights.imputation * weight * mismatchSlope(x, target, m)
    }
    losses.rating += weight * difference
    slopes[at]! += weight * differenceSlope
    const share = density / size
    losses.propensity -= share * s
    slopes[at + 1]! -= weights.propensity * share
    if (task.hasJointTask && target === 1) {
      const not = notBoth(x, s)
      losses.joint += share * (softplus(-x) + softplus(-s) - not.error)
      slopes[at]! -= weights.joint * share * (sigmoid(-x) + not.ratingSlope)
      slopes[at + 1]! -= weights.joint * share * (sigmoid(-s) + not.propensitySlope)
    }
  }
  for (let at = size * outputs; at < logits.length; at += outputs) {
    const x = logits[at]!
    const s = logits[at + 1]!
    if (task.isDoublyRobust) {
      const target = imputed(logits[at + 2]!)
      losses.rating += error(x, target) / drawn
      slopes[at]! += slope(x, target) / drawn
    }
    losses.propensity += softplus(s) / drawn
    slopes[at + 1]! += (weights.propensity * sigmoid(s)) / drawn
    if (task.hasJointTask) {
      const not = notBoth(x, s)
      losses.joint += not.error / drawn
      slopes[at]! += (weights.joint * not.ratingSlope) / drawn
      slopes[at + 1]! += (weights.joint * not.propensitySlope) / drawn
    }
  }
  return { losses, slopes }
}

/** −log(1 − σ(s) σ(x)), and its slopes in x and s. */
function notBoth(x: number, s: number): { error: number; ratingSlope: number; propensitySlope: number } {
  const both = sigmoid(s) * sigmoid(x)
  // 1 − pq as a sum of what is positive: exact where both are nearly 1.
  const rest = sigmoid(-s) + sigmoid(s) * sigmoid(-x)
  return {
    error: -Math.log(rest),
    ratingSlope: (both * sigmoid(-x)) / rest,
    propensitySlope: (both * sigmoid(-s)) / rest,
  }
}

/** Learns ratings, propensities and what else there is as tasks of one network that shares the embeddings and the hidden layer. */
export const multiTaskArchitecture = (task: MultiTask): PairArchitecture => ({
  lossParts: [
    'loss',
    'rating',
    'propensity',
    ...(task.hasJointTask ? ['joint'] : []),
    ...(task.isDoublyRobust ? ['imputation'] : []),
  ],
  networks: (size, params) => ({
    prediction: {
      shape: { ...backboneShape(size, params, 'ncf'), outputs: outputsOf(task) },
      options: adamOf(params),
    },
  }),
  imputing: ({ networks }) => (task.isDoublyRobust ? { network: networks['prediction']!, output: 2 } : null),
  learner: ({ networks, observed, params }) => {
    const network = networks['prediction']!
    const outputs = outputsOf(task)
    const joined = new JoinedBatch(observed, numberParam(params, 'sampleRatio'))
    const { density } = observed
    const floor = numberParam(params, 'propensityFloor')
    const weights = {
      propensity: numberParam(params, 'propensityLossWeight'),
      joint: task.hasJointTask ? numberParam(params, 'jointLossWeight') : 0,
      imputation: task.isDoublyRobust ? numberParam(params, 'imputationLossWeight') : 0,
    }
    // An untrained network stands for the density: the way there would be most of a training.
    const offset = densityLogit(density)
    return {
      async step(batch, rng) {
        const logits = await network.forward(joined.join(batch, rng))
        for (let at = 1; at < logits.length; at += outputs) logits[at]! += offset
        const { losses, slopes } = multiTaskLoss(task, logits, batch.targets, { density, floor, weights })
        network.backward(slopes)
        network.update()
        const loss =
          losses.rating +
          weights.propensity * losses.propensity +
          weights.joint * losses.joint +
          weights.imputation * losses.imputation
        return [
          loss,
          losses.rating,
          losses.propensity,
          ...(task.hasJointTask ? [losses.joint] : []),
          ...(task.isDoublyRobust ? [losses.imputation] : []),
        ]
      },
    }
  },
})

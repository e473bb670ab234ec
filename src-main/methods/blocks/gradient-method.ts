import type { ParamValues } from '../../../src-shared/params/params'
import { gradientFit, type GradientModel } from '../../pipeline/fit/gradient-fit'
import { checkedArrays, createWeights, disposeWeights, readTensors, type Weights } from '../../tensor/named-arrays'
import { Rng } from '../../tensor/rng'
import type { FittedModel, Method, NamedArray } from '../method'
import { numberParam } from './training-params'

/** What a model adds to its weights: everything but saving and disposing. */
export type GradientModelParts = Omit<GradientModel, 'weights' | 'save' | 'dispose'>

/** A method that is trained by gradient steps, from the two things it has of its own. */
export interface GradientArchitecture<N extends string> {
  /** Fresh weights for so many items, all randomness from `rng`. */
  initialWeights(items: number, params: ParamValues, rng: Rng): Record<N, NamedArray>
  build(weights: Weights<N>, params: ParamValues, items: number): GradientModelParts
}

const assemble = <N extends string>(
  architecture: GradientArchitecture<N>,
  arrays: Record<N, NamedArray>,
  params: ParamValues,
  items: number,
): GradientModel => {
  const weights = createWeights(arrays)
  return {
    ...architecture.build(weights, params, items),
    weights,
    save: () => readTensors(weights),
    dispose: () => disposeWeights(weights),
  }
}

/** The `Method` of a gradient architecture: `fit` by `gradientFit`, `load` from saved weights. */
export const gradientMethod = <N extends string>(architecture: GradientArchitecture<N>): Method => ({
  async fit(context) {
    const { params, split } = context
    const items = split.train.cols
    const model = assemble(architecture, architecture.initialWeights(items, params, context.rng), params, items)
    let completed = false
    try {
      const outcome = await gradientFit(context, model, {
        epochs: numberParam(params, 'epochs'),
        batchSize: numberParam(params, 'batchSize'),
        learningRate: numberParam(params, 'learningRate'),
        weightDecay: numberParam(params, 'weightDecay'),
        patience: numberParam(params, 'patience'),
      })
      completed = outcome.end === 'completed'
      return outcome
    } finally {
      if (!completed) model.dispose()
    }
  },

  load(saved, params, items): FittedModel {
    // The shapes that the parameters ask for, to hold the saved ones against.
    const expected = architecture.initialWeights(items, params, Rng.seeded(0))
    return assemble(architecture, checkedArrays(saved, expected), params, items)
  },
})

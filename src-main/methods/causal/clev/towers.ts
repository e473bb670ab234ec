import type { ParamValues } from '../../../../src-shared/params/params'
import type { ParameterVector } from '../../../tensor/parameter-vector'
import type { PairNetwork, Pairs } from '../../../tensor/pairs'
import type { NetworkPlan, PairParts, VectorPlan } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape } from '../../blocks/pairs/pair-params'
import { numberParam } from '../../blocks/training-params'

/** g_r and g_o of some pairs. */
export interface Indices {
  preference: Float32Array
  observation: Float32Array
}

/** Whether g_o is a straight line of g_r, so that neither can be held while the other moves. */
export const isLine = (params: ParamValues): boolean => params['propensityNetwork'] === 'line'

/** Where g_o stands at the centre when a training begins: about 2 % are observed. */
const initialIntercept = -2

/** Intercept, slope and centre of a line. */
export const initialLine = [initialIntercept, 1, 0]

/**
 * The scores g_r (`prediction`) and g_o, which is a network (`propensity`) or a `line`, intercept + slope · (g_r − centre). The centre is not
 * trained: with it intercept and slope hardly depend on each other.
 */
export class Towers {
  private readonly prediction: PairNetwork
  private readonly propensity: PairNetwork | null
  private readonly line: ParameterVector | null
  /** g_r less the centre, of the last `forward`. */
  private centred: Float32Array = new Float32Array(0)

  constructor({ networks, vectors }: PairParts) {
    this.prediction = networks['prediction']!
    this.propensity = networks['propensity'] ?? null
    this.line = vectors['line'] ?? null
  }

  /** The plans of the networks that the parameters ask for. */
  static networks(
    size: { users: number; items: number },
    params: ParamValues,
  ): { prediction: NetworkPlan } & Record<string, NetworkPlan> {
    const options = adamOf(params)
    const prediction = { shape: backboneShape(size, params), options }
    if (isLine(params)) return { prediction }
    const shape = backboneShape(size, params, 'ncf')
    const hidden = params['propensityNetwork'] === 'ncf' ? shape.hidden : []
    return { prediction, propensity: { shape: { ...shape, hidden }, options } }
  }

  /** The vectors that the parameters ask for. */
  static vectors(params: ParamValues): Record<string, VectorPlan> {
    if (!isLine(params)) return {}
    return {
      line: { initial: initialLine, options: { learningRate: numberParam(params, 'learningRate'), weightDecay: 0 } },
    }
  }

  /** Sets the centre of the line, where there is one. */
  centre(at: number): void {
    if (this.line) this.line.values[2] = at
  }

  /** g_r and g_o of the pairs; `step` then goes through them. */
  async forward(pairs: Pairs): Promise<Indices> {
    const preference = await this.prediction.forward(pairs)
    if (this.propensity) return { preference, observation: await this.propensity.forward(pairs) }
    this.centred = this.centredOf(preference)
    return { preference, observation: this.onLine(this.centred) }
  }

  /** The same of any number of pairs, without `step`. */
  async score(pairs: Pairs): Promise<Indices> {
    const preference = await this.prediction.score(pairs)
    if (this.propensity) return { preference, observation: await this.propensity.score(pairs) }
    return { preference, observation: this.onLine(this.centredOf(preference)) }
  }

  /** One step down the derivatives of a loss in g_r and g_o of the last `forward`. */
  step({ preference, observation }: Indices): void {
    const { line, centred } = this
    if (!line) {
      this.stepPreference(preference)
      this.stepObservation(observation)
      return
    }
    const slope = line.values[1]!
    let [inIntercept, inSlope] = [0, 0]
    for (let at = 0; at < observation.length; at++) {
      inIntercept += observation[at]!
      inSlope += observation[at]! * centred[at]!
    }
    this.stepPreference(preference.map((own, at) => own + slope * observation[at]!))
    line.update([inIntercept, inSlope, 0])
  }

  /** A step of g_r alone, g_o held; not of a line. */
  stepPreference(slopes: Float32Array): void {
    this.prediction.backward(slopes)
    this.prediction.update()
  }

  /** A step of g_o alone, g_r held; not of a line. */
  stepObservation(slopes: Float32Array): void {
    this.propensity!.backward(slopes)
    this.propensity!.update()
  }

  private centredOf(preference: Float32Array): Float32Array {
    const centre = this.line!.values[2]!
    return preference.map((value) => value - centre)
  }

  private onLine(centred: Float32Array): Float32Array {
    const [intercept, slope] = this.line!.values
    return centred.map((value) => intercept! + slope! * value)
  }
}

import type { ParamValues } from '../../../../src-shared/params/params'
import type { PairNetwork, Pairs } from '../../../tensor/pairs'
import type { NetworkPlan } from '../../blocks/pairs/pair-method'
import { adamOf, backboneShape } from '../../blocks/pairs/pair-params'

/** g_r and g_o of some pairs. */
export interface Indices {
  preference: Float32Array
  observation: Float32Array
}

/** The networks of g_r (`prediction`) and g_o: one network with two outputs where they share embeddings, else two. */
export class Towers {
  private readonly prediction: PairNetwork
  private readonly propensity: PairNetwork | null

  constructor(networks: Readonly<Record<string, PairNetwork>>) {
    this.prediction = networks['prediction']!
    this.propensity = networks['propensity'] ?? null
  }

  /** The plans of the networks that the parameters ask for. */
  static plans(
    size: { users: number; items: number },
    params: ParamValues,
  ): { prediction: NetworkPlan } & Record<string, NetworkPlan> {
    const options = adamOf(params)
    const shape = backboneShape(size, params, 'ncf')
    if (params['embeddings'] === 'shared') return { prediction: { shape: { ...shape, outputs: 2 }, options } }
    const hidden = params['propensityNetwork'] === 'ncf' ? shape.hidden : []
    return { prediction: { shape, options }, propensity: { shape: { ...shape, hidden }, options } }
  }

  /** g_r and g_o of the pairs; `backward` then goes through them. */
  async forward(pairs: Pairs): Promise<Indices> {
    if (!this.propensity) return columns(await this.prediction.forward(pairs))
    return { preference: await this.prediction.forward(pairs), observation: await this.propensity.forward(pairs) }
  }

  /** The same of any number of pairs, without `backward`. */
  async score(pairs: Pairs): Promise<Indices> {
    if (!this.propensity) return columns(await this.prediction.score(pairs))
    return { preference: await this.prediction.score(pairs), observation: await this.propensity.score(pairs) }
  }

  /** One step down the derivatives of a loss in g_r and g_o of the last `forward`. */
  step({ preference, observation }: Indices): void {
    if (!this.propensity) {
      const both = new Float32Array(2 * preference.length)
      for (let at = 0; at < preference.length; at++) {
        both[2 * at] = preference[at]!
        both[2 * at + 1] = observation[at]!
      }
      this.prediction.backward(both)
      this.prediction.update()
      return
    }
    this.stepPreference(preference)
    this.stepObservation(observation)
  }

  /** A step of g_r alone, g_o held; only of two networks. */
  stepPreference(slopes: Float32Array): void {
    this.prediction.backward(slopes)
    this.prediction.update()
  }

  /** A step of g_o alone, g_r held; only of two networks. */
  stepObservation(slopes: Float32Array): void {
    this.propensity!.backward(slopes)
    this.propensity!.update()
  }
}

function columns(both: Float32Array): Indices {
  const preference = new Float32Array(both.length / 2)
  const observation = new Float32Array(both.length / 2)
  for (let at = 0; at < preference.length; at++) {
    preference[at] = both[2 * at]!
    observation[at] = both[2 * at + 1]!
  }
  return { preference, observation }
}

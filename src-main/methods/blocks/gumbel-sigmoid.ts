import type { Rng } from '../../tensor/rng'
import { tf, type Tensor } from '../../tensor/tf'

/**
 * Gumbel-Sigmoid (CSC, Eq. 4): a relaxed Bernoulli sample, sigmoid((logits + g₁ - g₂) / temperature) with two independent
 * Gumbel noises. As the temperature falls it goes to 0 or 1, and a value above one half has the probability sigmoid(logits).
 * @param rng the source of the noise in training; null at evaluation, where there is none
 */
export function gumbelSigmoid<T extends Tensor>(logits: T, temperature: number, rng: Rng | null): T {
  if (!rng) return tf.sigmoid(tf.div(logits, temperature)) as T
  const noise = rng.fillGumbel(new Float32Array(logits.size))
  const second = rng.fillGumbel(new Float32Array(logits.size))
  for (let i = 0; i < noise.length; i++) noise[i]! -= second[i]!
  return tf.sigmoid(tf.div(tf.add(logits, tf.tensor(noise, logits.shape)), temperature)) as T
}

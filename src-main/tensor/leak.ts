import { tf } from './tf'

/** Runs `work` and tells by how many tensors tfjs holds more (or fewer) afterwards than before. */
export async function countLeakedTensors(work: () => Promise<void> | void): Promise<number> {
  const before = tf.memory().numTensors
  await work()
  return tf.memory().numTensors - before
}

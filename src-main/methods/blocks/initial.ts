import type { Rng } from '../../tensor/rng'
import type { NamedArray } from '../method'

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

/** Normal values of the given standard deviation. */
export function normalArray(shape: number[], deviation: number, rng: Rng): NamedArray {
  const data = rng.fillNormal(new Float32Array(sizeOf(shape)))
  for (let i = 0; i < data.length; i++) data[i]! *= deviation
  return { shape, data }
}

/** Xavier normal (Glorot & Bengio 2010): variance 2 / (fan in + fan out), the fans being the last two dimensions unless given. */
export const xavierArray = (
  shape: number[],
  rng: Rng,
  fanIn = shape.at(-2) ?? 1,
  fanOut = shape.at(-1) ?? 1,
): NamedArray => normalArray(shape, Math.sqrt(2 / (fanIn + fanOut)), rng)

export const constantArray = (shape: number[], value: number): NamedArray => ({
  shape,
  data: new Float32Array(sizeOf(shape)).fill(value),
})

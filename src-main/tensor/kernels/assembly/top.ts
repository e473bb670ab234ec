// The best items of every row of scores, known items left out: partial selection, equal scores in the order of the items.
import { addressAt, intAt, run, setInt, threadNumber, TOP_ITEMS } from './pool'

const CHUNK: i32 = 4

/**
 * @param scores [rows, cols] float32
 * @param indptr [rows + 1] int32 and `indices` int32: what is no candidate of each row
 * @param items [rows, k] int32: item numbers, best first, -1 where there are fewer than k candidates
 * @param values [rows, k] float32: their scores
 * @param marks for each thread `cols` bytes (`marksStride` apart), all zero; zero again afterwards
 */
export function topItems(
  scores: usize,
  rows: i32,
  cols: i32,
  indptr: usize,
  indices: usize,
  k: i32,
  items: usize,
  values: usize,
  marks: usize,
  marksStride: i32,
): void {
  setInt(0, <i32>scores)
  setInt(1, rows)
  setInt(2, cols)
  setInt(3, <i32>indptr)
  setInt(4, <i32>indices)
  setInt(5, k)
  setInt(6, <i32>items)
  setInt(7, <i32>values)
  setInt(8, <i32>marks)
  setInt(9, marksStride)
  run(TOP_ITEMS, (rows + CHUNK - 1) / CHUNK)
}

export function topItemsChunk(chunk: i32): void {
  const cols = intAt(2)
  const k = intAt(5)
  const marks = addressAt(8) + <usize>threadNumber() * intAt(9)
  const indices = addressAt(4)
  const last = min<i32>(intAt(1), (chunk + 1) * CHUNK)
  for (let row = chunk * CHUNK; row < last; row++) {
    const indptr = addressAt(3) + ((<usize>row) << 2)
    const from = indices + ((<usize>load<i32>(indptr)) << 2)
    const to = indices + ((<usize>load<i32>(indptr, 4)) << 2)
    for (let at = from; at < to; at += 4) store<u8>(marks + load<i32>(at), 1)
    const own = (<usize>(row * k)) << 2
    const scores = addressAt(0) + ((<usize>row * cols) << 2)
    topOfRow(scores, cols, marks, k, addressAt(6) + own, addressAt(7) + own)
    for (let at = from; at < to; at += 4) store<u8>(marks + load<i32>(at), 0)
  }
}

function topOfRow(scores: usize, cols: i32, marks: usize, k: i32, items: usize, values: usize): void {
  let length: i32 = 0
  let item: i32 = 0
  const lastValue = values + ((<usize>(k - 1)) << 2)
  while (item < cols) {
    if (length == k) {
      // Most scores are below the k-th best: eight are passed over at a time.
      const least = f32x4.splat(load<f32>(lastValue))
      while (item + 8 <= cols) {
        const at = scores + ((<usize>item) << 2)
        const s0 = v128.load(at)
        const s1 = v128.load(at, 16)
        if (v128.any_true(v128.or(f32x4.gt(s0, least), f32x4.gt(s1, least)))) break
        item += 8
      }
      if (item >= cols) break
    }
    const stop = min<i32>(cols, item + 8)
    for (; item < stop; item++) {
      const score = load<f32>(scores + ((<usize>item) << 2))
      if (load<u8>(marks + item) || (length == k && !(score > load<f32>(lastValue)))) continue
      let at = length < k ? length++ : k - 1
      while (at > 0 && load<f32>(values + ((<usize>(at - 1)) << 2)) < score) {
        store<f32>(values + ((<usize>at) << 2), load<f32>(values + ((<usize>(at - 1)) << 2)))
        store<i32>(items + ((<usize>at) << 2), load<i32>(items + ((<usize>(at - 1)) << 2)))
        at--
      }
      store<f32>(values + ((<usize>at) << 2), score)
      store<i32>(items + ((<usize>at) << 2), item)
    }
  }
  for (; length < k; length++) store<i32>(items + ((<usize>length) << 2), -1)
}

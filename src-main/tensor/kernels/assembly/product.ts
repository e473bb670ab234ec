// Products of matrices, C = op(A) · op(B) + start, op being the matrix or its transpose.
//
// The plan is the usual one of fast products (Goto & van de Geijn 2008). The sum runs over blocks of at most BLOCK inner indices. For each, the
// rows of op(A) are packed into panels of 6 by all threads; then every chunk packs its columns of op(B) into panels of 16 and
// computes its part of C in tiles of 6 × 16, whose sums stay in registers. Packed panels are padded with zeros; a tile at an edge goes
// through a buffer. Every cell of C is one chain of additions over the inner index in order: its bits depend neither on the tiles
// nor on the threads.
import { madd } from './math'
import { addressAt, intAt, run, setInt, threadNumber, FEW_ROWS, PACK_ROWS, PRODUCT } from './pool'

/** Rows of a tile. */
const MR: i32 = 6
/** Columns of a tile. */
const NR: i32 = 16
/** Inner indices of a block. */
const BLOCK: i32 = 640
/** Columns of a chunk: their panels fit the second-level cache beside those of A. */
const COLUMNS: i32 = 48
/** Rows that are packed together at most. */
const ROWS: i32 = 2400
/** Panels a packing chunk packs. */
const PACKED: i32 = 8

/** Bytes of the buffer of each thread: panels of B, and a tile. */
const THREAD_BYTES: i32 = BLOCK * COLUMNS * 4 + MR * NR * 4

/** Bytes that `product` needs as its workspace. */
export function productWorkspace(m: i32, k: i32, threads: i32): i32 {
  const rows = min<i32>(ROWS, ((m + MR - 1) / MR) * MR)
  return rows * min<i32>(BLOCK, k) * 4 + threads * THREAD_BYTES
}

/**
 * C [m, n] = op(A) [m, k] · op(B) [k, n] + start [n] in every row. A, B and C are dense, row-major; C overlaps nothing.
 * @param start n float32, the bias or zeros
 * @param narrow compute tiles in two halves of 8 columns: for engines without vectors of 256 bits, where 6 × 16 sums do not fit the registers
 */
export function product(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  transposeA: i32,
  transposeB: i32,
  start: usize,
  workspace: usize,
  threads: i32,
  narrow: i32,
): void {
  if (n == 0) return
  if (m <= FEW && !transposeA && !transposeB) {
    setInt(0, <i32>a)
    setInt(3, m)
    setInt(4, k)
    setInt(6, <i32>b)
    setInt(9, n)
    setInt(10, <i32>c)
    setInt(11, <i32>start)
    run(FEW_ROWS, (n + FEW_COLUMNS - 1) / FEW_COLUMNS)
    return
  }
  const packed = workspace + <usize>threads * THREAD_BYTES
  for (let row = 0; row < m; row += ROWS) {
    const rows = min<i32>(ROWS, m - row)
    const blocks = max<i32>(1, (k + BLOCK - 1) / BLOCK)
    const even = max<i32>(1, (k + blocks - 1) / blocks)
    // Once even where there is nothing to sum: `start` is then all there is.
    for (let inner = 0; inner == 0 || inner < k; inner += even) {
      const depth = min<i32>(even, k - inner)
      setInt(0, <i32>(transposeA ? a + ((<usize>inner * m + row) << 2) : a + ((<usize>row * k + inner) << 2)))
      setInt(1, transposeA ? m : k)
      setInt(2, transposeA)
      setInt(3, rows)
      setInt(4, depth)
      setInt(5, <i32>packed)
      const panels = (rows + MR - 1) / MR
      run(PACK_ROWS, (panels + PACKED - 1) / PACKED)

      setInt(6, <i32>(transposeB ? b + ((<usize>inner) << 2) : b + ((<usize>inner * n) << 2)))
      setInt(7, transposeB ? k : n)
      setInt(8, transposeB)
      setInt(9, n)
      setInt(10, <i32>(c + ((<usize>row * n) << 2)))
      // The first block starts from one row for all, the later ones go on from C.
      setInt(11, <i32>(inner == 0 ? start : c + ((<usize>row * n) << 2)))
      setInt(12, inner == 0 ? 0 : n << 2)
      setInt(13, <i32>workspace)
      setInt(14, narrow)
      // Few columns: the rows are divided too, so that every thread has several chunks.
      const columnChunks = (n + COLUMNS - 1) / COLUMNS
      const parts = max<i32>(1, min<i32>(panels / 8, (8 * threads + columnChunks - 1) / columnChunks))
      const panelsEach = (panels + parts - 1) / parts
      setInt(15, panelsEach)
      setInt(16, columnChunks)
      run(PRODUCT, columnChunks * ((panels + panelsEach - 1) / panelsEach))
    }
  }
}

/** Rows up to which packing costs more than it brings. */
const FEW: i32 = 4
/** Columns of a chunk of few rows. */
const FEW_COLUMNS: i32 = 256

/** A part of a product of few rows: B [k, n] is read as it lies. Every cell is the same chain of additions as in tiles. */
export function fewRowsChunk(chunk: i32): void {
  const rows = intAt(3)
  const depth = intAt(4)
  const n = intAt(9)
  const stride = (<usize>n) << 2
  const first = chunk * FEW_COLUMNS
  const last = min<i32>(n, first + FEW_COLUMNS)
  for (let row = 0; row < rows; row++) {
    const a = addressAt(0) + ((<usize>row * depth) << 2)
    const c = addressAt(10) + <usize>row * stride
    let column = first
    for (; column + 64 <= last; column += 64) {
      const at = (<usize>column) << 2
      fewTile(depth, a, addressAt(6) + at, stride, addressAt(11) + at, c + at)
    }
    for (; column < last; column++) {
      const at = (<usize>column) << 2
      let sum = v128.load_splat<f32>(addressAt(11) + at)
      let b = addressAt(6) + at
      for (let inner = 0; inner < depth; inner++, b += stride)
        sum = madd(v128.load_splat<f32>(a + ((<usize>inner) << 2)), v128.load_splat<f32>(b), sum)
      store<f32>(c + at, f32x4.extract_lane(sum, 0))
    }
  }
}

/** 64 columns of one row. */
function fewTile(depth: i32, a: usize, b: usize, stride: usize, from: usize, to: usize): void {
  let s0 = v128.load(from, 0)
  let s1 = v128.load(from, 16)
  let s2 = v128.load(from, 32)
  let s3 = v128.load(from, 48)
  let s4 = v128.load(from, 64)
  let s5 = v128.load(from, 80)
  let s6 = v128.load(from, 96)
  let s7 = v128.load(from, 112)
  let s8 = v128.load(from, 128)
  let s9 = v128.load(from, 144)
  let s10 = v128.load(from, 160)
  let s11 = v128.load(from, 176)
  let s12 = v128.load(from, 192)
  let s13 = v128.load(from, 208)
  let s14 = v128.load(from, 224)
  let s15 = v128.load(from, 240)
  const end = a + ((<usize>depth) << 2)
  for (; a < end; a += 4) {
    const x = v128.load_splat<f32>(a)
    s0 = madd(x, v128.load(b, 0), s0)
    s1 = madd(x, v128.load(b, 16), s1)
    s2 = madd(x, v128.load(b, 32), s2)
    s3 = madd(x, v128.load(b, 48), s3)
    s4 = madd(x, v128.load(b, 64), s4)
    s5 = madd(x, v128.load(b, 80), s5)
    s6 = madd(x, v128.load(b, 96), s6)
    s7 = madd(x, v128.load(b, 112), s7)
    s8 = madd(x, v128.load(b, 128), s8)
    s9 = madd(x, v128.load(b, 144), s9)
    s10 = madd(x, v128.load(b, 160), s10)
    s11 = madd(x, v128.load(b, 176), s11)
    s12 = madd(x, v128.load(b, 192), s12)
    s13 = madd(x, v128.load(b, 208), s13)
    s14 = madd(x, v128.load(b, 224), s14)
    s15 = madd(x, v128.load(b, 240), s15)
    b += stride
  }
  v128.store(to, s0, 0)
  v128.store(to, s1, 16)
  v128.store(to, s2, 32)
  v128.store(to, s3, 48)
  v128.store(to, s4, 64)
  v128.store(to, s5, 80)
  v128.store(to, s6, 96)
  v128.store(to, s7, 112)
  v128.store(to, s8, 128)
  v128.store(to, s9, 144)
  v128.store(to, s10, 160)
  v128.store(to, s11, 176)
  v128.store(to, s12, 192)
  v128.store(to, s13, 208)
  v128.store(to, s14, 224)
  v128.store(to, s15, 240)
}

/** Packs panels of rows of op(A): for every inner index the 6 values of the panel. */
export function packRowsChunk(chunk: i32): void {
  const a = addressAt(0)
  const stride = (<usize>intAt(1)) << 2
  const rows = intAt(3)
  const depth = intAt(4)
  const packed = addressAt(5)
  const panels = (rows + MR - 1) / MR
  const last = min<i32>(panels, (chunk + 1) * PACKED)
  for (let panel = chunk * PACKED; panel < last; panel++) {
    const row = panel * MR
    const to = packed + ((<usize>row * depth) << 2)
    if (intAt(2)) packStored(a + ((<usize>row) << 2), stride, depth, min<i32>(MR, rows - row), to)
    else packTransposed(a + <usize>row * stride, stride, depth, min<i32>(MR, rows - row), to)
  }
}

/** A panel whose 6 values lie side by side for every inner index. */
function packStored(a: usize, stride: usize, depth: i32, rows: i32, to: usize): void {
  if (rows == MR) {
    for (let inner = 0; inner < depth; inner++) {
      v128.store(to, v128.load(a))
      store<u64>(to, load<u64>(a, 16), 16)
      a += stride
      to += 24
    }
    return
  }
  for (let inner = 0; inner < depth; inner++) {
    for (let row = 0; row < MR; row++)
      store<f32>(to + ((<usize>row) << 2), row < rows ? load<f32>(a + ((<usize>row) << 2)) : 0)
    a += stride
    to += 24
  }
}

/** A panel whose values for one row lie side by side: transposed in fours. */
function packTransposed(a: usize, stride: usize, depth: i32, rows: i32, to: usize): void {
  let inner: i32 = 0
  if (rows == MR)
    for (; inner + 4 <= depth; inner += 4) {
      const r0 = v128.load(a)
      const r1 = v128.load(a + stride)
      const r2 = v128.load(a + 2 * stride)
      const r3 = v128.load(a + 3 * stride)
      const r4 = v128.load(a + 4 * stride)
      const r5 = v128.load(a + 5 * stride)
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
      const low45 = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5)
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
      const high45 = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7)
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5))
      v128.store_lane<u64>(to, low45, 0, 16)
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 24)
      v128.store_lane<u64>(to, low45, 1, 40)
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 48)
      v128.store_lane<u64>(to, high45, 0, 64)
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 72)
      v128.store_lane<u64>(to, high45, 1, 88)
      a += 16
      to += 96
    }
  for (; inner < depth; inner++) {
    for (let row = 0; row < MR; row++)
      store<f32>(to + ((<usize>row) << 2), row < rows ? load<f32>(a + <usize>row * stride) : 0)
    a += 4
    to += 24
  }
}

/** Computes one part of C: some panels of rows times COLUMNS columns. */
export function productChunk(chunk: i32): void {
  const rows = intAt(3)
  const depth = intAt(4)
  const packed = addressAt(5)
  const n = intAt(9)
  const c = addressAt(10)
  const start = addressAt(11)
  const startStride = <usize>intAt(12)
  const stride = (<usize>n) << 2
  const own = addressAt(13) + <usize>threadNumber() * THREAD_BYTES
  const tile = own + BLOCK * COLUMNS * 4
  const columnChunks = intAt(16)
  const column = (chunk % columnChunks) * COLUMNS
  const columns = min<i32>(COLUMNS, n - column)
  const firstPanel = (chunk / columnChunks) * intAt(15)
  const lastPanel = min<i32>((rows + MR - 1) / MR, firstPanel + intAt(15))
  const narrow = intAt(14)

  packColumns(column, columns, depth, own)
  for (let at = 0; at < columns; at += NR) {
    const panel = own + ((<usize>at * depth) << 2)
    const width = min<i32>(NR, columns - at)
    for (let p = firstPanel; p < lastPanel; p++) {
      const row = p * MR
      const height = min<i32>(MR, rows - row)
      const left = packed + ((<usize>row * depth) << 2)
      const to = c + <usize>row * stride + ((<usize>(column + at)) << 2)
      const from = start + <usize>row * startStride + ((<usize>(column + at)) << 2)
      if (width == NR && height == MR) {
        if (narrow) {
          tile8(depth, left, panel, from, startStride, to, stride)
          tile8(depth, left, panel + 32, from + 32, startStride, to + 32, stride)
        } else tile16(depth, left, panel, from, startStride, to, stride)
      } else {
        copyTile(from, startStride, tile, NR << 2, height, width)
        if (narrow) {
          tile8(depth, left, panel, tile, NR << 2, tile, NR << 2)
          tile8(depth, left, panel + 32, tile + 32, NR << 2, tile + 32, NR << 2)
        } else tile16(depth, left, panel, tile, NR << 2, tile, NR << 2)
        copyTile(tile, NR << 2, to, stride, height, width)
      }
    }
  }
}

function copyTile(from: usize, fromStride: usize, to: usize, toStride: usize, height: i32, width: i32): void {
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      store<f32>(
        to + <usize>row * toStride + ((<usize>column) << 2),
        load<f32>(from + <usize>row * fromStride + ((<usize>column) << 2)),
      )
}

/** Packs columns of op(B) into panels: for every inner index the 16 values of the panel, zeros beyond the last column. */
function packColumns(column: i32, columns: i32, depth: i32, to: usize): void {
  const b = addressAt(6)
  const stride = (<usize>intAt(7)) << 2
  const transposed = intAt(8)
  for (let at = 0; at < columns; at += NR) {
    const width = min<i32>(NR, columns - at)
    const panel = to + ((<usize>at * depth) << 2)
    if (transposed) packColumnsTransposed(b + <usize>(column + at) * stride, stride, depth, width, panel)
    else packColumnsStored(b + ((<usize>(column + at)) << 2), stride, depth, width, panel)
  }
}

function packColumnsStored(b: usize, stride: usize, depth: i32, width: i32, to: usize): void {
  if (width == NR) {
    for (let inner = 0; inner < depth; inner++) {
      const x0 = v128.load(b)
      const x1 = v128.load(b, 16)
      const x2 = v128.load(b, 32)
      const x3 = v128.load(b, 48)
      v128.store(to, x0)
      v128.store(to, x1, 16)
      v128.store(to, x2, 32)
      v128.store(to, x3, 48)
      b += stride
      to += 64
    }
    return
  }
  for (let inner = 0; inner < depth; inner++) {
    for (let at = 0; at < NR; at++)
      store<f32>(to + ((<usize>at) << 2), at < width ? load<f32>(b + ((<usize>at) << 2)) : 0)
    b += stride
    to += 64
  }
}

function packColumnsTransposed(b: usize, stride: usize, depth: i32, width: i32, to: usize): void {
  let at: i32 = 0
  for (; at + 4 <= width; at += 4) {
    let from = b + <usize>at * stride
    let cell = to + ((<usize>at) << 2)
    let inner: i32 = 0
    for (; inner + 4 <= depth; inner += 4) {
      const r0 = v128.load(from)
      const r1 = v128.load(from + stride)
      const r2 = v128.load(from + 2 * stride)
      const r3 = v128.load(from + 3 * stride)
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
      const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
      const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
      v128.store(cell, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5))
      v128.store(cell, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 64)
      v128.store(cell, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 128)
      v128.store(cell, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 192)
      from += 16
      cell += 256
    }
    for (; inner < depth; inner++) {
      for (let i = 0; i < 4; i++) store<f32>(cell + ((<usize>i) << 2), load<f32>(from + <usize>i * stride))
      from += 4
      cell += 64
    }
  }
  for (; at < NR; at++) {
    const from = b + <usize>at * stride
    const cell = to + ((<usize>at) << 2)
    for (let inner = 0; inner < depth; inner++)
      store<f32>(cell + ((<usize>inner) << 6), at < width ? load<f32>(from + ((<usize>inner) << 2)) : 0)
  }
}

// Tiles: packed panels a [k][6] and b [k][16], sums start at `start` and go to `c`, strides in bytes. All sums are loaded before and
// stored after the loop, side by side: engines may then join neighbouring vectors into one of double width.

/** 6 × 16. */
function tile16(k: i32, a: usize, b: usize, start: usize, startStride: usize, c: usize, stride: usize): void {
  let from = start
  let c00 = v128.load(from, 0)
  let c01 = v128.load(from, 16)
  let c02 = v128.load(from, 32)
  let c03 = v128.load(from, 48)
  from += startStride
  let c10 = v128.load(from, 0)
  let c11 = v128.load(from, 16)
  let c12 = v128.load(from, 32)
  let c13 = v128.load(from, 48)
  from += startStride
  let c20 = v128.load(from, 0)
  let c21 = v128.load(from, 16)
  let c22 = v128.load(from, 32)
  let c23 = v128.load(from, 48)
  from += startStride
  let c30 = v128.load(from, 0)
  let c31 = v128.load(from, 16)
  let c32 = v128.load(from, 32)
  let c33 = v128.load(from, 48)
  from += startStride
  let c40 = v128.load(from, 0)
  let c41 = v128.load(from, 16)
  let c42 = v128.load(from, 32)
  let c43 = v128.load(from, 48)
  from += startStride
  let c50 = v128.load(from, 0)
  let c51 = v128.load(from, 16)
  let c52 = v128.load(from, 32)
  let c53 = v128.load(from, 48)
  const end = a + <usize>k * 24
  while (a < end) {
    const b0 = v128.load(b, 0)
    const b1 = v128.load(b, 16)
    const b2 = v128.load(b, 32)
    const b3 = v128.load(b, 48)
    const a0 = v128.load_splat<f32>(a, 0)
    c00 = madd(a0, b0, c00)
    c01 = madd(a0, b1, c01)
    c02 = madd(a0, b2, c02)
    c03 = madd(a0, b3, c03)
    const a1 = v128.load_splat<f32>(a, 4)
    c10 = madd(a1, b0, c10)
    c11 = madd(a1, b1, c11)
    c12 = madd(a1, b2, c12)
    c13 = madd(a1, b3, c13)
    const a2 = v128.load_splat<f32>(a, 8)
    c20 = madd(a2, b0, c20)
    c21 = madd(a2, b1, c21)
    c22 = madd(a2, b2, c22)
    c23 = madd(a2, b3, c23)
    const a3 = v128.load_splat<f32>(a, 12)
    c30 = madd(a3, b0, c30)
    c31 = madd(a3, b1, c31)
    c32 = madd(a3, b2, c32)
    c33 = madd(a3, b3, c33)
    const a4 = v128.load_splat<f32>(a, 16)
    c40 = madd(a4, b0, c40)
    c41 = madd(a4, b1, c41)
    c42 = madd(a4, b2, c42)
    c43 = madd(a4, b3, c43)
    const a5 = v128.load_splat<f32>(a, 20)
    c50 = madd(a5, b0, c50)
    c51 = madd(a5, b1, c51)
    c52 = madd(a5, b2, c52)
    c53 = madd(a5, b3, c53)
    a += 24
    b += 64
  }
  v128.store(c, c00, 0)
  v128.store(c, c01, 16)
  v128.store(c, c02, 32)
  v128.store(c, c03, 48)
  c += stride
  v128.store(c, c10, 0)
  v128.store(c, c11, 16)
  v128.store(c, c12, 32)
  v128.store(c, c13, 48)
  c += stride
  v128.store(c, c20, 0)
  v128.store(c, c21, 16)
  v128.store(c, c22, 32)
  v128.store(c, c23, 48)
  c += stride
  v128.store(c, c30, 0)
  v128.store(c, c31, 16)
  v128.store(c, c32, 32)
  v128.store(c, c33, 48)
  c += stride
  v128.store(c, c40, 0)
  v128.store(c, c41, 16)
  v128.store(c, c42, 32)
  v128.store(c, c43, 48)
  c += stride
  v128.store(c, c50, 0)
  v128.store(c, c51, 16)
  v128.store(c, c52, 32)
  v128.store(c, c53, 48)
}

/** 6 × 8: one half of a panel of 16. */
function tile8(k: i32, a: usize, b: usize, start: usize, startStride: usize, c: usize, stride: usize): void {
  let from = start
  let c00 = v128.load(from, 0)
  let c01 = v128.load(from, 16)
  from += startStride
  let c10 = v128.load(from, 0)
  let c11 = v128.load(from, 16)
  from += startStride
  let c20 = v128.load(from, 0)
  let c21 = v128.load(from, 16)
  from += startStride
  let c30 = v128.load(from, 0)
  let c31 = v128.load(from, 16)
  from += startStride
  let c40 = v128.load(from, 0)
  let c41 = v128.load(from, 16)
  from += startStride
  let c50 = v128.load(from, 0)
  let c51 = v128.load(from, 16)
  const end = a + <usize>k * 24
  while (a < end) {
    const b0 = v128.load(b, 0)
    const b1 = v128.load(b, 16)
    const a0 = v128.load_splat<f32>(a, 0)
    c00 = madd(a0, b0, c00)
    c01 = madd(a0, b1, c01)
    const a1 = v128.load_splat<f32>(a, 4)
    c10 = madd(a1, b0, c10)
    c11 = madd(a1, b1, c11)
    const a2 = v128.load_splat<f32>(a, 8)
    c20 = madd(a2, b0, c20)
    c21 = madd(a2, b1, c21)
    const a3 = v128.load_splat<f32>(a, 12)
    c30 = madd(a3, b0, c30)
    c31 = madd(a3, b1, c31)
    const a4 = v128.load_splat<f32>(a, 16)
    c40 = madd(a4, b0, c40)
    c41 = madd(a4, b1, c41)
    const a5 = v128.load_splat<f32>(a, 20)
    c50 = madd(a5, b0, c50)
    c51 = madd(a5, b1, c51)
    a += 24
    b += 64
  }
  v128.store(c, c00, 0)
  v128.store(c, c01, 16)
  c += stride
  v128.store(c, c10, 0)
  v128.store(c, c11, 16)
  c += stride
  v128.store(c, c20, 0)
  v128.store(c, c21, 16)
  c += stride
  v128.store(c, c30, 0)
  v128.store(c, c31, 16)
  c += stride
  v128.store(c, c40, 0)
  v128.store(c, c41, 16)
  c += stride
  v128.store(c, c50, 0)
  v128.store(c, c51, 16)
}

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import v8 from 'node:v8'
import type { PairExports } from './pair-kernels'

/** What the compiled kernels export: see `assembly/`. All addresses are byte offsets into the heap. */
export interface KernelExports extends PairExports {
  initialise(control: number, thread: number): void
  useThreads(threads: number): void
  productWorkspace(m: number, k: number, threads: number): number
  product(
    a: number,
    b: number,
    c: number,
    m: number,
    n: number,
    k: number,
    transposeA: number,
    transposeB: number,
    start: number,
    workspace: number,
    threads: number,
    narrow: number,
  ): void
  sumRows(table: number, width: number, indptr: number, indices: number, scale: number, out: number, rows: number): void
  columnSums(x: number, m: number, n: number, out: number): void
  likelihood(
    logits: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    weights: number,
    value: number,
    logSumExp: number,
  ): void
  likelihoodGradient(
    logits: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    weights: number,
    dy: number,
    logSumExp: number,
    out: number,
  ): void
  bernoulli(logits: number, rows: number, cols: number, indptr: number, indices: number, value: number): void
  bernoulliGradient(
    logits: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    dy: number,
    out: number,
  ): void
  squaredError(
    x: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    targets: number,
    value: number,
  ): void
  squaredErrorGradient(
    x: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    targets: number,
    dy: number,
    out: number,
  ): void
  exposedLikelihood(
    logits: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    weights: number,
    value: number,
  ): void
  exposedLikelihoodGradient(
    logits: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    weights: number,
    dy: number,
    out: number,
  ): void
  logSoftmax(x: number, rows: number, cols: number, out: number): void
  adam(
    weight: number,
    gradient: number,
    first: number,
    second: number,
    length: number,
    rate: number,
    floor: number,
    weightDecay: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
  ): void
  topItems(
    scores: number,
    rows: number,
    cols: number,
    indptr: number,
    indices: number,
    k: number,
    items: number,
    values: number,
    marks: number,
    marksStride: number,
  ): void
  sampledMeans(w: number, rows: number, cols: number, step: number, out: number): void
  columnBounds(
    w: number,
    rows: number,
    cols: number,
    start: number,
    centre: number,
    mean: number,
    base: number,
    squares: number,
  ): void
  survivors(
    upper: number,
    radii: number,
    items: number,
    distances: number,
    thresholds: number,
    users: number,
    furthest: number,
    lowest: number,
    out: number,
  ): void
  gatherColumns(w: number, rows: number, cols: number, columns: number, count: number, out: number): void
  groupAdd(x: number, scale: number, shares: number, y: number, out: number, groups: number, k: number, w: number): void
  groupSum(x: number, shares: number, out: number, groups: number, k: number, w: number): void
  groupDot(x: number, y: number, out: number, groups: number, k: number, w: number): void
  /** @param f a place in `unaryNames` */
  unary(f: number, x: number, out: number, length: number): void
  /** @param f a place in `unaryNames` */
  unaryGradient(f: number, dy: number, y: number, out: number, length: number): void
  fillWords(state: number, out: number, length: number): void
  normals(words: number, pairs: number): void
}

/** The functions of single values, in the order of their numbers. */
export const unaryNames = ['Exp', 'Tanh', 'Sigmoid', 'Elu'] as const

/** How the kernels were compiled. */
export interface CompiledKernels {
  module: WebAssembly.Module
  build: 'relaxed' | 'plain'
  /** The engine was asked to join neighbouring vectors of 128 bits into ones of 256. */
  joined: boolean
}

/** The folder of the built kernels, found from the built entries and their chunks as from the sources; null where they are not built. */
export function kernelFolder(): string | null {
  let folder = import.meta.dirname
  for (;;) {
    for (const candidate of [join(folder, 'kernels'), join(folder, 'out', 'kernels')])
      if (existsSync(join(candidate, 'kernels-plain.wasm'))) return candidate
    const parent = dirname(folder)
    if (parent === folder) return null
    folder = parent
  }
}

const v8Major = Number(process.versions.v8?.split('.')[0] ?? 0)

/** V8 11, that of Node 20, knows relaxed SIMD behind a flag; later ones have it. Older ones get the plain build. */
function allowRelaxedSimd(): void {
  if (v8Major === 11) v8.setFlagsFromString('--experimental-wasm-relaxed-simd')
}

/**
 * V8 from 13 on can compile neighbouring operations of 128 bits to one of 256, which doubles the arithmetic of a core. The flag is
 * experimental there, so it is set only while our own module is compiled, and what comes out is checked before it is used.
 */
export const canJoinVectors = process.arch === 'x64' && v8Major >= 13

/** A custom section that says nothing but its name, `joined`. */
const joinedSection = Buffer.concat([Buffer.of(0, 7, 6), Buffer.from('joined')])

/**
 * Compiles the kernels ahead of use, by the optimising compiler.
 * @param joined ask the engine for vectors of 256 bits
 * @param wanted the build, where the engine knows what it is made of; `plain` otherwise
 */
export function compileKernels(
  folder: string,
  joined: boolean,
  wanted: CompiledKernels['build'] = 'relaxed',
): CompiledKernels {
  allowRelaxedSimd()
  // V8 keeps compiled modules by their bytes: without a difference the second of two would be the first again, whatever the flags say.
  const read = (build: CompiledKernels['build']): Buffer<ArrayBuffer> => {
    const bytes = readFileSync(join(folder, `kernels-${build}.wasm`))
    return joined ? Buffer.concat([bytes, joinedSection]) : bytes
  }
  const bytes = read(wanted)
  const build = WebAssembly.validate(bytes) ? wanted : 'plain'
  const eager = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-dynamic-tiering']
  const flags = joined ? [...eager, '--experimental-wasm-revectorize'] : eager
  const opposite = (flag: string): string => (flag.startsWith('--no-') ? `--${flag.slice(5)}` : `--no-${flag.slice(2)}`)
  for (const flag of flags) v8.setFlagsFromString(flag)
  try {
    return { module: new WebAssembly.Module(build === wanted ? bytes : read(build)), build, joined }
  } finally {
    for (const flag of flags) v8.setFlagsFromString(opposite(flag))
  }
}

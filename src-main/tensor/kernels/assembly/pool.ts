// One job at a time is shared by all threads. It lies in a control block in the shared heap:
//
//   0  open       chunks that nobody has taken yet, counted down; zero or less between two jobs
//   4  done       chunks finished
//   8  starts     jobs started so far; sleeping threads wait on it
//  12  sleepers   threads that sleep
//  16  kernel     what to run
//  20  threads    how many may work: threads from this number on wait until they are asked again
//  32  arguments  32 words, integers or the bits of float32
// 256  registers  64 bytes for each thread
//
// A thread takes a chunk by counting `open` down: what it gets is the chunk's number plus one, and nothing to do when it is not positive.
// Kernel and arguments are written while `open` is not positive, so that whoever gets a chunk also sees them. Which thread computes
// a chunk never changes what is computed: results do not depend on the number of threads.
import { adamChunk } from './adam'
import { columnBoundsChunk, gatherColumnsChunk, sampledMeansChunk, survivorsChunk } from './bounds'
import { columnSumsChunk } from './columns'
import { setConstants } from './constants'
import { groupAddChunk, groupDotChunk, groupSumChunk } from './groups'
import { fewRowsChunk, packRowsChunk, productChunk } from './product'
import {
  bernoulliChunk,
  bernoulliGradientChunk,
  exposedLikelihoodChunk,
  exposedLikelihoodGradientChunk,
  likelihoodChunk,
  likelihoodGradientChunk,
  logSoftmaxChunk,
  squaredErrorChunk,
  squaredErrorGradientChunk,
} from './likelihood'
import { normalsChunk } from './noise'
import { sumRowsChunk } from './rows'
import { topItemsChunk } from './top'
import { unaryChunk, unaryGradientChunk } from './unary'

let control: usize = 0
let thread: i32 = 0

const DONE: usize = 4
const STARTS: usize = 8
const SLEEPERS: usize = 12
const KERNEL: usize = 16
const THREADS: usize = 20
const ARGUMENTS: usize = 32
const REGISTERS: usize = 256

/** How often a thread looks for work before it goes to sleep: some tens of microseconds. */
const SPINS: i32 = 20000

/** Says where the control block is and which thread this instance is; thread 0 starts the jobs. Before anything else of an instance. */
export function initialise(controlBlock: usize, threadNumber: i32): void {
  control = controlBlock
  thread = threadNumber
  setConstants()
}

export function threadNumber(): i32 {
  return thread
}

/** 64 bytes of this thread: sums kept in vectors leave them side by side, which lets engines widen the loop that makes them. */
export function registers(): usize {
  return control + REGISTERS + ((<usize>thread) << 6)
}

export function setInt(at: i32, value: i32): void {
  store<i32>(control + ARGUMENTS + ((<usize>at) << 2), value)
}

export function setFloat(at: i32, value: f32): void {
  store<f32>(control + ARGUMENTS + ((<usize>at) << 2), value)
}

export function intAt(at: i32): i32 {
  return load<i32>(control + ARGUMENTS + ((<usize>at) << 2))
}

export function addressAt(at: i32): usize {
  return load<u32>(control + ARGUMENTS + ((<usize>at) << 2))
}

export function floatAt(at: i32): f32 {
  return load<f32>(control + ARGUMENTS + ((<usize>at) << 2))
}

export const PACK_ROWS: i32 = 0
export const PRODUCT: i32 = 1
export const SUM_ROWS: i32 = 2
export const LIKELIHOOD: i32 = 3
export const LIKELIHOOD_GRADIENT: i32 = 4
export const ADAM: i32 = 5
export const COLUMN_SUMS: i32 = 6
export const TOP_ITEMS: i32 = 7
export const LOG_SOFTMAX: i32 = 8
export const NORMALS: i32 = 9
export const UNARY: i32 = 10
export const GROUP_ADD: i32 = 11
export const GROUP_SUM: i32 = 12
export const GROUP_DOT: i32 = 13
export const FEW_ROWS: i32 = 14
export const UNARY_GRADIENT: i32 = 15
export const SAMPLED_MEANS: i32 = 16
export const COLUMN_BOUNDS: i32 = 17
export const SURVIVORS: i32 = 18
export const GATHER_COLUMNS: i32 = 19
export const BERNOULLI: i32 = 20
export const BERNOULLI_GRADIENT: i32 = 21
export const SQUARED_ERROR: i32 = 22
export const SQUARED_ERROR_GRADIENT: i32 = 23
export const EXPOSED_LIKELIHOOD: i32 = 24
export const EXPOSED_LIKELIHOOD_GRADIENT: i32 = 25

function runChunk(kernel: i32, chunk: i32): void {
  switch (kernel) {
    case PACK_ROWS:
      return packRowsChunk(chunk)
    case PRODUCT:
      return productChunk(chunk)
    case SUM_ROWS:
      return sumRowsChunk(chunk)
    case LIKELIHOOD:
      return likelihoodChunk(chunk)
    case LIKELIHOOD_GRADIENT:
      return likelihoodGradientChunk(chunk)
    case ADAM:
      return adamChunk(chunk)
    case COLUMN_SUMS:
      return columnSumsChunk(chunk)
    case TOP_ITEMS:
      return topItemsChunk(chunk)
    case LOG_SOFTMAX:
      return logSoftmaxChunk(chunk)
    case NORMALS:
      return normalsChunk(chunk)
    case UNARY:
      return unaryChunk(chunk)
    case GROUP_ADD:
      return groupAddChunk(chunk)
    case GROUP_SUM:
      return groupSumChunk(chunk)
    case GROUP_DOT:
      return groupDotChunk(chunk)
    case FEW_ROWS:
      return fewRowsChunk(chunk)
    case UNARY_GRADIENT:
      return unaryGradientChunk(chunk)
    case SAMPLED_MEANS:
      return sampledMeansChunk(chunk)
    case COLUMN_BOUNDS:
      return columnBoundsChunk(chunk)
    case SURVIVORS:
      return survivorsChunk(chunk)
    case GATHER_COLUMNS:
      return gatherColumnsChunk(chunk)
    case BERNOULLI:
      return bernoulliChunk(chunk)
    case BERNOULLI_GRADIENT:
      return bernoulliGradientChunk(chunk)
    case SQUARED_ERROR:
      return squaredErrorChunk(chunk)
    case SQUARED_ERROR_GRADIENT:
      return squaredErrorGradientChunk(chunk)
    case EXPOSED_LIKELIHOOD:
      return exposedLikelihoodChunk(chunk)
    case EXPOSED_LIKELIHOOD_GRADIENT:
      return exposedLikelihoodGradientChunk(chunk)
  }
}

/** Says how many threads may work from now on; between two jobs. */
export function useThreads(threads: i32): void {
  atomic.store<i32>(control + THREADS, threads)
}

function hasWork(): bool {
  return atomic.load<i32>(control) > 0 && thread < atomic.load<i32>(control + THREADS)
}

/** Takes chunks until none is left. */
function work(): void {
  while (hasWork()) {
    const taken = atomic.sub<i32>(control, 1)
    if (taken <= 0) return
    runChunk(load<i32>(control + KERNEL), taken - 1)
    atomic.add<i32>(control + DONE, 1)
  }
}

/** Runs a kernel over all its chunks on every thread; the arguments are set before. Returns when all are done. */
export function run(kernel: i32, chunks: i32): void {
  if (chunks <= 0) return
  store<i32>(control + KERNEL, kernel)
  atomic.store<i32>(control + DONE, 0)
  atomic.store<i32>(control, chunks)
  if (chunks > 1) {
    atomic.add<i32>(control + STARTS, 1)
    if (atomic.load<i32>(control + SLEEPERS) > 0) atomic.notify(control + STARTS, -1)
  }
  work()
  while (atomic.load<i32>(control + DONE) < chunks) {}
}

/** What a helping thread does for ever: works where there is work, spins a little, sleeps. */
export function serve(): void {
  for (;;) {
    let spins: i32 = 0
    while (!hasWork() && spins < SPINS) spins++
    if (spins < SPINS) {
      work()
      continue
    }
    const seen = atomic.load<i32>(control + STARTS)
    atomic.add<i32>(control + SLEEPERS, 1)
    if (!hasWork()) atomic.wait<i32>(control + STARTS, seen, -1)
    atomic.sub<i32>(control + SLEEPERS, 1)
  }
}

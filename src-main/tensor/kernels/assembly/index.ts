// What the kernels offer to `tensor/kernels`: see README.md there. All pointers are byte offsets into the heap that is imported.
export { initialise, serve, useThreads } from './pool'
export { product, productWorkspace } from './product'
export { sumRows } from './rows'
export { columnSums } from './columns'
export {
  bernoulli,
  bernoulliGradient,
  exposedLikelihood,
  exposedLikelihoodGradient,
  likelihood,
  likelihoodGradient,
  logSoftmax,
  squaredError,
  squaredErrorGradient,
} from './likelihood'
export { adam } from './adam'
export { topItems } from './top'
export { columnBounds, gatherColumns, sampledMeans, survivors } from './bounds'
export { groupAdd, groupSum, groupDot } from './groups'
export { unary, unaryGradient } from './unary'
export { fillWords, normals } from './noise'
export {
  pairsAdamRows,
  pairsClear,
  pairsColumn,
  pairsCrossEntropy,
  pairsDense,
  pairsDenseGradient,
  pairsDot,
  pairsDotGradient,
  pairsGather,
  pairsRectified,
  pairsScatter,
  pairsTranspose,
} from './pairs'

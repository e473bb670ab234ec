export type { Operation } from './operation'
export {
  copyMask,
  invert,
  isolate,
  loadMask,
  pasteMask,
  resetMask,
  setFactor,
  toggleEdges,
  zeroColumns,
  zeroRows,
} from './mask-operations'
export { hold, move, note, release, rename } from './node-operations'
export { forbidEdges, freeEdges, loadKnowledge, requireEdges, setTier } from './knowledge-operations'

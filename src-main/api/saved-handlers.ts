import type { Handlers } from '../../src-shared/contract/contract'
import type { Core } from './core'

/** Saved files that cannot be read: lists leave them out, this says which and why. */
export const savedHandlers = ({ saved, experimentStore }: Core): Pick<Handlers, 'saved:damaged'> => ({
  'saved:damaged': ({ run }) => [...saved.damaged(run), ...(run === null ? experimentStore.list().damaged : [])],
})

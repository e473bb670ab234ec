import type { Handlers } from '../../src-shared/contract/contract'
import { CausewayError } from '../../src-shared/contract/errors'
import type { FileHandle } from '../../src-shared/domain/dataset'

/** Opens the shell's file dialog. @throws CausewayError `notAvailable` in a shell without one */
export const filesHandlers = (pickFiles: (() => Promise<FileHandle[]>) | undefined): Pick<Handlers, 'files:pick'> => ({
  'files:pick': () => {
    if (pickFiles) return pickFiles()
    throw new CausewayError(
      'notAvailable',
      'This shell of Causeway has no file dialog: the browser uploads files itself.',
    )
  },
})

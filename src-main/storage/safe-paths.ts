import { existsSync, lstatSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { CausewayError } from '../../src-shared/contract/errors'

// Letters and digits of any script, then also space, dot, underscore and hyphen; never a separator, a drive or a leading dot.
const safeName = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} ._-]{0,62}[\p{L}\p{N}\p{M}_-])?$/u
const windowsDevice = /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i

/** Whether Windows would open a device instead of a file of this name, whatever its ending. */
export const isDeviceName = (name: string): boolean => windowsDevice.test(name)

/**
 * A name from outside (data set, run, split) that is to become one folder's name.
 * @throws CausewayError `pathRefused` for anything that could name another place: separators, `..`, absolute paths, devices
 */
export function assertSafeName(name: string, what: string): string {
  if (!safeName.test(name) || name.includes('..') || windowsDevice.test(name)) {
    throw new CausewayError(
      'pathRefused',
      `${JSON.stringify(name)} cannot be the name of a ${what}: use up to 64 letters, digits, spaces, ".", "_" and "-", starting with a letter or a digit; names of Windows devices such as "nul" or "com1" are taken.`,
      { name },
    )
  }
  return name
}

/** Whether `path` is `directory` or lies in it, both taken as spelled. */
export function isInside(directory: string, path: string): boolean {
  const way = relative(resolve(directory), resolve(path))
  return way === '' || (!isAbsolute(way) && way !== '..' && !way.startsWith('..' + sep))
}

/**
 * Checks that `path` lies in `directory` with every symbolic link on the way followed, whether or not its last parts exist yet.
 * @throws CausewayError `pathRefused` when it leads out
 */
export function assertInside(directory: string, path: string): string {
  let existing = resolve(path)
  // A dangling link counts as existing: creating the file would follow it.
  while (!existsSync(existing) && !isLink(existing) && dirname(existing) !== existing) existing = dirname(existing)
  const dangling = isLink(existing) && !existsSync(existing)
  if (!isInside(directory, path) || dangling || !isInside(realpathSync(directory), realpathSync(existing))) {
    throw new CausewayError('pathRefused', 'The path leads out of the workspace.', { path })
  }
  return path
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

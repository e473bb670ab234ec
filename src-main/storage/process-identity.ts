import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * Whether a process with this id runs on this machine (a process of another user counts). One that has ended and that its
 * parent has not asked about yet, a zombie, does not: in a container nobody may ever ask.
 */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const state = linuxStat(pid)?.[0]
  return state !== 'Z' && state !== 'X'
}

/**
 * The fields of /proc/PID/stat from the third, the state, on; null without such a process or where /proc is not shown.
 * The second, the command, may hold spaces and parentheses: they are counted from its last ")".
 */
function linuxStat(pid: number): string[] | null {
  if (process.platform !== 'linux') return null
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}

/**
 * When a process started, as an opaque mark: a process id alone may have been given to another process since.
 * null where the system does not tell.
 */
export function processStartMark(pid: number): string | null {
  if (process.platform === 'linux') {
    // Field 22 is the start time.
    const ticks = linuxStat(pid)?.[19]
    if (ticks === undefined) return null
    try {
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`
    } catch {
      // A /proc that is not shown in full: the mark is unknown.
      return null
    }
  }
  if (process.platform === 'darwin') {
    const shown = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
    return shown.status === 0 && shown.stdout.trim() !== '' ? shown.stdout.trim() : null
  }
  return null
}

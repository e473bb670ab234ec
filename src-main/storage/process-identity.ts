import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Whether a process with this id exists on this machine (a process of another user counts). */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When a process started, as an opaque mark: a process id alone may have been given to another process since.
 * null where the system does not tell.
 */
export function processStartMark(pid: number): string | null {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // The second field, the command, may hold spaces and parentheses: count from its last ")". Field 22 is the start time.
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
      return `${boot}/${ticks}`
    } catch {
      // No such process, or a /proc that is not shown here: the mark is unknown.
      return null
    }
  }
  if (process.platform === 'darwin') {
    const shown = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
    return shown.status === 0 && shown.stdout.trim() !== '' ? shown.stdout.trim() : null
  }
  return null
}

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFileAtomic } from './atomic'
import { lockFile, temporaryDirectory, workspaceFile } from './layout'
import { processStartMark } from './process-identity'
import { openWorkspace } from './workspace'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'causeway-workspace-'))
})
afterEach(() => {
  chmodSync(directory, 0o755)
  rmSync(directory, { recursive: true, force: true })
})

const writeLock = (holder: object): void => {
  openWorkspace(directory, 'write').close()
  writeFileSync(lockFile(directory), JSON.stringify(holder))
}

describe('a workspace', () => {
  it('is made in a new or an empty folder', () => {
    for (const path of [directory, join(directory, 'a', 'b')]) {
      if (path === directory) rmSync(path, { recursive: true })
      const workspace = openWorkspace(path, 'write')
      expect(JSON.parse(readFileSync(workspaceFile(path), 'utf8'))).toEqual({ type: 'causeway-workspace', version: 1 })
      workspace.close()
      rmSync(path, { recursive: true })
      mkdirSync(directory, { recursive: true })
    }
  })

  it('is not made by looking at it', () => {
    openWorkspace(join(directory, 'new'), 'read')
    expect(readdirSync(directory)).toEqual([])
  })

  it('is refused in a folder that holds other things, which stay as they were', () => {
    writeFileSync(join(directory, 'thesis.txt'), 'precious')
    for (const access of ['read', 'write'] as const) {
      expect(() => openWorkspace(directory, access)).toThrow(expect.objectContaining({ code: 'workspaceInvalid' }))
    }
    expect(readdirSync(directory)).toEqual(['thesis.txt'])
    expect(() => openWorkspace(join(directory, 'thesis.txt'), 'write')).toThrow(
      expect.objectContaining({ code: 'workspaceInvalid' }),
    )
  })

  it.each([
    ['damaged', '{ "type": '],
    ['of another program', '{ "type": "other", "version": 1 }'],
    ['newer', '{ "type": "causeway-workspace", "version": 2 }'],
  ])('is refused when its description is %s', (_, text) => {
    writeFileSync(workspaceFile(directory), text)
    expect(() => openWorkspace(directory, 'read')).toThrow(expect.objectContaining({ code: 'workspaceInvalid' }))
  })

  it('empties what a crash left in its temporary folder', () => {
    openWorkspace(directory, 'write').close()
    writeFileSync(join(temporaryDirectory(directory), 'half'), 'x')
    openWorkspace(directory, 'read')
    expect(readdirSync(temporaryDirectory(directory))).toEqual(['half'])
    openWorkspace(directory, 'write').close()
    expect(readdirSync(temporaryDirectory(directory))).toEqual([])
  })
})

describe('its lock', () => {
  it('keeps a second writer out and names the first, but lets readers in', () => {
    const first = openWorkspace(directory, 'write')
    expect(() => openWorkspace(directory, 'write')).toThrow(
      expect.objectContaining({ code: 'workspaceLocked', details: expect.objectContaining({ pid: process.pid }) }),
    )
    const reader = openWorkspace(directory, 'read')
    expect(reader.hasLiveOwner()).toBe(true)
    expect(() => reader.assertWritable()).toThrow(expect.objectContaining({ code: 'workspaceLocked' }))
    first.close()
    expect(reader.hasLiveOwner()).toBe(false)
    openWorkspace(directory, 'write').close()
    expect(existsSync(lockFile(directory))).toBe(false)
  })

  it('keeps out while another process lives, and is taken over when that one is gone', async () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    writeLock({ pid: other.pid, startMark: processStartMark(other.pid!), host: hostname() })
    expect(() => openWorkspace(directory, 'write')).toThrow(
      expect.objectContaining({ code: 'workspaceLocked', details: expect.objectContaining({ pid: other.pid }) }),
    )
    other.kill('SIGKILL')
    await once(other, 'exit')
    const workspace = openWorkspace(directory, 'write')
    expect(JSON.parse(readFileSync(lockFile(directory), 'utf8'))).toMatchObject({ pid: process.pid })
    workspace.close()
  })

  it.skipIf(processStartMark(process.pid) === null)(
    'is taken over when its process id belongs to another process now',
    () => {
      writeLock({ pid: process.pid, startMark: 'an earlier start', host: hostname() })
      openWorkspace(directory, 'write').close()
    },
  )

  it('of another machine is believed', () => {
    writeLock({ pid: 1, startMark: null, host: 'elsewhere' })
    expect(() => openWorkspace(directory, 'write')).toThrow(expect.objectContaining({ code: 'workspaceLocked' }))
  })

  it('that is empty, because its writer died, is taken over', () => {
    openWorkspace(directory, 'write').close()
    writeFileSync(lockFile(directory), '')
    openWorkspace(directory, 'write').close()
  })
})

/** Makes the folder a file system of its own, of 1 MiB; null where this user may not. */
function mountTmpfs(): { readOnly(): void; unmount(): void } | null {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', directory]).status !== 0) return null
  return {
    readOnly: () => void execFileSync('mount', ['-o', 'remount,ro', directory]),
    unmount: () => void execFileSync('umount', [directory]),
  }
}

describe('a disk', () => {
  it('that is read-only opens for reading and refuses to be written', ({ skip }) => {
    if (process.getuid?.() === 0) {
      // Permission bits do not stop root.
      const mounted = mountTmpfs()
      if (!mounted) return skip('needs the right to mount a file system')
      openWorkspace(directory, 'write').close()
      mounted.readOnly()
      try {
        checkReadOnly()
      } finally {
        mounted.unmount()
      }
    } else {
      openWorkspace(directory, 'write').close()
      chmodSync(directory, 0o555)
      checkReadOnly()
    }
  })

  function checkReadOnly(): void {
    const workspace = openWorkspace(directory, 'write')
    expect(workspace).toMatchObject({ readOnly: true, locked: false })
    expect(() => workspace.assertWritable()).toThrow(expect.objectContaining({ code: 'workspaceReadOnly' }))
    expect(() => openWorkspace(join(directory, 'new'), 'write')).toThrow(
      expect.objectContaining({ code: 'workspaceReadOnly' }),
    )
  }

  it('that is full says so, leaves no lock and keeps what was there', ({ skip }) => {
    const mounted = mountTmpfs()
    if (!mounted) return skip('needs the right to mount a file system')
    try {
      openWorkspace(directory, 'write').close()
      const before = readFileSync(workspaceFile(directory), 'utf8')
      expect(() => writeFileSync(join(directory, 'filler'), Buffer.alloc(2 ** 21))).toThrow(/ENOSPC/)
      const full = expect.objectContaining({ code: 'diskFull' })
      expect(() => openWorkspace(directory, 'write')).toThrow(full)
      expect(existsSync(lockFile(directory))).toBe(false)
      expect(() => writeFileAtomic(workspaceFile(directory), 'x'.repeat(5000))).toThrow(full)
      expect(readFileSync(workspaceFile(directory), 'utf8')).toBe(before)
      expect(readdirSync(directory).filter((name) => name.includes('.tmp') && name !== '.tmp')).toEqual([])
    } finally {
      mounted.unmount()
    }
  })
})

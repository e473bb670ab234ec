import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { processExists, processStartMark } from './process-identity'

it('tells a running process from one that has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await once(child, 'spawn')
  const pid = child.pid!
  expect(processExists(pid)).toBe(true)
  if (process.platform === 'linux') expect(processStartMark(pid)).toMatch(/^[\w-]+\/\d+$/)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(processExists(pid)).toBe(false)
})

it.runIf(process.platform === 'linux')('takes a zombie for the dead process it is', async () => {
  // The shell turns into a program that never asks about the child it inherits.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(String(line))
  // Not before: a shell that is still one would ask.
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim(), { timeout: 10_000 }).toBe('sleep')
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => processExists(pid), { timeout: 10_000 }).toBe(false)
  // It is still in the table of processes: signal 0 reaches it.
  expect(process.kill(pid, 0)).toBe(true)
  parent.kill('SIGKILL')
})

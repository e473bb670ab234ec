import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertInside, assertSafeName } from './safe-paths'

const refused = expect.objectContaining({ code: 'pathRefused' })

describe('a name from outside', () => {
  it.each(['ml-100k', 'Käufe 2026', '映画', 'a', 'csc-20261120-213305-4f2a', 'v1.2'])('%s is accepted', (name) => {
    expect(assertSafeName(name, 'run')).toBe(name)
  })

  it.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '/etc',
    'C:x',
    'a..b',
    '.hidden',
    'con',
    'NUL.txt',
    'a\0b',
    'a\n',
    'x'.repeat(65),
    'ends with dot.',
  ])('%j is refused', (name) => {
    expect(() => assertSafeName(name, 'run')).toThrow(refused)
  })
})

describe('a path', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'causeway-paths-'))
    mkdirSync(join(directory, 'workspace', 'runs'), { recursive: true })
    mkdirSync(join(directory, 'outside'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  const check = (...parts: string[]): string =>
    assertInside(join(directory, 'workspace'), join(directory, 'workspace', ...parts))

  it('in the workspace is accepted, also before it exists', () => {
    check('runs')
    check('runs', 'new', 'manifest.json')
  })

  it('that climbs out is refused', () => {
    expect(() => check('..', 'outside')).toThrow(refused)
    expect(() => check('runs', '..', '..', 'outside')).toThrow(refused)
  })

  it('through a symbolic link that leads out is refused', () => {
    symlinkSync(join(directory, 'outside'), join(directory, 'workspace', 'runs', 'link'))
    symlinkSync(join(directory, 'nowhere'), join(directory, 'workspace', 'runs', 'dangling'))
    expect(() => check('runs', 'link')).toThrow(refused)
    expect(() => check('runs', 'link', 'new')).toThrow(refused)
    expect(() => check('runs', 'dangling')).toThrow(refused)
  })
})

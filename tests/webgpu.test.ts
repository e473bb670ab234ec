import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { BackendProbe } from '../src-shared/domain/backend'
import { buildEntry } from './support/build-entry'

/** Software Vulkan drivers as distributions install them; Chromium brings one along. */
const driver = [
  process.env.VK_ICD_FILENAMES,
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
].find((file): file is string => file !== undefined && existsSync(file))

if (!driver) console.log('Skipped: no software Vulkan driver (Chromium’s SwiftShader or Mesa’s lavapipe) was found.')

test.skipIf(!driver)(
  'trains every kind of model on webgpu through a software driver, which is reported and not chosen',
  async () => {
    const built = await buildEntry('tests/fixtures/train-on-webgpu.ts')
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [built.file], {
        // Chromium’s folder also holds the Vulkan loader that its driver needs.
        env: { ...process.env, VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: dirname(driver!) },
        timeout: 100_000,
        maxBuffer: 1024 * 1024,
      })
      const { reports, chosen, results } = JSON.parse(stdout.trim().split('\n').at(-1)!) as BackendProbe & {
        results: Record<string, { losses: number[]; largestDifference: number; backend: string }>
      }
      const webgpu = reports.find(({ id }) => id === 'webgpu')!
      expect(webgpu).toMatchObject({ usable: true, accelerated: false })
      expect(webgpu.detail).toContain('Software renderer')
      expect(chosen).not.toBe('webgpu')
      expect(Object.keys(results)).toEqual(['csc', 'deep-deconf', 'multi-vae', 'concat-vae', 'ncf', 'mf', 'multi-ips'])
      for (const { losses, largestDifference, backend } of Object.values(results)) {
        expect(backend).toBe('webgpu')
        expect(losses).toHaveLength(2)
        expect(losses[1]!).toBeLessThan(losses[0]!)
        expect(largestDifference).toBeLessThan(1e-3)
      }
    } finally {
      built.remove()
    }
  },
  120_000,
)

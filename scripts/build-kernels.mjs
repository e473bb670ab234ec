// Compiles the kernels of src-main/tensor/kernels/assembly to WebAssembly, in two builds from one source: with relaxed SIMD (fused
// multiply-add) and without. Writes them to out/kernels, with the script of the threads that help. Part of `npm run build`.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src-main', 'tensor', 'kernels')
const target = join(root, 'out', 'kernels')

// The heap belongs to tfjs: the kernels import it, may not put data of their own into it, and are handed every address.
const options = [
  '-O3',
  '--runtime=stub',
  '--noAssert',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  // Vectors in signatures are internal: what is exported takes numbers.
  '--disableWarning=112',
]
const builds = { relaxed: 'simd,threads,relaxed-simd', plain: 'simd,threads' }

/** @throws Error with what the compiler said */
export async function buildKernels() {
  mkdirSync(target, { recursive: true })
  for (const [name, features] of Object.entries(builds)) {
    const file = join(target, `kernels-${name}.wasm`)
    const { error, stdout, stderr } = await asc.main([
      join(source, 'assembly', 'index.ts'),
      `--outFile=${file}`,
      `--enable=${features}`,
      ...options,
    ])
    if (error) throw new Error(`The kernels did not compile: ${error.message}\n${stdout}${stderr}`)
    if (sectionsOf(readFileSync(file)).includes(dataSection)) {
      rmSync(file)
      throw new Error('The kernels have data of their own, which would be written over what lies in the heap of tfjs.')
    }
  }
  copyFileSync(join(source, 'worker.mjs'), join(target, 'worker.mjs'))
}

const dataSection = 11

/** The ids of a module's sections. */
function sectionsOf(bytes) {
  const ids = []
  for (let at = 8; at < bytes.length;) {
    ids.push(bytes[at++])
    let size = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]
      size |= (byte & 127) << shift
      if (byte < 128) break
    }
    at += size
  }
  return ids
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await buildKernels()

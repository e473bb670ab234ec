import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'

// Absolute paths: a relative renderer input builds, but the development server's dependency scan fails on it.
const at = (path: string): string => resolve(import.meta.dirname, path)

export default defineConfig({
  main: {
    build: {
      // Zod comes with its messages in dozens of languages. Bundled without them, a process starts in half the time.
      externalizeDeps: { exclude: ['zod'] },
      lib: {
        entry: {
          index: at('src-main/index.ts'),
          web: at('src-main/web.ts'),
          cli: at('src-main/cli.ts'),
          trainer: at('src-main/trainer.ts'),
          'data-worker': at('src-main/data-worker.ts'),
        },
      },
    },
  },
  // A sandboxed window loads only one CommonJS file, so the preload bundles what it needs.
  preload: {
    build: {
      externalizeDeps: false,
      lib: { entry: at('src-main/preload.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    },
  },
  renderer: {
    root: at('src-renderer'),
    publicDir: at('resources/public'),
    plugins: [vue()],
    build: { rolldownOptions: { input: at('src-renderer/index.html') }, minify: true, chunkSizeWarningLimit: 3000 },
    server: {
      host: '127.0.0.1',
      proxy: {
        '/rpc': { target: `ws://127.0.0.1:${process.env.PORT ?? 4318}`, ws: true },
        '/upload': `http://127.0.0.1:${process.env.PORT ?? 4318}`,
      },
    },
  },
})

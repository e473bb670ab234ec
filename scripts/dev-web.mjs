import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

// electron-vite starts whatever ELECTRON_EXEC_PATH names: with Node there it develops the workbench without Electron.
const root = resolve(import.meta.dirname, '..')
const env = { ...process.env, ELECTRON_EXEC_PATH: process.execPath, PORT: process.env.PORT ?? '4318' }
const command = resolve(root, 'node_modules/electron-vite/bin/electron-vite.js')
spawn(process.execPath, [command, 'dev', '--watch', '--entry', 'out/main/web.js'], {
  cwd: root,
  env,
  stdio: 'inherit',
}).on('exit', (code) => process.exit(code ?? 1))

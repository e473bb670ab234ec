import { BrowserWindow, dialog, type OpenDialogOptions } from 'electron'
import type { FileHandle } from '../../../src-shared/domain/dataset'
import type { FileRegistry } from '../../api/file-registry'

const options: OpenDialogOptions = {
  title: 'Import interactions',
  buttonLabel: 'Preview',
  properties: ['openFile', 'multiSelections'],
  filters: [
    {
      name: 'Interaction tables',
      extensions: ['csv', 'tsv', 'txt', 'dat', 'data', 'parquet', 'inter', 'user', 'item'],
    },
    { name: 'All files', extensions: ['*'] },
  ],
}

/** Lets the user choose files and hands them out under opaque ids; none when the dialog was dismissed. */
export async function pickFiles(files: FileRegistry): Promise<FileHandle[]> {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0]
  const chosen = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options)
  return chosen.canceled ? [] : chosen.filePaths.map((path) => files.add(path))
}

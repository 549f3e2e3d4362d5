import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openRejectsWriter } from '../../../src/parquet/rejects.js';
import { withFileFault } from '../../faults/file-faults.js';
import { withFullDisk } from '../../files/full-disk.js';
import { listings, listingsType, type Ran } from '../../ingest/world.js';
import { withOpenFiles } from '../../commands/open-files.js';
import { command, type Provocations } from '../provoke.js';

/** Errors of the machine: of its file systems and its memory. */
export const machineProvocations: Provocations = {
  DISK_FULL: {
    input: 'a Parquet file on a disk without room',
    provoke: (folder) =>
      withFullDisk(folder, 1, async () => {
        const writer = openRejectsWriter(join(folder, 'rejects.parquet'));
        try {
          await writer.add('t', [{ row: 1, column: null, raw: 'x', reason: 'y' }]);
          await writer.finish();
        } finally {
          await writer.abort();
        }
      }),
  },
  FILE_SYSTEM_FAILED: {
    input: 'a file where the folder of the raw documents must be',
    provoke: (folder) => {
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'data', 'raw'), '');
      return loadListings(folder);
    },
  },
  OPEN_FILES_LIMIT: {
    input: 'a process that may open only 64 files',
    provoke: async () => withOpenFiles(64, '--version'),
  },
  PROGRAM_UNREADABLE: {
    input: 'a program of which a file is missing',
    provoke: (folder) => import(join(folder, 'missing.js')),
  },
  OUT_OF_MEMORY: {
    input: 'a system that has no memory left for any call',
    provoke: async (folder) => {
      const fault = { folder: join(folder, 'data'), at: 1, lasts: 'on', code: 'ENOMEM' } as const;
      return (await withFileFault(fault, () => loadListings(folder))).done;
    },
  },
};

function loadListings(folder: string): Promise<Ran> {
  writeFileSync(join(folder, 'listings.tsv'), listings(2));
  return command(folder, 'load', 'listings.tsv', '--type', listingsType);
}

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../src/errors/reports-error.js';
import { convertDocument } from '../../src/ingest/convert-document.js';
import type { Engine } from '../../src/parse/types.js';
import { keepFile } from '../../src/source/document/raw-store.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import '../../src/small-memory.cjs';

/*
 * A process that converts the files of a folder one after the other, and prints what became of
 * each. Its memory is measured from outside.
 */

const [, , folder = '', engine] = process.argv;
const lake = openFolderStore(join(folder, 'lake'));
const facts = { sellerId: 'A1', reportType: 'GET_TEST', marketplaceIds: [] };
const outcomes: Record<string, string> = {};
for (const name of readdirSync(folder).filter((file) => file.endsWith('.gz'))) {
  const raw = await keepFile(openFolderStore(join(folder, 'raw')), join(folder, name), facts);
  const converted = convertDocument(
    raw,
    { lake, engine: engine as Engine },
    { maxTextBytes: 1e9, schemas: new Map() },
  );
  outcomes[name.replace(/\.gz$/, '')] = await converted.then(
    ({ written }) => `${written.tables[0]?.rows ?? 0} rows, ${written.rejects} rejects`,
    errorCode,
  );
}
process.stdout.write(JSON.stringify(outcomes));

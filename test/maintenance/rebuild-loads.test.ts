import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { PipelineContext } from '../../src/ingest/context.js';
import { type CommitSummary, commitSources } from '../../src/maintenance/rebuild-loads.js';
import type { RebuildSource } from '../../src/maintenance/rebuild-reading.js';
import { rawPath } from '../../src/source/document/raw-store.js';
import type { RawDocument } from '../../src/source/types.js';
import { openFolderStore } from '../../src/store/folder-store.js';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { Load } from '../../src/warehouse/types.js';
import { fakeContext, onlyThese } from '../ingest/fake-context.js';

const diskFull = new ReportsError('DISK_FULL', { path: 'state/quota.json', found: 'ENOSPC' });
const apiDown = new ReportsError('API_UNREACHABLE', { operation: 'getReport' });

const known = ledgerEntry({
  key: 'A1/d1',
  status: 'loaded',
  sellerId: 'A1',
  documentId: 'd1',
  reportId: '71',
  reportType: 'GET_TEST',
  tables: [{ name: 'test', rows: 3 }],
});

describe('a document with damaged files, during a rebuild,', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rebuild-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Commits that one document, which Amazon does not return because of `error`. */
  async function rebuild(
    source: Pick<RebuildSource, 'raw' | 'damage'>,
    error: Error,
    commit: (loads: Load[]) => Promise<string[]> = async () => [],
  ): Promise<CommitSummary> {
    const context: PipelineContext = fakeContext({
      raw: openFolderStore(join(folder, 'raw')),
      lake: openFolderStore(join(folder, 'lake')),
      sellingPartner: () => ({
        getReport: async () => {
          throw error;
        },
      }),
    });
    const summary: CommitSummary = { fromLake: 0, fromRaw: 0, lost: [], failures: [] };
    const warehouse = onlyThese<PipelineContext['warehouse']>('warehouse', { commit });
    const groups = oneGroup([{ key: known.key, createdAt: '', known, ...source }]);
    const options = { maxDocumentBytes: 1e6, acceptLoss: true };
    await commitSources(groups, warehouse, summary, context, options);
    return summary;
  }

  const unreadable = {
    damage: new ReportsError('RAW_METADATA_UNREADABLE', { path: 'd1.json', found: 'empty' }),
  };
  /** Its bytes are gone between the listing and the reading. */
  const damaged = (): { raw: RawDocument } => {
    const metadata = { sellerId: 'A1', documentId: 'd1', reportType: 'GET_TEST', marketplaceIds: [] };
    const store = openFolderStore(join(folder, 'raw'));
    const path = rawPath(store.folder, metadata);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'x');
    return { raw: { metadata, path, bytes: 1, kept: { bytes: 9, sha256: '0'.repeat(64) } } };
  };

  for (const [what, source] of [
    ['its raw document', damaged],
    ['its metadata', () => unreadable],
  ] as const) {
    it(`ends the rebuild with the machine's error if the disk is full when ${what} is fetched again`, async () => {
      await assert.rejects(rebuild(source(), diskFull), diskFull);
      const system = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      await assert.rejects(rebuild(source(), system), { message: system.message });
    });

    it(`counts as lost if Amazon cannot be reached when ${what} is fetched again`, async () => {
      const { lost } = await rebuild(source(), apiDown);
      assert.deepEqual(lost, ['A1/d1']);
    });
  }

  it('is not committed without its rows if the disk is full during a commit', async () => {
    let commits = 0;
    const loads: Load[] = [];
    const fullOnce = async (committed: Load[]) => {
      commits += 1;
      if (commits <= 2) throw diskFull;
      loads.push(...committed);
      return [];
    };
    await assert.rejects(rebuild(damaged(), apiDown, fullOnce), diskFull);
    assert.deepEqual(loads, []);
  });
});

async function* oneGroup(sources: RebuildSource[]): AsyncGenerator<RebuildSource[]> {
  yield sources;
}

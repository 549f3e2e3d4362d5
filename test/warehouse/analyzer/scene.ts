import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnTypeText, readColumnType } from '../../../src/schema/column-type.js';
import { historiesOf } from '../../../src/config/histories.js';
import { defaultKeep, historyModes, type TableHistory } from '../../../src/schema/history.js';
import { packagedSchemasFolder, readSchemas } from '../../../src/schema/read.js';
import type { ColumnType, HistoryMode } from '../../../src/schema/types.js';
import { readViews } from '../../../src/schema/views.js';
import { BigQueryClient } from '../../../src/warehouse/bigquery/client.js';
import { openBigQueryWarehouse } from '../../../src/warehouse/bigquery/warehouse.js';
import type { LedgerEntry, Load, Warehouse } from '../../../src/warehouse/types.js';
import { type MadeReject, type MadeTable, makeLoad } from '../make-load.js';
import { Recorder } from './recorder.js';

/** A document of a commit: its ledger entry if it matters, its tables and its rejects. */
export interface Document extends Partial<LedgerEntry> {
  of: MadeTable | MadeTable[];
  rejected?: MadeReject[];
}

/** A column type in YAML for each column. */
export type Columns = Record<string, string>;

const folders = [packagedSchemasFolder()];

/** A BigQuery warehouse on a recorder. */
export class Scene {
  readonly schemas = readSchemas({ folders });
  readonly views = readViews({ folders }, this.schemas);
  private readonly folder = mkdtempSync(join(tmpdir(), 'scene-'));
  private documents = 0;
  private constructor(readonly recorder: Recorder) {}

  static async open(): Promise<Scene> {
    return new Scene(await Recorder.start());
  }

  close(): void {
    this.recorder.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get target() {
    return { project: 'p', dataset: 'd', location: 'EU', endpoint: this.recorder.endpoint };
  }

  /** A process of its own. */
  warehouse(): Warehouse {
    const { schemas, views } = this;
    const kept = (mode: HistoryMode): TableHistory => ({
      mode,
      keep: defaultKeep[mode],
      isPersonal: (column) => column === 'a_flag',
    });
    const histories = new Map([
      ...historiesOf({ tables: [] }, schemas),
      ...historyModes.map((mode) => [`kept_${mode}`, kept(mode)] as const),
    ]);
    return openBigQueryWarehouse({ ...this.target, schemas, views, histories });
  }

  client(): BigQueryClient {
    return new BigQueryClient(this.target);
  }

  /** Each document is new, and newer than the ones before, unless it says otherwise. */
  async load({ of, rejected, ...entry }: Document): Promise<Load> {
    this.documents += 1;
    const documentId = `document-${this.documents}`;
    const times = {
      reportCreatedAt: new Date(Date.UTC(2026, 5, 1) + this.documents * 60_000).toISOString(),
      dataStart: '2026-05-01T00:00:00.000Z',
      dataEnd: '2026-05-31T00:00:00.000Z',
    };
    const full = { documentId, reportId: documentId, marketplaceIds: ['M1'], ...times, ...entry };
    return makeLoad(this.folder, full, of, rejected);
  }

  async commit(...documents: Document[]): Promise<void> {
    const loads: Load[] = [];
    for (const each of documents) loads.push(await this.load(each));
    await this.warehouse().commit(loads);
  }

  /** The tables of a packaged report schema, with one row each. */
  tablesOf(reportType: string): MadeTable[] {
    return (this.schemas.get(reportType)?.tables ?? []).map(({ name, load, columns, partitionBy }) => ({
      ...filled(
        name,
        Object.fromEntries(columns.map(({ name: column, type }) => [column, columnTypeText(type)])),
      ),
      mode: load.mode,
      key: load.key,
      partitionBy,
    }));
  }
}

/** A table with columns of those types and one row. */
export function filled(name: string, columns: Columns, more: Partial<MadeTable> = {}): MadeTable {
  const types = Object.entries(columns).map(
    ([column, text]) => [column, readColumnType(text) as ColumnType] as const,
  );
  return {
    name,
    columns,
    rows: [Object.fromEntries(types.map(([column, type]) => [column, sampleOf(type)]))],
    parquetTypes: Object.fromEntries(
      types.flatMap(([column, { kind }]) => (kind === 'list' ? [[column, 'VARCHAR[]']] : [])),
    ),
    ...more,
  };
}

const values: Record<Exclude<ColumnType['kind'], 'list' | 'decimal'>, string> = {
  string: `it's a \\ "text"\nof two lines`,
  int64: '7',
  float64: '1.5',
  bool: 'true',
  date: '2026-05-06',
  timestamp: '2026-05-06 07:08:09+00',
  json: '{"a": [1, null]}',
};

function sampleOf(type: ColumnType): string {
  if (type.kind === 'list') return `[${JSON.stringify(sampleOf(type.item))}]`;
  if (type.kind === 'decimal') return type.precision > type.scale ? '1' : '0.1';
  return values[type.kind];
}

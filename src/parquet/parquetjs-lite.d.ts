/** The part of parquetjs-lite that this program uses; the package brings no types. */
declare module 'parquetjs-lite' {
  import type { Writable } from 'node:stream';

  export interface Field {
    type: 'UTF8' | 'INT64' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP_MICROS';
    optional?: boolean;
    compression?: 'GZIP' | 'SNAPPY' | 'UNCOMPRESSED';
    statistics?: boolean;
  }

  export class ParquetSchema {
    constructor(fields: Record<string, Field>);
  }

  export class ParquetWriter {
    static openStream(
      schema: ParquetSchema,
      stream: Writable,
      options: { rowGroupSize?: number; pageSize?: number; useDataPageV2?: boolean; pageIndex?: boolean },
    ): Promise<ParquetWriter>;
    appendRow(row: Record<string, unknown>): Promise<void>;
    setMetadata(key: string, value: string): void;
    close(): Promise<void>;
  }
}

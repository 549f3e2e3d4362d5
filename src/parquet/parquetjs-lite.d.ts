/** The part of parquetjs-lite that this program uses; the package has no types. */
declare module 'parquetjs-lite' {
  export interface Field {
    type: 'UTF8' | 'INT64' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMP_MICROS';
    optional?: boolean;
    compression?: 'GZIP' | 'SNAPPY' | 'UNCOMPRESSED';
    statistics?: boolean;
  }

  export class ParquetSchema {
    constructor(fields: Record<string, Field>);
  }

  /** The interface that it needs of a stream. */
  export interface Sink {
    write(bytes: Buffer, done: (error?: Error) => void): void;
    end(done: (error?: Error) => void): void;
  }

  export class ParquetWriter {
    static openStream(
      schema: ParquetSchema,
      stream: Sink,
      options: { rowGroupSize?: number; pageSize?: number; useDataPageV2?: boolean; pageIndex?: boolean },
    ): Promise<ParquetWriter>;
    appendRow(row: Record<string, unknown>): Promise<void>;
    setRowGroupSize(rows: number): void;
    setMetadata(key: string, value: string): void;
    close(): Promise<void>;
  }
}

declare module 'parquetjs-lite/lib/types.js' {
  import type { Field } from 'parquetjs-lite';

  const types: {
    PARQUET_LOGICAL_TYPES: Record<Field['type'], { toPrimitive(value: unknown): unknown }>;
  };
  export default types;
}

/**
 * What programs may use of sp-reports. The commands are made of the same functions.
 */
export { type ReadConfigOptions, readConfig } from '../config/read.js';
export type { Config } from '../config/spec.js';
export { type ErrorCode, ReportsError } from '../errors/reports-error.js';
export type { WorkSummary } from '../ingest/work-summary.js';
export { packagedSchemasFolder, readSchemas } from '../schema/read.js';
export type { ReportSchema, ReportSchemas } from '../schema/types.js';
export type { LedgerFilter, LedgerRow, QueryResult, TableInfo } from '../warehouse/types.js';
export { drain, type DrainOptions } from './drain.js';
export { openReader, type WarehouseReads } from './open-reader.js';
export { type ArrowTable, type ParsedFile, parseFile, type ParseFileOptions } from './parse-file.js';

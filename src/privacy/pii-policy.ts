import { createHmac } from 'node:crypto';
import { type PipelineSubject, pipelinesOf } from '../config/pipelines-of.js';
import type { Config } from '../config/spec.js';
import { type PiiPolicy, piiPolicies } from '../config/pipeline-spec.js';
import { describeError, type ErrorCode, ReportsError } from '../errors/reports-error.js';
import { mayHoldPersonalData } from '../schema/personal-data.js';
import type { ReportSchemas } from '../schema/types.js';
import type { LedgerEntry } from '../warehouse/types.js';
import { quarantineReason } from '../warehouse/ledger/ledger-entry.js';

/**
 * How the personal data of a document is treated: returns the replacement of a text, or null to
 * drop it.
 */
export interface PiiTreatment {
  policy: Exclude<PiiPolicy, 'keep'>;
  replace(text: string): string | null;
}

/**
 * The treatment of the personal data of a document by its pipelines; undefined if it is kept. The
 * pipelines that load its type from the same queue count, otherwise all that load its type. The
 * strictest of them decides. Errors: PII_KEY_MISSING.
 */
export function piiTreatment(subject: PipelineSubject, config: Config): PiiTreatment | undefined {
  const policy = piiPolicy(subject, config);
  if (policy === 'keep') return undefined;
  if (policy === 'drop') return { policy, replace: () => null };
  const { piiHashKey: key } = config;
  if (key === undefined) throw new ReportsError('PII_KEY_MISSING', { reportType: subject.reportType });
  return { policy, replace: (text) => hashed(text, key) };
}

function piiPolicy(subject: PipelineSubject, config: Config): PiiPolicy {
  const policies = pipelinesOf(subject, config).map(({ pii }) => pii);
  return piiPolicies.findLast((policy) => policies.includes(policy)) ?? 'keep';
}

/** 128 bits of HMAC-SHA256, in hex: with one key, equal texts have equal hashes in all tables. */
function hashed(text: string, key: string): string {
  const hexDigits = 32;
  return createHmac('sha256', key).update(text).digest('hex').slice(0, hexDigits);
}

/** Errors whose `found` quotes the document. */
const quoting = new Set<ErrorCode>([
  'HEADER_NOT_FOUND',
  'HEADER_UNKNOWN',
  'KEY_COLUMN_MISSING',
  'NOT_A_REPORT',
  'DOCUMENT_UNPARSABLE',
  'FORMAT_UNSUPPORTED',
  'WAREHOUSE_REFUSED',
]);

/**
 * Why a document was quarantined, for the ledger. Quotes no words of the document if its personal
 * data is not kept.
 */
export function documentsReason(
  error: unknown,
  subject: Pick<LedgerEntry, 'pipeline' | 'reportType'>,
  { config, schemas }: { config: Config; schemas: ReportSchemas },
): ReturnType<typeof quarantineReason> {
  const { reportType } = subject;
  const quotes = error instanceof ReportsError && quoting.has(error.code);
  if (!quotes || !reportType || !mayHoldPersonalData(schemas.get(reportType))) return quarantineReason(error);
  if (piiPolicy({ ...subject, reportType }, config) === 'keep') return quarantineReason(error);
  const found = 'a value omitted here because it may be personal data';
  const reason = describeError(new ReportsError(error.code, { ...error.details, found }));
  return { ...quarantineReason(error), reason };
}

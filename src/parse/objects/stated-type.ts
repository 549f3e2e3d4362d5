import { defaultDocumentLimits } from '../../config/documents-spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { Decision } from '../../schema/findings.js';
import { LimitExceeded } from '../limits.js';
import { readJsonObjects } from './json.js';
import { JsonFindings } from './json-findings.js';
import { emptyObject } from './json-walk.js';
import { memberOf } from './leaves.js';
import { noPaths } from './object-plan.js';

/** The report type that a document states beside its rows, as Amazon's JSON does. */
export function statedReportType(beside: unknown): Decision | undefined {
  for (const names of [['reportSpecification', 'reportType'], ['reportType']]) {
    const value = names.reduce(memberOf, beside);
    // A member of that name may also say something else, such as "daily".
    if (typeof value === 'string' && /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(value)) {
      return { subject: 'report_type', value, reason: `${names.join('.')} of the document` };
    }
  }
  return undefined;
}

/** The same for the beginning of a JSON document, as far as it goes. */
export async function typeStatedIn(head: string): Promise<string | undefined> {
  return statedReportType(await besideRowsIn(head))?.value;
}

/** The marketplaces that the beginning of a JSON document states, as Amazon's reports do. */
export async function marketplacesStatedIn(head: string): Promise<string[]> {
  const stated = ['reportSpecification', 'marketplaceIds'].reduce(memberOf, await besideRowsIn(head));
  const isId = (value: unknown) => typeof value === 'string' && /^A[A-Z0-9]{9,15}$/.test(value);
  return Array.isArray(stated) && stated.every(isId) ? stated.map(String) : [];
}

/** What a JSON document has beside its rows, as far as its beginning goes. */
async function besideRowsIn(head: string): Promise<unknown> {
  const beside = emptyObject();
  const document = {
    raw: { metadata: { sellerId: '', documentId: '', reportType: '', marketplaceIds: [] } },
    limits: defaultDocumentLimits,
    async *openText() {
      yield head;
    },
  };
  try {
    for await (const _ of readJsonObjects(document, noPaths, new JsonFindings(), beside));
  } catch (error) {
    // It breaks off, or is no JSON at all.
    if (!(error instanceof ReportsError || error instanceof LimitExceeded)) throw error;
  }
  return beside;
}

import { access, constants } from 'node:fs/promises';
import { basename } from 'node:path';
import { ReportsError } from '../errors/reports-error.js';
import { readHead } from '../parse/format.js';
import { typeStatedIn } from '../parse/objects/stated-type.js';
import { recognizeTypes } from '../parse/recognize-type.js';
import type { Decision } from '../schema/findings.js';
import type { TypeMatch } from '../schema/match-types.js';
import type { ReportSchemas } from '../schema/types.js';
import { openDocument } from '../source/document/examine.js';
import { unreadable } from '../source/document/raw-store.js';
import type { RawDocument } from '../source/types.js';
import type { LoadInput } from './load-inputs.js';
import { listNames } from '../text/list-names.js';
import { pluralize } from '../text/pluralize.js';

/**
 * Chooses the report type of an input whose type nobody gave: the type in its name or in that of
 * its folder or archive, otherwise the type that the document states, otherwise the only one whose
 * schema explains its headers. Its bytes are at `bytesPath`.
 * Errors: TYPE_UNDECIDED, FILE_UNREADABLE, and those of `openDocument`.
 */
export async function chooseType(
  { key: path, name, describedBy }: Pick<LoadInput, 'key' | 'name' | 'describedBy'>,
  bytesPath: string,
  schemas: ReportSchemas,
  { maxTextBytes, contentType }: { maxTextBytes: number; contentType?: string },
): Promise<Decision> {
  const decided = (value: string, reason: string): Decision => ({ subject: 'report_type', value, reason });
  for (const [index, each] of describedBy.entries()) {
    const named = typeInName(each, schemas);
    if (named) return decided(named, index === 0 ? 'the file name' : `the name ${JSON.stringify(each)}`);
  }
  const known = { sellerId: 'local', documentId: basename(name), reportType: '', marketplaceIds: [] };
  const raw: RawDocument = { metadata: { ...known, contentType }, path: bytesPath, bytes: 0, kept: null };
  await access(bytesPath, constants.R_OK).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  const document = await openDocument(raw, { maxTextBytes });
  // The headers of a workbook are not at the beginning of its bytes.
  if (document.charset === 'binary') throw undecided(path, 'it is a workbook or an archive');
  const head = await readHead(document.openText());
  const stated = await typeStatedIn(head);
  if (stated !== undefined) return decided(stated, 'the document states it');
  const [best, ...others] = candidatesOf(recognizeTypes(head, schemas));
  if (!best) throw undecided(path, 'no report schema explains its headers');
  if (others.length > 0) {
    const types = [best, ...others].map(({ reportType }) => reportType);
    throw undecided(path, `its headers fit ${listNames(types, maxCandidates)}`);
  }
  const total = Math.round(best.known / best.share);
  return decided(best.reportType, `its schema knows ${best.known} of ${pluralize(total, 'header')}`);
}

const maxCandidates = 5;

function undecided(path: string, found: string): ReportsError {
  return new ReportsError('TYPE_UNDECIDED', { path, found });
}

/** The longest report type that a file name contains as a word. */
function typeInName(name: string, schemas: ReportSchemas): string | undefined {
  const isWordIn = (type: string) => new RegExp(`(?<![A-Z0-9])${type}(?![A-Z0-9])`).test(name);
  return [...schemas.keys()].filter(isWordIn).sort((a, b) => b.length - a.length)[0];
}

/** The best match and those that are about as good. Several types share their headers. */
function candidatesOf([best, ...others]: TypeMatch[]): TypeMatch[] {
  const minShare = 0.8;
  if (!best || best.share < minShare) return [];
  const isAsGood = ({ share, coverage }: TypeMatch) =>
    share >= best.share - 0.05 && coverage >= best.coverage - 0.25;
  return [best, ...others.filter(isAsGood)];
}

import type { ReportSchemas, RequestFacts } from '../schema/types.js';
import { appendsRows } from '../schema/appends-rows.js';
import { didYouMean } from '../text/nearest-name.js';
import type { RequestProblem } from './fact-problems.js';
import { asinOptions, itemsOf } from './request-items-spec.js';
import type { RequestConfig } from './request-spec.js';

/**
 * Finds what is wrong with `perAsin` and `perItem` of a request: a type or an option that takes no
 * items, items that are written twice, a query for one marketplace in a request for several, and
 * tables in which the reports of a window would replace or double each other.
 */
export function itemProblems(
  request: RequestConfig,
  facts: RequestFacts,
  schemas: ReportSchemas,
): RequestProblem[] {
  const { reportType, reportOptions, perMarketplace, perAsin, perItem } = request;
  const name = perItem ? 'perItem' : 'perAsin';
  if (perAsin === undefined && !perItem) return [];
  const source = itemsOf(request, facts);
  if (!source) return [{ at: perItem ? [name, 'option'] : [name], message: noOption(request, facts) }];
  const { option, sql = '', rank = '' } = source;
  const problems: RequestProblem[] = [];
  if (option in reportOptions)
    problems.push({
      at: ['reportOptions', option],
      message: `\`${name}\` sets this option; remove it here, or remove \`${name}\``,
    });
  if (/\$marketplace\b/.test(sql + rank) && facts.marketplaces !== 'one' && !perMarketplace)
    problems.push({
      at: [name],
      message:
        'the query names `$marketplace`, but a report may be for several; add `perMarketplace: true`, or remove it from the query',
    });
  const isReplaced = (schemas.get(reportType)?.tables ?? []).some(
    ({ load: { mode, key } }) =>
      mode === 'snapshot' ||
      (mode === 'replace' && asinOptions.includes(option) && !key.some((column) => /asin/.test(column))),
  );
  if (isReplaced || appendsRows(schemas, reportType))
    problems.push({
      at: [name],
      message: `the tables of ${reportType} are not loaded by item: the reports of a window would replace each other, or double rows; write a schema with \`load: { mode: merge }\` or \`replace\` whose key has the item`,
    });
  return problems;
}

function noOption({ reportType, perItem }: RequestConfig, { options = {} }: RequestFacts): string {
  const names = Object.keys(options);
  if (!perItem) return `${reportType} has no option for ASINs; requested per item, it needs \`perItem\``;
  const which = names.length > 0 ? `; it has ${names.join(', ')}` : '';
  return `${reportType} has no such option${which}${didYouMean(perItem.option, names)}`;
}

import { replacesAllRows } from '../schema/appends-rows.js';
import { requestFacts } from '../schema/request-facts.js';
import type { OptionFacts, ReportSchemas, RequestFacts } from '../schema/types.js';
import { didYouMean } from '../text/nearest-name.js';
import type { YamlPath } from '../yaml/spec-issues.js';
import { maxSpanMs, type Span, spanText, spanUnits } from '../yaml/span.js';
import { itemsOf } from './request-items-spec.js';
import { requestOptions } from './request-options.js';
import { type RequestConfig, windowOf } from './request-spec.js';

/** A mistake in a request; `at` is the path within it. */
export interface RequestProblem {
  at: YamlPath;
  message: string;
}

/**
 * Finds what Amazon would refuse in a request, by the facts on its report type: a type without a
 * schema, that ended or cannot be requested this way, options and values that it does not have, and
 * windows that are too long. Also windows whose reports would replace each other's rows.
 */
export function factProblems(
  request: RequestConfig,
  schemas: ReportSchemas,
  nowMs: number,
): RequestProblem[] {
  const { reportType } = request;
  if (!schemas.has(reportType)) {
    const nearest = didYouMean(reportType, schemas.keys());
    const message = `unknown report type; if Amazon has it, write a schema for it (docs/schemas.md)${nearest}`;
    return [{ at: ['reportType'], message }];
  }
  const facts = requestFacts(schemas, reportType);
  const ended = endProblems(request, facts, nowMs);
  // Nothing else about the type matters then.
  if (ended.length > 0) return ended;
  return [
    ...originProblems(request, facts),
    ...optionProblems(request, facts),
    ...windowProblems(request, facts),
    ...lostWindowProblems(request, schemas),
    ...partialPeriodProblems(request),
  ];
}

function endProblems(
  { reportType }: RequestConfig,
  { ended, replacedBy }: RequestFacts,
  nowMs: number,
): RequestProblem[] {
  if (ended === undefined || Date.parse(ended) > nowMs) return [];
  const instead = replacedBy ? `; it is replaced by ${replacedBy.join(' and ')}` : '';
  return [
    {
      at: ['reportType'],
      message: `Amazon has not made ${reportType} since ${ended}${instead}; remove the request`,
    },
  ];
}

function originProblems({ reportType, schedule }: RequestConfig, { madeBy }: RequestFacts): RequestProblem[] {
  if (!madeBy) return [];
  const at: YamlPath = ['reportType'];
  const refused = `Amazon accepts no requests for ${reportType}`;
  if (madeBy.every((each) => each === 'seller-central')) {
    const message = `${refused}; only a person can make it, in Seller Central: remove the request, and add \`sweep\` to the pipeline`;
    return [{ at, message }];
  }
  if (schedule) {
    if (madeBy.includes('scheduled')) return [];
    const instead = madeBy.includes('requested') ? 'request it with `cron`' : automatic;
    return [{ at: ['schedule'], message: `Amazon does not make ${reportType} on a schedule; ${instead}` }];
  }
  if (madeBy.includes('requested')) return [];
  const instead = madeBy.includes('scheduled') ? 'write `schedule: amazon` and `period`' : automatic;
  return [{ at, message: `${refused}; ${instead}` }];
}

const automatic = 'Amazon makes it by itself: remove the request, and add `sweep` to the pipeline';

function optionProblems(request: RequestConfig, facts: RequestFacts): RequestProblem[] {
  const { reportType, reportOptions } = request;
  const { options } = facts;
  if (!options) return [];
  const names = Object.keys(options);
  const problems = Object.entries(reportOptions).flatMap(([name, value]): RequestProblem[] => {
    const known = options[name];
    const message = known
      ? valueProblem(value, known)
      : `${reportType} has no such option; it has ${names.join(', ')}${didYouMean(name, names) || ownOption}`;
    return message === undefined ? [] : [{ at: ['reportOptions', name], message }];
  });
  const given = requestOptions(request, facts);
  const perItem = itemsOf(request, facts)?.option;
  for (const [name, { required, values }] of Object.entries(options)) {
    if (!required || name in given || name === perItem) continue;
    const which = values ? `: one of ${values.join(', ')}` : '';
    const at = Object.keys(reportOptions).length > 0 ? 'reportOptions' : 'reportType';
    problems.push({ at: [at], message: `${reportType} requires the option \`${name}\`${which}` });
  }
  return problems;
}

const ownOption =
  '; if Amazon has added it, name it in `request.options` of a schema of your own (docs/schemas.md)';

function valueProblem(
  value: string,
  { values, maxCharacters, separator, maxItems }: OptionFacts,
): string | undefined {
  if (values && !values.includes(value))
    return `expected one of ${values.join(', ')}, found "${value}"${didYouMean(value, values)}`;
  if (maxCharacters !== undefined && value.length > maxCharacters)
    return `Amazon takes at most ${maxCharacters} characters, found ${value.length}`;
  const items = separator === undefined ? [] : value.split(separator).filter((item) => item.trim() !== '');
  if (maxItems !== undefined && items.length > maxItems)
    return `Amazon takes at most ${maxItems} items, found ${items.length}`;
  return undefined;
}

function windowProblems(request: RequestConfig, { maxWindow }: RequestFacts): RequestProblem[] {
  const window = windowOf(request);
  if (!window || !maxWindow || maxSpanMs(window) <= maxSpanMs(maxWindow)) return [];
  const message = `longer than Amazon allows for ${request.reportType}: at most ${spanText(maxWindow)}`;
  return [{ at: [request.window ? 'window' : 'reportOptions'], message }];
}

/** Of a snapshot, only the rows of the newest window would stay. */
function lostWindowProblems(request: RequestConfig, schemas: ReportSchemas): RequestProblem[] {
  const { reportType, window } = request;
  if (!window || !replacesAllRows(schemas, reportType)) return [];
  const message = `each report of ${reportType} replaces the rows of the one before, so that only the newest window would stay; remove \`window\`, or write a schema with \`load: { mode: merge }\``;
  return [{ at: ['window'], message }];
}

/** A row for a week or month would be replaced by one of a few days of it. */
function partialPeriodProblems({ window, reportOptions }: RequestConfig): RequestProblem[] {
  const granularity = reportOptions.dateGranularity;
  const unit = spanUnits.find((each) => each.toUpperCase() === granularity);
  if (!window || !unit || isWhole(window, unit)) return [];
  const message = `cuts a ${unit} into parts, but \`dateGranularity: ${granularity}\` has a row for each ${unit}, and each report would replace it by a part; write \`window: 1 ${unit}\``;
  return [{ at: ['window'], message }];
}

/** Whether a window is made of whole days, weeks or months, whichever is the unit. */
function isWhole(window: Span, unit: Span['unit']): boolean {
  const windowMs = maxSpanMs(window);
  const unitMs = maxSpanMs({ count: 1, unit });
  if (unit === 'day') return windowMs % unitMs === 0;
  // A window of seven days is a week, as Amazon counts weeks.
  if (unit === 'week') return windowMs === unitMs;
  return window.unit === unit || (unit === 'month' && ['quarter', 'year'].includes(window.unit));
}

import { marketplaceId, marketplaces } from '../schema/marketplaces.js';
import { appendsRows } from '../schema/appends-rows.js';
import { checkSchemas, packagedSchemasFolder } from '../schema/read.js';
import { requestFacts } from '../schema/request-facts.js';
import type { ReportSchemas } from '../schema/types.js';
import { didYouMean } from '../text/nearest-name.js';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import type { YamlPath } from '../yaml/spec-issues.js';
import { matchesReportType } from './report-types.js';
import { type RequestConfig, requestSpec, windowOf } from './request-spec.js';
import { maxSpanMs, spanText } from '../yaml/span.js';

interface Written {
  sellers?: { id?: unknown; region?: unknown; marketplaces?: unknown }[];
  pipelines?: { queue?: unknown; reportTypes?: unknown; request?: unknown }[];
}

/**
 * Finds requests that can't work: unknown types, types that can't be requested this way or that no
 * pipeline of the queue loads, windows longer than Amazon allows, unknown sellers and marketplaces,
 * and duplicates. `schemasFolder` is the user's.
 */
export function requestProblems(
  { data, problemAt }: YamlFile<unknown>,
  schemasFolder: string,
): YamlProblem[] {
  const written = data as Written | null | undefined;
  const pipelines = list(written?.pipelines) as NonNullable<Written['pipelines']>;
  if (!pipelines.some((each) => list(each?.request).length > 0)) return [];
  const { schemas } = checkSchemas({ folders: [packagedSchemasFolder(), schemasFolder] });
  const seen = new Map<string, string>();
  return pipelines.flatMap((pipeline, index) =>
    list(pipeline?.request).flatMap((each, position) => {
      const request = requestSpec.safeParse(each).data;
      // The spec reports what is wrong with the value itself.
      if (!request) return [];
      const path = ['pipelines', index, 'request', position];
      const found = [
        ...typeProblems(request, schemas),
        ...routeProblems(request, pipeline, pipelines),
        ...windowProblems(request, schemas),
        ...refreshProblems(request, schemas),
        ...placeProblems(request, list(written?.sellers) as NonNullable<Written['sellers']>),
        ...repetition(request, `pipelines[${index}].request[${position}]`, seen),
      ];
      return found.map(({ at, message }) => problemAt([...path, ...at], message));
    }),
  );
}

interface Found {
  at: YamlPath;
  message: string;
}

function typeProblems({ reportType, schedule }: RequestConfig, schemas: ReportSchemas): Found[] {
  const at: YamlPath = ['reportType'];
  const schema = schemas.get(reportType);
  if (!schema) {
    const nearest = didYouMean(reportType, [...schemas.keys()]);
    const message = `unknown report type; if Amazon has it, write a schema for it (docs/schemas.md)${nearest}`;
    return [{ at, message }];
  }
  const { madeBy } = requestFacts(schemas, reportType);
  if (!madeBy) return [];
  if (schedule) {
    if (madeBy.includes('scheduled')) return [];
    const instead = madeBy.includes('requested') ? 'request it with `cron`' : automatic;
    return [{ at: ['schedule'], message: `Amazon does not make ${reportType} on a schedule; ${instead}` }];
  }
  if (madeBy.includes('requested')) return [];
  const instead = madeBy.includes('scheduled') ? 'write `schedule: amazon` and `period`' : automatic;
  return [{ at, message: `Amazon accepts no requests for ${reportType}; ${instead}` }];
}

const automatic = 'Amazon makes it by itself: remove the request, and add `sweep` to the pipeline';

/** A report that is requested must be loaded when it arrives. */
function routeProblems(
  { reportType }: RequestConfig,
  { queue }: NonNullable<Written['pipelines']>[number],
  pipelines: NonNullable<Written['pipelines']>,
): Found[] {
  const wanted = pipelines
    .filter((each) => each?.queue === queue)
    .flatMap((each) => [each.reportTypes ?? '*'].flat().filter((type) => typeof type === 'string'));
  if (matchesReportType(wanted, reportType)) return [];
  const message = `is requested but would not be loaded; add ${reportType} to \`reportTypes\` of the pipeline`;
  return [{ at: ['reportType'], message }];
}

function windowProblems(request: RequestConfig, schemas: ReportSchemas): Found[] {
  const { maxWindow } = requestFacts(schemas, request.reportType);
  const window = windowOf(request);
  if (!window || !maxWindow || maxSpanMs(window) <= maxSpanMs(maxWindow)) return [];
  const message = `longer than Amazon allows for ${request.reportType}: at most ${spanText(maxWindow)}`;
  return [{ at: [request.window ? 'window' : 'reportOptions'], message }];
}

function refreshProblems({ reportType, refresh = [] }: RequestConfig, schemas: ReportSchemas): Found[] {
  if (refresh.length === 0 || !schemas.has(reportType) || !appendsRows(schemas, reportType)) return [];
  const message = `the rows of a second report of a window would be added to those of the first, because ${reportType} appends; remove \`refresh\`, or write a schema with \`load: { mode: replace }\` or \`merge\``;
  return [{ at: ['refresh'], message }];
}

function placeProblems(
  { sellers: wanted, marketplaces: named = [] }: RequestConfig,
  sellers: NonNullable<Written['sellers']>,
): Found[] {
  const ids = sellers.map((seller) => String(seller?.id));
  const problems: Found[] = (wanted ?? []).flatMap((id, index) =>
    ids.includes(id)
      ? []
      : [{ at: ['sellers', index], message: `no seller "${id}" in this file${didYouMean(id, ids)}` }],
  );
  const asked = sellers.filter((seller) => wanted?.includes(String(seller?.id)) ?? true);
  if (problems.length > 0 || asked.length === 0) return problems;
  const own = asked.flatMap((seller) =>
    list(seller?.marketplaces).map((each) => marketplaceId(String(each))),
  );
  const regions = asked
    .filter((seller) => list(seller?.marketplaces).length === 0)
    .map(({ region }) => region);
  named.forEach((id, index) => {
    if (own.includes(id) || regions.includes(marketplaces[id]?.region)) return;
    const message = `no seller of this request has the marketplace ${marketplaces[id]?.country ?? id}`;
    problems.push({ at: ['marketplaces', index], message });
  });
  if (named.length === 0 && own.length === 0) {
    const message = 'for which marketplaces? Name them here, or in `marketplaces` of the seller';
    problems.push({ at: ['reportType'], message });
  }
  return problems;
}

/** Duplicates would be sent once: a window is identified by its content. */
function repetition(request: RequestConfig, path: string, seen: Map<string, string>): Found[] {
  const { reportType, sellers, marketplaces: named, perMarketplace, reportOptions, schedule } = request;
  const sorted = Object.entries(reportOptions).sort(([a], [b]) => (a < b ? -1 : 1));
  const key = JSON.stringify([
    reportType,
    sellers?.toSorted() ?? null,
    named?.toSorted() ?? null,
    // Amazon keeps one schedule for a type and its marketplaces, whatever the options.
    ...(schedule ? ['schedule'] : [perMarketplace, sorted]),
  ]);
  const first = seen.get(key);
  if (first === undefined) seen.set(key, path);
  return first === undefined ? [] : [{ at: ['reportType'], message: `is already requested by ${first}` }];
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
}

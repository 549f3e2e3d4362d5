import { systemClock } from '../runtime/clock.js';
import { countryOf, marketplaceId, marketplaces } from '../schema/marketplaces.js';
import { appendsRows } from '../schema/appends-rows.js';
import { checkSchemas, packagedSchemasFolder } from '../schema/read.js';
import { requestFacts } from '../schema/request-facts.js';
import type { ReportSchemas } from '../schema/types.js';
import { didYouMean } from '../text/nearest-name.js';
import type { YamlProblem, YamlFile } from '../yaml/read-yaml.js';
import { factProblems, type RequestProblem } from './fact-problems.js';
import { itemProblems } from './item-problems.js';
import { maxSpanMs, spanMs, spanText } from '../yaml/span.js';
import { matchesReportType } from './report-types.js';
import { type RequestConfig, requestSpec } from './request-spec.js';

interface Written {
  sellers?: { id?: unknown; region?: unknown; marketplaces?: unknown }[];
  pipelines?: { queue?: unknown; reportTypes?: unknown; request?: unknown }[];
}

/**
 * Finds requests that can't work: those that Amazon would refuse, types that no pipeline of the
 * queue loads, unknown sellers and marketplaces, and duplicates. `schemasFolder` is the user's.
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
        ...factProblems(request, schemas, systemClock.now()),
        ...itemProblems(request, requestFacts(schemas, request.reportType), schemas),
        ...routeProblems(request, pipeline, pipelines),
        ...refreshProblems(request, schemas),
        ...placeProblems(request, list(written?.sellers) as NonNullable<Written['sellers']>),
        ...repetition(request, schemas, `pipelines[${index}].request[${position}]`, seen),
      ];
      return found.map(({ at, message }) => problemAt([...path, ...at], message));
    }),
  );
}

/** A report that is requested must be loaded when it arrives. */
function routeProblems(
  { reportType }: RequestConfig,
  { queue }: NonNullable<Written['pipelines']>[number],
  pipelines: NonNullable<Written['pipelines']>,
): RequestProblem[] {
  const wanted = pipelines
    .filter((each) => each?.queue === queue)
    .flatMap((each) => [each.reportTypes ?? '*'].flat().filter((type) => typeof type === 'string'));
  if (matchesReportType(wanted, reportType)) return [];
  const message = `is requested but would not be loaded; add ${reportType} to \`reportTypes\` of the pipeline`;
  return [{ at: ['reportType'], message }];
}

function refreshProblems(
  { reportType, refresh = [], lag }: RequestConfig,
  schemas: ReportSchemas,
): RequestProblem[] {
  if (refresh.length === 0 || !schemas.has(reportType)) return [];
  if (appendsRows(schemas, reportType)) {
    const message = `the rows of a second report of a window would be added to those of the first, because ${reportType} appends; remove \`refresh\`, or write a schema with \`load: { mode: replace }\` or \`merge\``;
    return [{ at: ['refresh'], message }];
  }
  const { oldestStart } = requestFacts(schemas, reportType);
  const lagMs = lag ? spanMs(lag) : 0;
  return refresh.flatMap((age, index) => {
    const at = ['refresh', index];
    if (lag && spanMs(age) <= lagMs) {
      const message = `has no effect, because \`lag\` leaves the first request until ${spanText(lag)} after the window: write a higher age, or a shorter \`lag\``;
      return [{ at, message }];
    }
    if (oldestStart && spanMs(age) >= maxSpanMs(oldestStart)) {
      const message = `has no effect, because ${reportType} goes back only ${spanText(oldestStart)}: write a lower age`;
      return [{ at, message }];
    }
    return [];
  });
}

function placeProblems(
  { sellers: wanted, marketplaces: named = [] }: RequestConfig,
  sellers: NonNullable<Written['sellers']>,
): RequestProblem[] {
  const ids = sellers.map((seller) => String(seller?.id));
  const problems: RequestProblem[] = (wanted ?? []).flatMap((id, index) =>
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
    const message = `no seller of this request has the marketplace ${countryOf(id)}`;
    problems.push({ at: ['marketplaces', index], message });
  });
  if (named.length === 0 && own.length === 0) {
    const message = 'for which marketplaces? Name them here, or in `marketplaces` of the seller';
    problems.push({ at: ['reportType'], message });
  }
  return problems;
}

/**
 * Duplicates would be sent once: a window is identified by its content. If a report covers the
 * whole region, requests for other marketplaces are duplicates too.
 */
function repetition(
  request: RequestConfig,
  schemas: ReportSchemas,
  path: string,
  seen: Map<string, string>,
): RequestProblem[] {
  const { reportType, sellers, marketplaces: named, perMarketplace, reportOptions, schedule } = request;
  const { marketplaces: covered } = requestFacts(schemas, reportType);
  const sorted = Object.entries(reportOptions).sort(([a], [b]) => (a < b ? -1 : 1));
  const key = JSON.stringify([
    reportType,
    sellers?.toSorted() ?? null,
    covered === 'ignored' ? null : (named?.toSorted() ?? null),
    // Amazon keeps one schedule for a type and its marketplaces, whatever the options.
    ...(schedule ? ['schedule'] : [perMarketplace && covered !== 'one' && covered !== 'ignored', sorted]),
  ]);
  const first = seen.get(key);
  if (first === undefined) seen.set(key, path);
  return first === undefined ? [] : [{ at: ['reportType'], message: `is already requested by ${first}` }];
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
}

import type { PipelineContext } from '../ingest/context.js';
import { requestFacts } from '../schema/request-facts.js';
import type { Period } from '../warehouse/types.js';
import { type CoveredPeriod, coverageOf, type RequestState } from './coverage.js';
import { allPlans } from './request-plans.js';
import type { RequestStore } from './request-store.js';

/** The states of the periods of one report type, for one seller and some of its marketplaces. */
export interface Coverage {
  reportType: string;
  sellerId: string;
  /** Marketplaces with the same periods, sorted; empty if the reports name none. */
  marketplaceIds: string[];
  /** The tables that its reports fill. */
  tables: string[];
  /** Whether a request of the settings can close its gaps. */
  isRequested: boolean;
  periods: CoveredPeriod[];
}

/**
 * Reads the states of the periods of all tables, from the ledger and from the stored progress of
 * requests. Snapshots have no periods and are left out. Errors: REQUEST_STATE_INVALID, and those of
 * the warehouse.
 */
export async function readCoverage(
  context: CoverageContext & Pick<PipelineContext, 'warehouse'>,
  store: Pick<RequestStore, 'progress'>,
): Promise<Coverage[]> {
  return coverageOfAll(await context.warehouse.periods(), context, store);
}

type CoverageContext = Pick<PipelineContext, 'config' | 'schemas' | 'clock'>;

/** The same for periods that were read from the ledger. Errors: REQUEST_STATE_INVALID. */
export function coverageOfAll(
  periods: Period[],
  { config, schemas, clock }: CoverageContext,
  store: Pick<RequestStore, 'progress'>,
): Coverage[] {
  const sources = new Map<string, Source>();
  for (const period of periods) for (const source of sourcesOf(period)) source.ledger.push(period);
  for (const plan of allPlans({ config, schemas })) {
    const state = { plan, progress: store.progress(plan.key) };
    for (const source of sourcesOf(plan)) source.requests.push(state);
  }
  const nowMs = clock.now();
  const found = [...sources.values()].map((source) => coverage(source, nowMs));
  return withMarketplacesJoined(found.filter(({ periods }) => periods.length > 0)).sort(
    (a, b) => byText(a.reportType, b.reportType) || byText(a.sellerId, b.sellerId),
  );

  /**
   * One for each marketplace: reports of several may cover the period of one. If every report
   * covers the whole region, whatever marketplaces it names, one for all of them.
   */
  function sourcesOf({ reportType, sellerId, marketplaceIds }: SourceKey): Source[] {
    if (requestFacts(schemas, reportType ?? '').marketplaces === 'ignored') {
      const source = sourceOf([reportType, sellerId], { reportType, sellerId, marketplaceIds });
      source.marketplaceIds = [...new Set([...source.marketplaceIds, ...marketplaceIds])].sort();
      return [source];
    }
    return (marketplaceIds.length > 0 ? marketplaceIds : ['']).map((id) => {
      const ids = id === '' ? [] : [id];
      return sourceOf([reportType, sellerId, id], { reportType, sellerId, marketplaceIds: ids });
    });
  }

  function sourceOf(of: unknown[], named: SourceKey): Source {
    const key = JSON.stringify(of);
    const source = sources.get(key) ?? { ...named, ledger: [], requests: [] };
    sources.set(key, source);
    return source;
  }

  function coverage(source: Source, nowMs: number): Coverage {
    const { reportType, sellerId, marketplaceIds, ledger, requests } = source;
    const loaded = ledger.flatMap(({ tables }) => tables.map(({ name }) => name));
    const planned = (schemas.get(reportType ?? '')?.tables ?? []).map(({ name }) => name);
    return {
      reportType: reportType ?? '',
      sellerId: sellerId ?? '',
      marketplaceIds,
      tables: loaded.length > 0 ? [...new Set(loaded)].sort() : planned,
      isRequested: requests.length > 0,
      periods: coverageOf(source, nowMs),
    };
  }
}

type SourceKey = Pick<Period, 'reportType' | 'sellerId' | 'marketplaceIds'>;

interface Source extends SourceKey {
  ledger: Period[];
  requests: RequestState[];
}

function withMarketplacesJoined(coverages: Coverage[]): Coverage[] {
  const found = new Map<string, Coverage>();
  for (const { marketplaceIds, ...rest } of coverages) {
    const key = JSON.stringify(rest);
    const ids = [...(found.get(key)?.marketplaceIds ?? []), ...marketplaceIds].sort();
    found.set(key, { ...rest, marketplaceIds: ids });
  }
  return [...found.values()];
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

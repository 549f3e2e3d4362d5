import { matchesReportType } from '../config/report-types.js';
import { pluralize } from '../text/pluralize.js';
import { ReportsError } from '../errors/reports-error.js';
import type { ReportSchemas } from '../schema/types.js';
import { maxReportTypesPerCall } from '../source/selling-partner/limits.js';
import type { CallOptions, Notifications, SellingPartner } from '../source/types.js';
import type { CheckResult, Check } from './examine.js';

/** The parts of a seller that the checks need. */
export interface ExaminedSeller {
  id: string;
  logIn(): Promise<void>;
  sellingPartner: SellingPartner;
  notifications: Notifications;
}

/**
 * Checks login, roles and subscription of a seller. `queueArns` are those of the queues that could
 * be reached.
 */
export function sellerChecks(
  seller: ExaminedSeller,
  asked: { reportTypes: string[]; schemas: ReportSchemas; queueArns: () => string[]; now: () => number },
): { login: Check; roles: Check; subscription: Check } {
  const needs = [`login ${seller.id}`];
  const about = seller.id;
  return {
    login: {
      name: 'login',
      about,
      async look() {
        await seller.logIn();
        return { found: 'Amazon issued an access token' };
      },
    },
    roles: { name: 'roles', about, needs, look: () => lookAtRoles(seller, asked) },
    subscription: {
      name: 'subscription',
      about,
      needs: [...needs, 'queue'],
      look: () => lookAtSubscription(seller, asked.queueArns()),
    },
  };
}

/**
 * Calls of getReports, whose burst is 10; a sweep needs some too. One call is enough if nothing is
 * refused.
 */
const maxRoleCalls = 6;

/** If no call is possible within this time, the quota is exhausted. */
const maxWaitMs = 5000;

/** Types to try for categories that are only covered by patterns, since most sellers have them. */
const usualCategories = ['order', 'inventory', 'settlement', 'fba inventory', 'fba sales'];

const roleMappings = 'https://developer-docs.amazon.com/sp-api/docs/role-mappings';

interface TypeGroup {
  category: string;
  types: string[];
  /** Types named in pipelines.yaml, not only covered by a pattern. */
  isNamed: boolean;
}

const notAsked: CheckResult = { found: 'not checked: the quota of getReports is exhausted for now' };

async function lookAtRoles(
  { sellingPartner }: ExaminedSeller,
  { reportTypes, schemas, now }: { reportTypes: string[]; schemas: ReportSchemas; now: () => number },
): Promise<CheckResult> {
  const groups = groupsOf(reportTypes, schemas);
  const together = inRounds(groups).slice(0, maxReportTypesPerCall);
  const allowed = await isAllowed(sellingPartner, together, now());
  if (allowed === undefined) return notAsked;
  if (allowed) return { found: `getReports of ${pluralize(together.length, 'report type')}: all allowed` };
  // A refusal of several types doesn't say which one is refused.
  const refused: TypeGroup[] = [];
  let answered = 0;
  for (const group of groups.slice(0, maxRoleCalls - 1)) {
    const isOne = await isAllowed(sellingPartner, group.types, now());
    if (isOne === undefined) break;
    answered += 1;
    if (!isOne) refused.push(group);
  }
  if (answered === 0) return notAsked;
  const names = refused.map(({ category, types, isNamed }) => (isNamed ? types.join(', ') : category));
  const part = answered < groups.length ? `, of ${groups.length} in all` : '';
  const found = `getReports of ${pluralize(answered, 'group')} of types${part}: ${names.length > 0 ? `Amazon refuses ${names.join('; ')}` : 'all allowed'}`;
  const isBad = refused.some(({ isNamed }) => isNamed) || refused.length === answered;
  if (!isBad) return { found };
  const roles = [...new Set(refused.map(({ category }) => roleOf(category)))].join('; ');
  return {
    found,
    next: `Grant the application the role (${roles}), authorize it again, and set the new refresh token; the old one lacks the role.`,
  };
}

/** Roles of categories that certainly need one; Amazon's page has the others. */
function roleOf(category: string): string {
  if (category === 'brand analytics') return 'Brand Analytics';
  if (category === 'settlement') return 'Finance and Accounting';
  if (category.startsWith('fba')) return 'Amazon Fulfillment';
  return `the one for ${category} reports, see ${roleMappings}`;
}

function groupsOf(reportTypes: string[], schemas: ReportSchemas): TypeGroup[] {
  const named = reportTypes.filter((each) => !each.includes('*'));
  const patterns = reportTypes.filter((each) => each.includes('*'));
  const covered = [...schemas.keys()].filter(
    (type) => !named.includes(type) && matchesReportType(patterns, type),
  );
  const byCategory = (types: string[], isNamed: boolean) => {
    const groups = new Map<string, string[]>();
    for (const type of types) {
      const category = schemas.get(type)?.category ?? 'other';
      groups.set(category, [...(groups.get(category) ?? []), type]);
    }
    return [...groups].map(
      ([category, all]): TypeGroup => ({ category, types: all.slice(0, maxReportTypesPerCall), isNamed }),
    );
  };
  const usual = byCategory(covered, false)
    .filter(({ category }) => usualCategories.includes(category))
    .map((group) => ({ ...group, types: group.types.slice(0, 1) }));
  return [...byCategory(named, true), ...usual];
}

/** Takes the first type of each group, then the second of each, and so on. */
function inRounds(groups: TypeGroup[]): string[] {
  const most = Math.max(0, ...groups.map(({ types }) => types.length));
  return Array.from({ length: most }, (_, round) => groups.flatMap(({ types }) => types[round] ?? [])).flat();
}

/** Returns undefined if the quota does not allow a call. */
async function isAllowed(
  sellingPartner: SellingPartner,
  reportTypes: string[],
  nowMs: number,
): Promise<boolean | undefined> {
  const filter = { reportTypes, statuses: ['DONE' as const], createdSince: new Date(nowMs - 3_600_000) };
  const call: CallOptions = { deadlineMs: nowMs + maxWaitMs };
  try {
    // The first page is enough.
    for await (const _ of sellingPartner.getReports(filter, call)) break;
    return true;
  } catch (error) {
    const code = error instanceof ReportsError ? error.code : undefined;
    if (code === 'API_ACCESS_DENIED') return false;
    if (code === 'API_QUOTA_EXCEEDED') return undefined;
    throw error;
  }
}

async function lookAtSubscription(
  { notifications }: ExaminedSeller,
  queueArns: string[],
): Promise<CheckResult> {
  const found = await notifications.subscription({});
  if (!found) return { found: 'none', next: 'Run `sp-reports subscribe`.' };
  const destinations = await notifications.destinations({});
  const destination = destinations.find(({ destinationId }) => destinationId === found.destinationId);
  if (!destination) {
    const next =
      'Delete that subscription with the program that created it, then run `sp-reports subscribe`.';
    return { found: `subscription ${found.subscriptionId} has a destination that no longer exists`, next };
  }
  const { queueArn, name } = destination;
  if (queueArn === undefined)
    return {
      found: `through EventBridge, destination ${name}; cannot check whether it forwards to the queue`,
    };
  if (queueArns.includes(queueArn)) return { found: `subscription ${found.subscriptionId} to ${queueArn}` };
  return {
    found: `notifications go to another queue, ${queueArn}`,
    next: 'Set `queue` in pipelines.yaml to that queue. Otherwise delete that subscription with the program that created it, then run `sp-reports subscribe`.',
  };
}

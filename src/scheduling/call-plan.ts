import { callsLeftToDrains } from './calls-left.js';

/** Why a report is requested, the most urgent reason first. */
export const callReasons = ['new', 'retry', 'refresh', 'older', 'fan-out'] as const;

/**
 * `new`: the newest window of a request. `retry`: an earlier report of the window failed.
 * `refresh`: the window has a report, and Amazon may have restated its data. `older`: a missed
 * window, or one from before the request was written. `fan-out`: one of many reports of a window.
 */
export type CallReason = (typeof callReasons)[number];

/** At most `calls` calls in any period of `perMs`, counted over everything with the same key. */
export interface CallLimit {
  key: string;
  calls: number;
  perMs: number;
  /** Whether several sellers share it. */
  isShared?: boolean;
}

/** A report that might be requested now. */
export interface CallCandidate {
  sellerId: string;
  /** The request that it belongs to. Requests take turns. */
  requestKey: string;
  /** Only one report of a window is made at a time. */
  windowKey: string;
  reason: CallReason;
  /** Of a part of a window: its place within its request; 0 is the first. */
  rank?: number;
  /** Of a refresh: whether it is the first one that shows complete data. */
  settles?: boolean;
  /** Since when it has been due, in epoch milliseconds. */
  dueMs: number;
  /** When its request last made a call; 0 if it never did. */
  lastRequestedMs: number;
  /** Limits of its report type, documented and learned. */
  limits: CallLimit[];
}

/** What the usage plan of an operation allows for one seller. */
export interface CallQuota {
  /** Whole calls possible now. */
  available(): number;
  /** Epoch milliseconds when that many calls, one by default, will have become possible. */
  nextAvailableMs(calls?: number): number;
  /** Calls possible from now until then. */
  possibleUntil(epochMs: number): number;
}

/** What the plan knows about a seller. */
export interface SellerState {
  createReport: CallQuota;
  getReportDocument: CallQuota;
  /** Reports that were requested and are not loaded yet: each takes one getReportDocument. */
  inFlight: number;
}

/** What the plan knows beside the candidates. */
export interface CallState {
  nowMs: number;
  seller(sellerId: string): SellerState;
  /** When calls that count towards a limit were made: epoch milliseconds, ascending. */
  callTimes(limitKey: string): readonly number[];
  /** The calls of a seller, by its id, or within a limit, by its key. */
  turns(key: string): CallTurns;
}

/** Counts calls, so that less urgent ones have their turn. */
export interface CallTurns {
  /** Calls since the last exception. */
  calls: number;
  /** Calls that were made although more urgent ones waited. */
  exceptions: number;
}

/** What makes a call wait. */
export type CallObstacle = 'createReport' | 'getReportDocument' | 'limit' | 'window';

/** `atMs`: now or earlier if the call is to be made; otherwise when it becomes possible. */
export interface CallDecision<C extends CallCandidate> {
  candidate: C;
  atMs: number;
  /** Absent if the call is to be made now. */
  waitsFor?: CallObstacle;
  /** Sellers and limits whose turn it is to make a less urgent call: see `nextTurns`. */
  exceptionOf: string[];
}

const hourMs = 3_600_000;

/**
 * If all reports in flight finished at this moment, a document that is announced now would wait
 * this long for getReportDocument. Amazon makes most reports in a shorter time, so that the limit
 * does not slow down a backlog: as many reports finish as are requested.
 */
const maxDocumentWaitMs = { new: 24 * hourMs, others: hourMs };

/** Of about so many calls, one is made although more urgent ones wait. */
const callsPerException = 100;

/**
 * Decides which reports are requested now, in which order, and when the others become possible.
 * The newest windows come first, then retries, refreshes (those that complete the data of a window
 * before others), older windows, fan-out. Requests with the same reason take turns. No call exceeds
 * what the quota of createReport, the quota of getReportDocument for the finished report, or a
 * limit of the report type allows. Nothing waits forever: now and then a less urgent call is made.
 * Pure: the same candidates and state give the same plan, whatever the order of the candidates.
 */
export function planCalls<C extends CallCandidate>(
  candidates: readonly C[],
  state: CallState,
): CallDecision<C>[] {
  const ordered = inOrder(candidates);
  const room = new Room(state);
  const exceptions = exceptionsOf(ordered, room, state);
  const taken = new Set<string>();
  const goes: CallDecision<C>[] = [];
  const waits: { candidate: C; waitsFor: CallObstacle }[] = [];
  for (const candidate of [...exceptions.keys(), ...ordered.filter((each) => !exceptions.has(each))]) {
    const exceptionOf = exceptions.get(candidate) ?? [];
    const waitsFor = taken.has(candidate.windowKey)
      ? 'window'
      : room.obstacle(candidate, { isException: exceptionOf.length > 0 });
    if (waitsFor) {
      waits.push({ candidate, waitsFor });
      continue;
    }
    room.takeOfQuota(candidate);
    room.takeOfLimits(candidate, state.nowMs);
    taken.add(candidate.windowKey);
    goes.push({ candidate, atMs: state.nowMs, exceptionOf });
  }
  return [...goes, ...postponed(waits, room)];
}

/**
 * Says when calls become possible if those before them are made: each takes its turn within the
 * limits of its type, and then, when these allow it, within the quota of its seller.
 */
function postponed<C extends CallCandidate>(
  waits: { candidate: C; waitsFor: CallObstacle }[],
  room: Room,
): CallDecision<C>[] {
  const limited = waits.map((each) => {
    const allowedAtMs = room.limitsAllowAtMs(each.candidate);
    room.takeOfLimits(each.candidate, allowedAtMs);
    return { ...each, allowedAtMs };
  });
  const times = new Map<C, { atMs: number; isLimited: boolean }>();
  const ordered = limited.toSorted(
    (a, b) => Number(isShared(b.candidate)) - Number(isShared(a.candidate)) || a.allowedAtMs - b.allowedAtMs,
  );
  for (const { candidate, allowedAtMs } of ordered) {
    const quotaMs = room.quotaAllowsAtMs(candidate);
    times.set(candidate, { atMs: Math.max(allowedAtMs, quotaMs), isLimited: allowedAtMs > quotaMs });
    // What comes first within its urgency waits for no other call of the seller.
    if (!isShared(candidate)) room.takeOfQuota(candidate);
  }
  return waits.map(({ candidate, waitsFor }) => {
    const { atMs = 0, isLimited = false } = times.get(candidate) ?? {};
    // The calls of a seller come back within minutes; a limit may last for days.
    const narrowest = isLimited && waitsFor === 'createReport' ? 'limit' : waitsFor;
    return { candidate, waitsFor: narrowest, atMs, exceptionOf: [] };
  });
}

/** The turns of a seller or of a limit after one of its calls. */
export function nextTurns({ calls, exceptions }: CallTurns, { isException }: { isException: boolean }) {
  return isException ? { calls: 0, exceptions: exceptions + 1 } : { calls: calls + 1, exceptions };
}

/**
 * When another plan is worth making, in epoch milliseconds; Infinity if time alone changes nothing.
 * A limit that sellers share loses what is not used at once. The calls of a seller are saved up, so
 * that several can be made then.
 */
export function nextPlanMs(decisions: CallDecision<CallCandidate>[], nowMs: number): number {
  return decisions.reduce((nextMs, { atMs, waitsFor }) => {
    if (waitsFor === 'limit') return Math.min(nextMs, atMs);
    return waitsFor === undefined ? nextMs : Math.min(nextMs, Math.max(atMs, nowMs + saveUpMs));
  }, Number.POSITIVE_INFINITY);
}

/** Less than a seller's burst takes to be refilled, so that no call is lost. */
const saveUpMs = 5 * 60_000;

/** When the next call within a limit is possible, in epoch milliseconds. `times` ascend. */
export function limitAllowsAtMs({ calls, perMs }: CallLimit, times: readonly number[]): number {
  const first = times.at(-calls);
  return first === undefined ? 0 : first + perMs;
}

/** The calls that are possible, less those that this plan has decided on. */
class Room {
  private readonly sellers = new Map<
    string,
    { quota: SellerState; calls: number; taken: number; documents: Record<'new' | 'others', number> }
  >();
  private readonly times = new Map<string, number[]>();

  constructor(private readonly state: CallState) {}

  /** What keeps a call from being made now. */
  obstacle(
    { sellerId, reason, limits }: CallCandidate,
    { isException }: { isException: boolean },
  ): CallObstacle | undefined {
    const { nowMs } = this.state;
    const { calls, documents, taken } = this.seller(sellerId);
    if (limits.some((limit) => limitAllowsAtMs(limit, this.timesOf(limit.key)) > nowMs)) return 'limit';
    if (calls - taken < 1) return 'createReport';
    const left = documents[reason === 'new' || isException ? 'new' : 'others'] - taken;
    return left < 1 ? 'getReportDocument' : undefined;
  }

  /** When the limits of a type allow a call; now, if they do. */
  limitsAllowAtMs({ limits }: CallCandidate): number {
    const times = limits.map((limit) => limitAllowsAtMs(limit, this.timesOf(limit.key)));
    return Math.max(this.state.nowMs, ...times);
  }

  /** When the quota of a seller allows a call if all calls that were taken before are made. */
  quotaAllowsAtMs({ sellerId, reason }: CallCandidate): number {
    const { quota, taken } = this.seller(sellerId);
    const which = reason === 'new' ? 'new' : 'others';
    const documents = quota.inFlight + taken + 1 + (which === 'new' ? 0 : callsLeftToDrains);
    return Math.max(
      quota.createReport.nextAvailableMs(taken + 1),
      quota.getReportDocument.nextAvailableMs(documents) - maxDocumentWaitMs[which],
    );
  }

  takeOfQuota({ sellerId }: CallCandidate): void {
    this.seller(sellerId).taken += 1;
  }

  takeOfLimits({ limits }: CallCandidate, atMs: number): void {
    for (const key of new Set(limits.map((limit) => limit.key))) this.timesOf(key).push(atMs);
  }

  private seller(sellerId: string) {
    const known = this.sellers.get(sellerId);
    if (known) return known;
    const quota = this.state.seller(sellerId);
    const within = (ms: number) =>
      quota.getReportDocument.possibleUntil(this.state.nowMs + ms) - quota.inFlight;
    const seller = {
      quota,
      calls: quota.createReport.available(),
      taken: 0,
      documents: {
        new: within(maxDocumentWaitMs.new),
        others: within(maxDocumentWaitMs.others) - callsLeftToDrains,
      },
    };
    this.sellers.set(sellerId, seller);
    return seller;
  }

  private timesOf(key: string): number[] {
    const known = this.times.get(key) ?? [...this.state.callTimes(key)];
    this.times.set(key, known);
    return known;
  }
}

/**
 * The calls that are made although more urgent ones wait, with the sellers and limits whose turn it
 * is. A turn that another one prevents comes with the next call. The less urgent reasons alternate.
 */
function exceptionsOf<C extends CallCandidate>(ordered: C[], room: Room, state: CallState): Map<C, string[]> {
  const queues = new Map<string, C[]>();
  for (const each of ordered) {
    if (room.obstacle(each, { isException: true }) !== undefined) continue;
    for (const key of [each.sellerId, ...each.limits.map((limit) => limit.key)]) {
      const queue = queues.get(key) ?? [];
      queue.push(each);
      queues.set(key, queue);
    }
  }
  const found = new Map<C, string[]>();
  for (const [key, queue] of queues) {
    const { calls, exceptions } = state.turns(key);
    if (calls + 1 < callsPerException) continue;
    const one = lessUrgent(queue, exceptions);
    if (one) found.set(one, [...(found.get(one) ?? []), key]);
  }
  return found;
}

function lessUrgent<C extends CallCandidate>(queue: C[], exceptions: number): C | undefined {
  for (let index = 0; index < lastUrgency; index += 1) {
    const urgency = 1 + ((exceptions + index) % lastUrgency);
    const one = queue.find((each) => urgencyOf(each) === urgency);
    if (one) return one;
  }
  return undefined;
}

/**
 * The order in which calls are made if all are possible. Refreshes and retries come in the order in
 * which they became due. Of the other windows, one of each request comes before the second of any,
 * beginning with the request that was made longest ago. What shares a limit with other sellers
 * comes first: a call within it that nobody makes is lost, while a seller's calls are saved up.
 */
function inOrder<C extends CallCandidate>(candidates: readonly C[]): C[] {
  const rounds = new Map<string, number>();
  return candidates
    .toSorted(
      (a, b) =>
        urgencyOf(a) - urgencyOf(b) ||
        (a.rank ?? 0) - (b.rank ?? 0) ||
        a.dueMs - b.dueMs ||
        compareKeys(a, b),
    )
    .map((candidate) => {
      const request = `${candidate.reason} ${candidate.requestKey}`;
      const round = isByAge(candidate) ? 0 : (rounds.get(request) ?? 0);
      rounds.set(request, round + 1);
      return { candidate, round };
    })
    .sort((a, b) => {
      const [one, other] = [a.candidate, b.candidate];
      return (
        urgencyOf(one) - urgencyOf(other) ||
        Number(isShared(other)) - Number(isShared(one)) ||
        a.round - b.round ||
        (isByAge(one) ? one.dueMs - other.dueMs : 0) ||
        one.lastRequestedMs - other.lastRequestedMs ||
        compareKeys(one, other)
      );
    })
    .map(({ candidate }) => candidate);
}

/** 0 is the most urgent. A refresh that completes the data of a window comes before others. */
function urgencyOf({ reason, settles }: CallCandidate): number {
  const index = callReasons.indexOf(reason);
  return index > refreshIndex || (index === refreshIndex && !settles) ? index + 1 : index;
}

const refreshIndex = callReasons.indexOf('refresh');
const lastUrgency = callReasons.length;

function isShared({ limits }: CallCandidate): boolean {
  return limits.some((limit) => limit.isShared);
}

function isByAge({ reason }: CallCandidate): boolean {
  return reason === 'refresh' || reason === 'retry';
}

function compareKeys(a: CallCandidate, b: CallCandidate): number {
  return compare(a.requestKey, b.requestKey) || compare(a.windowKey, b.windowKey);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

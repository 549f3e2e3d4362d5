import { join } from 'node:path';
import { z } from 'zod';
import { type JsonKind, openSharedJson, type SharedJsonOptions } from '../files/shared-json.js';
import { type CallTurns, nextTurns } from '../scheduling/call-plan.js';
import { learnFrom, learnedMinutes, type ReportEnd, spacingShape } from './learned-spacing.js';

const limitsShape = z.object({
  /** Minimum intervals by seller and report type. */
  spacings: z.record(z.string(), spacingShape),
  /** By seller id, or by the key of a limit. */
  turns: z.record(z.string(), z.object({ calls: z.int().min(0), exceptions: z.int().min(0) })),
});

export type LimitsFile = z.output<typeof limitsShape>;

/** `limits.json`: what was learned about limits that Amazon does not document. */
export const limitsJson: JsonKind<LimitsFile> = {
  parse: (content) => limitsShape.parse(content),
  missing: () => ({ spacings: {}, turns: {} }),
  // Documented limits still apply.
  lost: () => ({ spacings: {}, turns: {} }),
  consequence: 'minimum intervals that Amazon does not document are learned again',
  isSynced: false,
};

/** A report type of a seller. */
export interface SellerType {
  sellerId: string;
  reportType: string;
}

/**
 * What this program learned about limits: kept over restarts, and shared by the processes of one
 * state folder.
 */
export interface LearnedLimits {
  /** The minimum interval that was learned, in minutes; undefined if there is none. */
  minutes(of: SellerType, nowMs: number): number | undefined;
  /** Reports whose end has been taken into account. */
  knownEnds(of: SellerType): ReadonlySet<string>;
  /** Learns from the reports of a type that have ended, oldest first. */
  learn(of: SellerType, ends: ReportEnd[], nowMs: number): Promise<void>;
  turns(key: string): CallTurns;
  /** Counts a call for a seller and its limits: see `planCalls`. */
  countCall(keys: string[], exceptionOf: string[]): Promise<void>;
}

const noTurns: CallTurns = { calls: 0, exceptions: 0 };

/** Opens `<state>/limits.json`. If it is missing or damaged, only documented limits are known. */
export function openLearnedLimits(stateFolder: string, options: SharedJsonOptions): LearnedLimits {
  const state = openSharedJson(join(stateFolder, 'limits.json'), limitsJson, options);
  const keyOf = ({ sellerId, reportType }: SellerType) => `${sellerId} ${reportType}`;
  const spacing = (of: SellerType) => state.read().spacings[keyOf(of)];

  return {
    minutes: (of, nowMs) => learnedMinutes(spacing(of), nowMs),
    knownEnds: (of) => new Set(spacing(of)?.ended),
    learn: (of, ends, nowMs) =>
      state.change((file) => {
        const learned = ends.reduce((held, end) => learnFrom(held, end, nowMs), file.spacings[keyOf(of)]);
        return learned ? { ...file, spacings: { ...file.spacings, [keyOf(of)]: learned } } : file;
      }),
    turns: (key) => state.read().turns[key] ?? noTurns,
    countCall: (keys, exceptionOf) =>
      state.change((file) => {
        const counted = keys.map((key) => [
          key,
          nextTurns(file.turns[key] ?? noTurns, { isException: exceptionOf.includes(key) }),
        ]);
        return { ...file, turns: { ...file.turns, ...Object.fromEntries(counted) } };
      }),
  };
}

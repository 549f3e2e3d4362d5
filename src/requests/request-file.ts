import { z } from 'zod';
import { ReportsError } from '../errors/reports-error.js';
import type { JsonKind } from '../files/shared-json.js';
import { withoutUndefined } from '../runtime/without-undefined.js';
import { type RequestProgress, refusalOf } from './request-progress.js';
import { type Attempt, failedWindow, maxFailures, type WindowRecord } from './window-states.js';

/** A schedule that this program created at Amazon. */
export type KeptSchedule = z.output<typeof scheduleShape>;

/** The content of `requests.json`. */
export interface RequestFile {
  format: 3;
  /** By the key of their plan. */
  requests: Record<string, RequestProgress>;
  schedules: Record<string, KeptSchedule>;
  /** When the state before this one was lost, in ISO 8601: what was requested then is unknown. */
  lostAt?: string;
}

/** `requests.json`. Errors: REQUEST_STATE_INVALID if a later version of the program wrote it. */
export const requestsJson: JsonKind<RequestFile> = {
  parse(content, path) {
    const format = (content as { format?: unknown } | null)?.format ?? 1;
    if (typeof format === 'number' && format > 3)
      throw new ReportsError('REQUEST_STATE_INVALID', { file: path, found: `format ${format}` });
    return format === 1 ? fromFormat1(format1.parse(content)) : withAll(format3.parse(content));
  },
  missing: () => ({ format: 3, requests: {}, schedules: {} }),
  lost: (foundMs) => ({
    format: 3,
    requests: {},
    schedules: {},
    lostAt: new Date(foundMs).toISOString(),
  }),
  consequence:
    "requests begin again from the ledger and from Amazon's list of reports, and wait until that list can be read",
};

const time = z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time');

const scheduleShape = z.object({
  sellerId: z.string(),
  reportType: z.string(),
  marketplaceIds: z.array(z.string()),
  /** Absent if Amazon refused to create it. */
  scheduleId: z.string().exactOptional(),
  /** Period and options that it was created with. */
  wanted: z.string(),
  checkedAt: time,
});

const attempt = z.object({
  at: time,
  reportId: z.string().exactOptional(),
  failed: z.string().exactOptional(),
}) satisfies z.ZodType<Attempt>;

const abandoned = z.array(
  z.object({
    start: time,
    end: time,
    items: z.string().exactOptional(),
    at: time,
    found: z.string(),
    partsLeft: z.int().exactOptional(),
  }),
);

/** The second format had no windows that are requested again, and is otherwise the same. */
const format3 = z.strictObject({
  format: z.literal([2, 3]),
  requests: z.record(
    z.string(),
    z.object({
      version: z.int(),
      /** Absent in files of earlier versions of the program. */
      sellerId: z.string().exactOptional(),
      reportType: z.string(),
      begin: time,
      doneUntil: time,
      maxAgeMs: z.number().exactOptional(),
      windows: z.array(
        z.object({
          start: time,
          end: time,
          items: z.string().exactOptional(),
          state: z.enum([
            'due',
            'unconfirmed',
            'requested',
            'backing-off',
            'settling',
            'answered',
            'abandoned',
          ]),
          version: z.int(),
          attempts: z.array(attempt),
          retryAt: time.exactOptional(),
          forcedAt: time.exactOptional(),
          reportedAt: time.exactOptional(),
          answeredAt: time.exactOptional(),
          isEmpty: z.literal(true).exactOptional(),
          refreshAt: time.exactOptional(),
          skippedAt: time.exactOptional(),
        }),
      ),
      abandoned,
      fanOuts: z
        .array(z.object({ start: time, end: time, parts: z.int(), open: z.array(z.string()) }))
        .exactOptional(),
      partsPerWindow: z.int().exactOptional(),
      lastRequestedAt: time.exactOptional(),
      calls: z.array(attempt).exactOptional(),
      lastAnsweredAt: time.exactOptional(),
      refusal: z
        .object({ times: z.int(), since: time.exactOptional(), at: time, retryAt: time, found: z.string() })
        .exactOptional(),
      unanswered: z.object({ times: z.int(), since: time, at: time, found: z.string() }).exactOptional(),
      outage: z.object({ since: time, at: time, found: z.string(), isOfType: z.boolean() }).exactOptional(),
    }),
  ),
  schedules: z.record(z.string(), scheduleShape),
  lostAt: time.exactOptional(),
});

/** The first format, which had no version and no states: what a window was had to be derived. */
const format1 = z.strictObject({
  reports: z
    .record(
      z.string(),
      z.object({
        reportType: z.string(),
        begin: time,
        doneUntil: time,
        windows: z.array(
          z.object({
            start: time,
            end: time,
            asks: z.array(attempt),
            answered: z.boolean().exactOptional(),
            againAt: time.exactOptional(),
          }),
        ),
        givenUp: abandoned,
        lastAskedAt: time.exactOptional(),
        refused: z.object({ times: z.int(), at: time, found: z.string() }).exactOptional(),
      }),
    )
    .default({}),
  schedules: z.record(z.string(), scheduleShape).default({}),
});

type Format1 = z.output<typeof format1>;

/** Fills in what earlier versions of the program left out. */
function withAll({ requests, ...file }: z.output<typeof format3>): RequestFile {
  const filled = Object.entries(requests).map(([key, held]) => {
    const { refusal } = held;
    const since = refusal && { refusal: { ...refusal, since: refusal.since ?? refusal.at } };
    return [key, { sellerId: sellerIn(key), ...held, ...since }];
  });
  return { ...file, format: 3, requests: Object.fromEntries(filled) };
}

/** The seller of a request in files that have it only in the key. */
function sellerIn(key: string): string {
  return key.split(' ', 1)[0] ?? key;
}

function fromFormat1({ reports, schedules }: Format1): RequestFile {
  const requests = Object.entries(reports).map(
    ([key, held]) => [key, progressFromFormat1(held, sellerIn(key))] as const,
  );
  return { format: 3, requests: Object.fromEntries(requests), schedules };
}

function progressFromFormat1(held: Format1['reports'][string], sellerId: string): RequestProgress {
  const { windows, givenUp, lastAskedAt, refused, ...rest } = held;
  return withoutUndefined({
    ...rest,
    sellerId,
    version: 1,
    windows: windows.map((window) => windowFromFormat1(window, givenUp)),
    abandoned: givenUp,
    lastRequestedAt: lastAskedAt,
    refusal: refused && refusalOf({ ...refused, since: refused.at }),
  });
}

function windowFromFormat1(
  { start, end, asks, answered, againAt }: Format1['reports'][string]['windows'][number],
  givenUp: RequestProgress['abandoned'],
): WindowRecord {
  const record: WindowRecord = withoutUndefined({
    start,
    end,
    state: 'due',
    version: 1,
    attempts: asks,
    forcedAt: againAt,
  });
  // The first format kept abandoned windows as answered ones.
  const abandonedAt = givenUp.find((each) => each.start === start && each.end === end)?.at;
  if (answered && asks.length === 0 && abandonedAt !== undefined)
    return { ...record, state: 'abandoned', reportedAt: abandonedAt };
  if (answered) return { ...record, state: 'answered' };
  const last = asks.at(-1);
  if (!last) return record;
  if (last.failed !== undefined)
    return asks.length < maxFailures ? failedWindow(record) : { ...record, state: 'abandoned' };
  return { ...record, state: last.reportId === undefined ? 'unconfirmed' : 'requested' };
}

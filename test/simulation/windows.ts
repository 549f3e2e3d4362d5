import type { RequestFile } from '../../src/requests/request-file.js';
import { keyOf } from './amazon.js';
import { returns } from './report-contents.js';
import type { World } from './world.js';

const dayMs = 86_400_000;
/** When the settings request the last day. */
const dueMs = 3 * 3_600_000;
/** A request that is due is made with the next drain. */
const slackMs = 3_600_000;

/**
 * What is wrong with the windows of requests: each day must be answered in the ledger, or open or
 * abandoned in the state of requests, and Amazon makes no report of a day twice.
 */
export function windowProblem(world: World): string | undefined {
  const bytes = world.disk.find('/data/state/requests.json')?.bytes;
  const requests = bytes ? (JSON.parse(bytes.toString()) as RequestFile).requests : {};
  const untilMs = Math.floor((world.loop.nowMs - slackMs - dueMs) / dayMs) * dayMs;
  for (const { sellerId = '', begin, windows, abandoned } of Object.values(requests)) {
    for (let startMs = Date.parse(begin); startMs < untilMs; startMs += dayMs) {
      const day = new Date(startMs).toISOString().slice(0, 10);
      const isOfDay = ({ start }: { start: string }) => Date.parse(start) === startMs;
      const isOpen = windows.some((each) => isOfDay(each) && each.state !== 'answered');
      const reports = world.amazon.state.reports.filter(
        (each) =>
          each.sellerId === sellerId &&
          each.reportType === returns.reportType &&
          Date.parse(each.dataStart ?? '') === startMs,
      );
      const answers = reports.filter(({ status }) => status === 'DONE' || status === 'CANCELLED');
      // A window without data is requested once more, when the data may have come.
      const filled = reports.filter((each) => (world.amazon.reports.get(keyOf(each))?.rows.length ?? 0) > 0);
      if (filled.length > 1) return `Amazon made ${filled.length} reports for ${sellerId} and ${day}`;
      const isAnswered = answers.some((each) => world.database.ledger.has(keyOf(each)));
      if (!isAnswered && !isOpen && !abandoned.some(isOfDay)) {
        return `the window ${day} of ${sellerId} has no answer, and is not open`;
      }
    }
  }
  return undefined;
}

import { answerTimesOf, hasOwnLimit } from '../test/requests/month-bound.js';
import { simulateMonth } from '../test/requests/simulate-month.js';
import { numberOption } from './options.js';

/**
 * `npm run simulate:requests [-- --sellers 50 --days 30 --backlog 0]`: the requests of a month,
 * every report type at its defaults, on a simulated clock. Prints how long windows take until they
 * are settled, compared with the least that Amazon's limits allow.
 */
const sellers = numberOption('sellers', 50);
const days = numberOption('days', 30);
const backlogDays = numberOption('backlog', 0);
const startedMs = Date.now();
const month = await simulateMonth({ sellers, days, backlogDays });
const seconds = Math.round((Date.now() - startedMs) / 1000);
console.log(`${month.windows.length} windows, ${month.calls} calls, ${month.plans} plans in ${seconds} s`);
console.log(`calls above a limit: ${month.refused.length} ${month.refused.slice(0, 3).join(', ')}`);
console.log(
  `longest wait of a document that Amazon announced by itself: ${minutes(month.maxDocumentWaitMs)}`,
);
const types = [...new Set(month.windows.filter(hasOwnLimit).map(({ plan }) => plan.reportType))];
show('all', month.windows);
show(
  'types without a limit of their own',
  month.windows.filter((each) => !hasOwnLimit(each)),
);
for (const type of types)
  show(
    type,
    month.windows.filter(({ plan }) => plan.reportType === type),
  );

function show(name: string, windows: typeof month.windows): void {
  const { needed, missing, meanHours, minMeanHours, maxHours } = answerTimesOf(month, windows);
  const percent = ((meanHours / minMeanHours - 1) * 100).toFixed(1);
  console.log(
    `${name}: ${needed} reports, loaded after ${meanHours.toFixed(2)} h on average, at least ${minMeanHours.toFixed(2)} h (+${percent} %), at most ${maxHours.toFixed(1)} h, ${missing} missing`,
  );
}

function minutes(ms: number): string {
  return `${(ms / 60_000).toFixed(1)} min`;
}

import { isFillable } from '../../requests/find-gaps.js';
import type { TablePeriod } from '../../requests/table-periods.js';
import { countryOf } from '../../schema/marketplaces.js';
import { textTable } from './text-table.js';

/** A line for each period, then what closes the gaps among them. */
export function periodsText(periods: TablePeriod[], width: number | undefined): string {
  const rows = periods.map(({ table, sellerId, marketplaceIds, from, to, state, reason }) => [
    table,
    sellerId,
    marketplaceIds.map(countryOf).join(' '),
    timeText(from),
    timeText(to),
    state,
    reason,
  ]);
  const titles = ['table', 'seller', 'marketplace', 'from', 'to', 'state', 'why'];
  const table = textTable(titles, rows, { width, wrap: true, skipEmpty: true });
  const hints = [
    ...(periods.some((period) => period.isRequested && isFillable(period))
      ? ['`sp-reports request --fill-gaps` requests what is missing or was abandoned.\n']
      : []),
    ...(periods.some(({ state, isRequested }) => state === 'missing' && !isRequested)
      ? [
          'No `request` in pipelines.yaml covers some of what is missing: add one, or load the reports (docs/requests.md).\n',
        ]
      : []),
  ];
  return hints.length > 0 ? `${table}\n${hints.join('')}` : table;
}

/** A date if the time is midnight, else the time to the minute; in UTC. */
function timeText(time: string): string {
  return time.endsWith('T00:00:00.000Z') ? time.slice(0, 10) : `${time.slice(0, 16)}Z`;
}

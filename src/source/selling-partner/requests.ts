import { ReportsError } from '../../errors/reports-error.js';
import type { SellingPartner } from '../types.js';
import { apiCreatedReport, apiCreatedSchedule, apiNothing, apiSchedules } from './answers.js';
import type { CallApi } from './call-api.js';

const base = '/reports/2021-06-30';

/** The operations that make Amazon create reports. Source: Amazon's model reports_2021-06-30. */
export function openRequests(
  callApi: CallApi,
): Pick<
  SellingPartner,
  'createReport' | 'getReportSchedules' | 'createReportSchedule' | 'cancelReportSchedule'
> {
  return {
    async createReport({ dataStart, dataEnd, reportOptions, ...wanted }, call) {
      const body = JSON.stringify({
        ...wanted,
        ...withOptions(reportOptions),
        dataStartTime: dataStart,
        dataEndTime: dataEnd,
      });
      const about = { operation: 'createReport' as const, thing: wanted.reportType, path: `${base}/reports` };
      return (await callApi({ ...call, ...about, body, once: true }, apiCreatedReport)).reportId;
    },

    async getReportSchedules(reportTypes, call) {
      const path = `${base}/schedules?${new URLSearchParams({ reportTypes: reportTypes.join(',') })}`;
      const about = { operation: 'getReportSchedules' as const, thing: 'schedules', path };
      const { reportSchedules } = await callApi({ ...call, ...about }, apiSchedules);
      return reportSchedules.map((schedule) => ({
        scheduleId: schedule.reportScheduleId,
        reportType: schedule.reportType,
        period: schedule.period,
        marketplaceIds: schedule.marketplaceIds ?? [],
        reportOptions: schedule.reportOptions ?? {},
      }));
    },

    async createReportSchedule({ reportOptions, ...wanted }, call) {
      const body = JSON.stringify({ ...wanted, ...withOptions(reportOptions) });
      const about = { thing: wanted.reportType, path: `${base}/schedules`, body };
      // Retrying is safe: the same schedule replaces the first one.
      const operation = 'createReportSchedule' as const;
      return (await callApi({ ...call, ...about, operation }, apiCreatedSchedule)).reportScheduleId;
    },

    async cancelReportSchedule(scheduleId, call) {
      const path = `${base}/schedules/${encodeURIComponent(scheduleId)}`;
      const about = { operation: 'cancelReportSchedule' as const, thing: `schedule ${scheduleId}`, path };
      try {
        await callApi({ ...call, ...about, method: 'DELETE' }, apiNothing);
      } catch (error) {
        if (!(error instanceof ReportsError) || error.code !== 'API_NOT_FOUND') throw error;
      }
    },
  };
}

function withOptions(reportOptions: Record<string, string>): { reportOptions?: Record<string, string> } {
  return Object.keys(reportOptions).length > 0 ? { reportOptions } : {};
}

/**
 * Whether a pipeline with these report types (exact names, `*`, or globs such as `GET_FBA_*`) wants
 * this one.
 */
export function matchesReportType(reportTypes: readonly string[], reportType: string): boolean {
  return reportTypes.some((wanted) => {
    const pattern = wanted.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'));
    return new RegExp(`^${pattern.join('.*')}$`).test(reportType);
  });
}

import type { RequestFacts } from '../schema/types.js';
import { type RequestConfig, windowOf } from './request-spec.js';

/**
 * Returns the `reportOptions` of a request, with the options that Amazon requires and whose value
 * is certain: `reportPeriod` from the window, and options that have a default.
 */
export function requestOptions(
  request: Pick<RequestConfig, 'window' | 'reportOptions'>,
  { options = {} }: Pick<RequestFacts, 'options'>,
): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [name, { required, default: usual, values = [] }] of Object.entries(options)) {
    const window = windowOf(request);
    const period = window?.count === 1 ? window.unit.toUpperCase() : undefined;
    const value = name === 'reportPeriod' && period && values.includes(period) ? period : usual;
    if (required && value !== undefined) filled[name] = value;
  }
  return { ...filled, ...request.reportOptions };
}

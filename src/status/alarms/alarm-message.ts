import { version } from '../../runtime/version.js';
import type { AlarmKind } from './condition.js';

/** One alarm, as it is sent. */
export interface Alarm {
  key: string;
  kind: AlarmKind | 'test';
  /** `again`: the condition lasts, or there is more of it. */
  state: 'begun' | 'again' | 'over';
  title: string;
  text: string;
  /** When the condition began, in ISO 8601. */
  since: string;
}

/** Limits for one Slack message; Slack cuts off long ones. */
const maxLines = 20;
const maxCharacters = 300;

/** Returns the body of the POST in that format. */
export function alarmBody(alarms: Alarm[], format: 'json' | 'slack', at: string): string {
  if (format === 'slack') return JSON.stringify({ text: slackText(alarms) });
  return JSON.stringify({ source: 'sp-reports', version, at, alarms });
}

function slackText(alarms: Alarm[]): string {
  const lines = alarms.slice(0, maxLines).map(({ state, title, text, since }) => {
    const sign = { begun: ':rotating_light:', again: ':warning:', over: ':white_check_mark:' }[state];
    if (state === 'over') return `${sign} Over: ${escaped(title)}, since ${since}`;
    return `${sign} *${escaped(title)}*\n${escaped(cut(text))}`;
  });
  const rest = alarms.length - maxLines;
  return [...lines, ...(rest > 0 ? [`and ${rest} more, see the status page`] : [])].join('\n');
}

function cut(text: string): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

/** Source: Slack's "Formatting text for app surfaces". */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

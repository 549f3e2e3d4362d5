import { pluralize } from '../text/pluralize.js';
import { spanText } from '../yaml/span.js';
import type { MadeBy, OptionFacts, RequestFacts } from './types.js';

/** One fact on requests, for people. */
export interface FactText {
  label: string;
  text: string;
  /** The address or the name of the page that states it. */
  source?: string;
}

/** Returns the facts on requests of a report type as texts, in the order of their importance. */
export function requestFactTexts(facts: RequestFacts): FactText[] {
  const texts: [fact: keyof RequestFacts, label: string, text: string | undefined][] = [
    ['ended', 'Ended', facts.ended && endText(facts.ended, facts.replacedBy)],
    ['madeBy', 'Made', facts.madeBy?.map((each) => madeByTexts[each]).join('; or ')],
    ['marketplaces', 'Marketplaces', facts.marketplaces && marketplaceTexts[facts.marketplaces]],
    ['maxWindow', 'Longest window', facts.maxWindow && spanText(facts.maxWindow)],
    ['oldestStart', 'Goes back', facts.oldestStart && spanText(facts.oldestStart)],
    [
      'settlesAfter',
      'Complete',
      facts.settlesAfter && `${spanText(facts.settlesAfter)} after the end of a window`,
    ],
    [
      'restatedFor',
      'Restated',
      facts.restatedFor && `up to ${spanText(facts.restatedFor)} after the end of a window`,
    ],
    ['minInterval', 'Interval', facts.minInterval && intervalText(facts.minInterval)],
    ['reportsPerDay', 'Limit', facts.reportsPerDay && perDayText(facts.reportsPerDay)],
    ['generatedEveryMinutes', 'New content', everyText(facts.generatedEveryMinutes)],
    ['options', 'Options', facts.options && Object.entries(facts.options).map(optionText).join('; ')],
    ['retention', 'Kept at Amazon', facts.retention && spanText(facts.retention)],
  ];
  return texts.flatMap(([fact, label, text]) => (text ? [{ label, text, source: facts.sources[fact] }] : []));
}

const madeByTexts: Record<MadeBy, string> = {
  automatic: 'by Amazon itself',
  requested: 'on request, in Seller Central or by createReport',
  scheduled: 'on a schedule, by createReportSchedule',
  'seller-central': 'in Seller Central only',
};

const marketplaceTexts: Record<NonNullable<RequestFacts['marketplaces']>, string> = {
  one: 'one for each report, even if a request names several',
  many: 'all that a request names',
  ignored: 'the whole region, whatever a request names',
};

function endText(ended: string, replacedBy: string[] = []): string {
  return replacedBy.length > 0 ? `${ended}, replaced by ${replacedBy.join(' and ')}` : ended;
}

function everyText(minutes: number | undefined): string | undefined {
  return minutes === undefined ? undefined : `at most every ${minutesText(minutes)}`;
}

/** Returns a time in whole hours if it has no minutes besides, such as `4 hours`. */
export function minutesText(minutes: number): string {
  return minutes % 60 === 0 ? pluralize(minutes / 60, 'hour') : pluralize(minutes, 'minute');
}

function intervalText({ minutes, per }: NonNullable<RequestFacts['minInterval']>): string {
  return `at least ${minutesText(minutes)} between two reports of one ${per}`;
}

function perDayText({ count, per }: NonNullable<RequestFacts['reportsPerDay']>): string {
  const whose = per === 'account' ? 'seller, for all applications together' : 'application';
  return `${count} reports a day for each ${whose}`;
}

function optionText([name, option]: [string, OptionFacts]): string {
  const { values, required, maxCharacters, maxItems, separator } = option;
  const parts = [
    ...(required ? ['required'] : []),
    ...(values
      ? [values.map((value) => (value === option.default ? `${value} (default)` : value)).join(', ')]
      : []),
    ...(!values && option.default !== undefined ? [`default ${option.default}`] : []),
    ...(maxItems !== undefined ? [`at most ${maxItems} items`] : []),
    ...(maxCharacters !== undefined ? [`at most ${maxCharacters} characters`] : []),
    ...(separator !== undefined ? [`separated by ${separator === ' ' ? 'blanks' : `\`${separator}\``}`] : []),
  ];
  return parts.length > 0 ? `\`${name}\`: ${parts.join(', ')}` : `\`${name}\``;
}

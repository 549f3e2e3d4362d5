import { variantsOf } from './escapes.js';

/**
 * The secrets in use, and their removal from texts. A server may echo what it received, as it came
 * or in an encoding of its own, so every text that others wrote passes `redact` before it reaches a
 * log, an error, the ledger, the lake or the page.
 */

/** Shorter ones would be found in ordinary words. */
const minLength = 6;
/** Tokens and presigned URLs come by the document; a server echoes those of its own calls. */
const maxPassing = 1000;
/** A longer text is searched less thoroughly, and quoted in part. */
const maxCharacters = 100_000;
const replacement = '<redacted>';

/** What marks the beginning of a needle in the index. */
const keyLength = minLength;

/** By secret, in the order in which they came, the texts that give it away. */
const lasting = new Map<string, string[]>();
const passing = new Map<string, string[]>();
/** All needles by their first characters, so that a search takes as long for many as for one. */
const index = new Map<string, Set<string>>();

/** Registers a secret of the settings for as long as the program runs. */
export function keepSecret(secret: string | undefined): void {
  if (secret === undefined || secret.length < minLength || lasting.has(secret)) return;
  lasting.set(secret, passing.get(secret) ?? addNeedles(secret));
  passing.delete(secret);
}

/** Registers a secret that is soon replaced, such as a token: the last thousand are kept. */
export function keepPassingSecret(secret: string | undefined): void {
  if (secret === undefined || secret.length < minLength || lasting.has(secret)) return;
  const needles = passing.get(secret) ?? addNeedles(secret);
  passing.delete(secret);
  passing.set(secret, needles);
  const [oldest] = passing;
  if (passing.size <= maxPassing || !oldest) return;
  passing.delete(oldest[0]);
  for (const needle of oldest[1]) {
    const key = needle.slice(0, keyLength);
    const known = index.get(key);
    known?.delete(needle);
    if (known?.size === 0) index.delete(key);
  }
}

/** Registers what makes a presigned URL a secret: its signature, credential and session token. */
export function keepPresignedUrl(url: string): void {
  if (!URL.canParse(url)) return;
  for (const [name, value] of new URL(url).searchParams)
    if (/signature|credential|token|key/i.test(name)) keepPassingSecret(value);
}

/**
 * Returns a text without the registered secrets, and without what looks like a token of Amazon or
 * Google or the signature of a URL. Finds them as they are, in base64, and escaped for URLs, JSON
 * or HTML, up to three times over.
 */
export function redact(text: string): string {
  const bytes = toBytes(text);
  const found: Span[] = [];
  for (const variant of variantsOf(bytes, text.length > maxCharacters ? 1 : 3)) {
    for (const [start, end] of [...secretsIn(variant.bytes), ...shapesIn(variant.bytes)])
      found.push([variant.starts[start] ?? 0, variant.starts[end] ?? bytes.length]);
  }
  if (found.length === 0) return text;
  found.sort(([one], [other]) => one - other);
  let redacted = '';
  let at = 0;
  for (const [start, end] of found) {
    if (start >= at) redacted += bytes.slice(at, start) + replacement;
    at = Math.max(at, end);
  }
  return Buffer.from(redacted + bytes.slice(at), 'latin1').toString('utf8');
}

/**
 * Returns what others wrote, redacted, and without the rest of what is far too long for a message.
 */
export function quote(text: string): string {
  if (text.length <= maxCharacters) return redact(text);
  // Not up to the cut: half of a secret would not be found.
  return `${redact(text.slice(0, maxCharacters)).slice(0, maxCharacters / 2)}…`;
}

/** From the first byte to the one behind the last. */
type Span = [start: number, end: number];

/** UTF-8, a character for each byte. */
function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Texts that differ only in how they write a blank, or by the alphabet of base64, are the same. */
function canonical(bytes: string): string {
  return bytes.replace(/[ -]/g, '+').replaceAll('_', '/');
}

function addNeedles(secret: string): string[] {
  const bytes = toBytes(secret);
  const needles = [bytes, ...base64Of(bytes)].map(canonical).filter(({ length }) => length >= keyLength);
  for (const needle of needles) {
    const key = needle.slice(0, keyLength);
    const known = index.get(key) ?? new Set();
    index.set(key, known.add(needle));
  }
  return needles;
}

/**
 * How a secret looks inside of something that is in base64. That depends on where it begins, so
 * there are three forms, each without the characters that depend on its neighbours.
 */
function base64Of(bytes: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('\0'.repeat(offset) + bytes, 'latin1').toString('base64');
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
  });
}

function secretsIn(bytes: string): Span[] {
  const text = canonical(bytes);
  const found: Span[] = [];
  for (let start = 0; start + keyLength <= text.length; start += 1) {
    for (const needle of index.get(text.slice(start, start + keyLength)) ?? [])
      if (text.startsWith(needle, start)) found.push([start, start + needle.length]);
  }
  return found;
}

const value = String.raw`[^\s"'<>&\\,;()]*`;
const shapes = new RegExp(
  [
    // Tokens of Login with Amazon, restricted data tokens, client secrets.
    String.raw`(?:Atz[ar]|Atc|Atz\.sprdt)\|${value}`,
    String.raw`amzn1\.oa2-cs\.v1\.${value}`,
    // Signatures of URLs and of requests.
    `X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token)=${value}`,
    String.raw`\bSignature=[0-9a-f]{16,}`,
    // Tokens of Google, addresses of Slack.
    String.raw`\bya29\.${value}`,
    // Signed tokens of any service: two parts that are JSON in base64, and the signature.
    String.raw`\beyJ[\w-]{8,}\.eyJ[\w-]+\.[\w-]+`,
    String.raw`hooks\.slack\.com/services/${value}`,
  ].join('|'),
  'gi',
);

function shapesIn(bytes: string): Span[] {
  return [...bytes.matchAll(shapes)].map(({ index: start, 0: { length } }) => [start, start + length]);
}

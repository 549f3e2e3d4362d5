import { readFileSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/** Boots are further apart than this, and what `uptime` returns is about that exact. */
const secondsApart = 10;

let id: string | undefined;

/**
 * Returns a text that differs after a restart of this machine, and on other machines: bytes that
 * were not synced may be lost by then. In rare cases it also differs within one boot.
 */
export function bootId(): string {
  id ??= idOfKernel() ?? `${hostname()} ${Math.round((Date.now() / 1000 - uptime()) / secondsApart)}`;
  return id;
}

/** Only Linux has one. */
function idOfKernel(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}

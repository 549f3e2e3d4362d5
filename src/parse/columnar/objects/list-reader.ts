import type { Kernel } from '../../../kernel/kernel.js';
import { notColumnar } from '../../parse-hint.js';
import type { Rows } from '../rows.js';
import { Slab } from '../slab.js';
import type { JsonRows } from './json-rows.js';
import { windowBytes } from './sliding-text.js';

/** Rows, and what read them. */
export interface ListRows {
  reader: ListReader;
  rows: Rows;
}

/** Why the kernel stopped splitting items, by its number. */
const stops: Record<number, 'more' | 'enough' | 'ended' | 'no room'> = {
  0: 'more',
  2: 'enough',
  3: 'ended',
  8: 'no room',
};

/** More rows of a few items than this are left to the reference parser. */
const maxItemsBytes = 64 * 1024 * 1024;

/** Reads the rows of one table in the items of a list. */
export class ListReader {
  /** The items as the kernel wrote them for this table. */
  private items: Slab | undefined;
  private readonly steps: number;

  constructor(
    private readonly kernel: Kernel,
    readonly rows: JsonRows,
    /** The names that lead from an item to the rows. */
    private readonly names: string[],
    /** Called when rows have names without paths; they are read again afterwards. */
    readonly onNewNames: () => void,
  ) {
    const steps = names.map((name) => Buffer.from(name));
    const places = steps.flatMap((name) => [kernel.copyIn(name), name.length]);
    this.steps = kernel.copyIn(new Uint8Array(Int32Array.from(places).buffer));
  }

  /** Reads all items of a slab, up to the closing bracket that ends it. */
  *readAll(items: Slab): Generator<ListRows> {
    for (let from = 0, isBegun = false; ; ) {
      const { end, stopped, rows } = this.rows.read(items, from, isBegun);
      from = end;
      isBegun ||= rows.count > 0;
      if (rows.count > 0) yield { reader: this, rows };
      if (stopped === 'ended') return;
      if (stopped === 'new names') this.onNewNames();
      else if (stopped === 'more') throw notColumnar('its rows are not well-formed');
    }
  }

  /**
   * Reads the rows in items of a list that has several tables, and leaves the items as they are.
   * Returns where it stopped.
   * Errors: ReadAgain<ParseHint>.
   */
  *split(
    source: Slab,
    from: number,
    { isBegun, maxBytes, window = windowBytes }: { isBegun: boolean; maxBytes: number; window?: number },
  ): Generator<ListRows, { end: number; stopped: 'more' | 'enough' | 'ended' }> {
    const { calls } = this.kernel;
    for (;;) {
      this.items ??= new Slab(this.kernel, 64 * 1024);
      const { at, capacity } = this.items;
      const end = calls.splitItems(
        source.at,
        source.length,
        from,
        Number(isBegun),
        this.steps,
        this.names.length,
        window,
        maxBytes,
        at,
        capacity,
      );
      const stopped = stops[calls.splitStopped.value as number];
      if (stopped === undefined) throw notColumnar('its nested rows are unusual or not well-formed');
      if (stopped === 'no room') {
        if (capacity >= maxItemsBytes) throw notColumnar('its nested rows are too many');
        calls.release(at);
        this.items = new Slab(this.kernel, capacity * 2);
        continue;
      }
      this.items.end(calls.splitBytes.value);
      yield* this.readAll(this.items);
      return { end, stopped };
    }
  }
}

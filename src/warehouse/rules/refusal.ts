import type { Load } from '../types.js';

/** A load that can't be committed as it is, whatever the state of the machine. */
export class Refusal extends Error {
  constructor(
    problem: string,
    /** Undefined if it is unknown which of several loads is at fault. */
    readonly load?: Load,
  ) {
    super(problem);
  }
}

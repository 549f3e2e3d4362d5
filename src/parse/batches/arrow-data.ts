import { type Data, makeData, Null } from 'apache-arrow';

/** An array of nothing but nulls, whatever the type of its column. */
export function nullData(length: number): Data {
  return makeData({ type: new Null(), length });
}

import { lineage } from '../../schema/lineage.js';
import type { Relation, Relations } from '../rules/relations.js';
import { bigQueryType } from './column-types.js';
import type { State, TableState } from './state.js';

/** The tables of the state as relations. */
export function relationsOf(state: State): Relations {
  return new Map([...state.tables].map(([key, { table }]) => [key, relationOf(table)]));
}

/** A table of the state as a relation. */
export function relationOf({ name, columns }: TableState): Relation {
  const all = [...columns, ...lineage];
  return {
    name,
    isView: false,
    columns: new Map(
      all.map((column) => [
        column.name.toLowerCase(),
        { name: column.name, type: column.type, typeText: bigQueryType(column.type) },
      ]),
    ),
  };
}

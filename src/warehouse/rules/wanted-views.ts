import type { View } from '../../schema/views.js';

/** The views that the commits of a process make, which change with their files. */
export class WantedViews {
  /** Whether the warehouse has the views as they are here. Tables that change make it wrong. */
  isFresh: boolean;

  constructor(private views: View[] = []) {
    this.isFresh = views.length === 0;
  }

  get list(): View[] {
    return this.views;
  }

  /** Takes the views as their files say now. */
  replace(views: View[]): void {
    if (definitionOf(views) !== definitionOf(this.views)) this.isFresh = false;
    this.views = views;
  }
}

function definitionOf(views: View[]): string {
  return JSON.stringify(
    views.map(({ name, sql, description, tables }) => [
      name,
      sql,
      description,
      tables.map((group) => group.map((table) => [table.name, table.isOptional])),
    ]),
  );
}

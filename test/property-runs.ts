const times = Number(process.env.PROPERTY_RUNS ?? 1);

/**
 * How many cases a property tries: the usual number, times PROPERTY_RUNS. `scripts/properties.mjs`
 * does the same for a property that names no number.
 */
export const runs = (usual: number): number => Math.ceil(usual * times);

/** Offsets from UTC in minutes, by the name of the time zone in capitals. */
export type ZoneOffsets = Readonly<Record<string, number>>;

/**
 * The zone names that Java prints for the zones of Amazon's marketplaces, in the languages of its
 * sellers, and related ones.
 */
export const zoneMinutes: ZoneOffsets = {
  Z: 0,
  UTC: 0,
  GMT: 0,
  UT: 0,
  WET: 0,
  WEZ: 0,
  PST: -480,
  PDT: -420,
  MST: -420,
  MDT: -360,
  CST: -360,
  CDT: -300,
  EST: -300,
  EDT: -240,
  AST: -240,
  ADT: -180,
  NST: -210,
  NDT: -150,
  AKST: -540,
  AKDT: -480,
  HST: -600,
  HAST: -600,
  HADT: -540,
  // Canadian French: heure normale and heure avancée of the Pacific, Rocky Mountains, Center, East,
  // Atlantic and Newfoundland.
  HNP: -480,
  HAP: -420,
  HNR: -420,
  HAR: -360,
  HNC: -360,
  HAC: -300,
  HNE: -300,
  HAE: -240,
  HNA: -240,
  HAA: -180,
  HNT: -210,
  HAT: -150,
  ACT: -300,
  AMT: -240,
  AMST: -180,
  BRT: -180,
  BRST: -120,
  FNT: -120,
  BST: 60,
  WEST: 60,
  WESZ: 60,
  CET: 60,
  MEZ: 60,
  MET: 60,
  CEST: 120,
  MESZ: 120,
  MEST: 120,
  EET: 120,
  OEZ: 120,
  SAST: 120,
  EEST: 180,
  OESZ: 180,
  TRT: 180,
  MSK: 180,
  GST: 240,
  IST: 330,
  SGT: 480,
  HKT: 480,
  TST: 480,
  AWST: 480,
  JST: 540,
  KST: 540,
  ACST: 570,
  ACDT: 630,
  AEST: 600,
  AEDT: 660,
  NZST: 720,
  NZDT: 780,
};

const middleEast = new Set(['SA', 'AE', 'EG']);
const america = new Set(['US', 'CA', 'MX', 'BR']);

/** Names that stand for several zones: which one is meant depends on the marketplace. */
const sharedNames: { names: ZoneOffsets; here: Set<string>; elsewhere: Set<string> }[] = [
  { names: { AST: 180, ADT: 240 }, here: middleEast, elsewhere: america },
  { names: { IST: 60 }, here: new Set(['IE']), elsewhere: new Set(['IN']) },
  // Turkey has had summer time all year since 2016.
  { names: { EET: 180, EEST: 180, OEZ: 180, OESZ: 180 }, here: new Set(['TR']), elsewhere: new Set() },
];

/** What shared names mean in these countries, if it is not what `zoneMinutes` says. */
export function zonesOf(countries: string[]): ZoneOffsets {
  const own = sharedNames.filter(
    ({ here, elsewhere }) =>
      countries.some((country) => here.has(country)) &&
      (elsewhere.size === 0
        ? countries.every((country) => here.has(country))
        : !countries.some((country) => elsewhere.has(country))),
  );
  return Object.assign({}, ...own.map(({ names }) => names));
}

/** Whether these countries leave open which zone a name stands for. */
export function isUncertainZone(name: string, countries: string[]): boolean {
  return sharedNames.some(({ names, here, elsewhere }) => {
    if (elsewhere.size === 0 || names[name] === undefined) return false;
    const isHere = countries.some((country) => here.has(country));
    return isHere === countries.some((country) => elsewhere.has(country));
  });
}

/** Whether a name stands for several zones. */
export function isSharedZone(name: string): boolean {
  return sharedNames.some(({ names, elsewhere }) => elsewhere.size > 0 && names[name] !== undefined);
}

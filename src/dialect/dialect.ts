export { fromDuckType } from './duck-types.js';
export type { Catalog, Table } from './scope.js';
export { parseAthena, translateAthena, type Parsed, type Translation } from './translate.js';
export { show, type Type } from './types.js';

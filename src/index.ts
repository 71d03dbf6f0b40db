export { boolean, date, defineDataset, defineDatasets, integer, money, number, text, textMap, timestamp, type Column, type Columns, type Dataset, type EventRow, type ItemRow } from './dataset.js';
export { LakeError, type ErrorCode } from './errors.js';
export { openLake, type OpenedLake, type OpenLakeOptions, type QueryOptions, type SnapshotFile, type TableSnapshot } from './library.js';
export { CalendarDate, type QueryParameter, type QueryParameters } from './query/parameters.js';

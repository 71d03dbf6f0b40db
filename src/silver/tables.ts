import { hasItems, sqlTypes, timeColumn, type ArrayTable, type Columns, type Dataset, type DatasetWithItems } from '../dataset.js';
import type { TableColumn, TableSpec } from '../lake/schema.js';

const instant = 'TIMESTAMP WITH TIME ZONE';
const partitionBy = ['event_date', 'platform'];

function contractColumns(columns: Columns): TableColumn[] {
  return Object.entries(columns).map(([name, column]) => ({ name, type: sqlTypes[column.type] }));
}

/** `silver.<items table>`: a row per element of an event's items. */
export function itemSpec(dataset: DatasetWithItems): TableSpec {
  return spec(dataset, dataset.items.table, [timeColumn(dataset)], [
    { name: 'event_id', type: 'VARCHAR' },
    { name: 'item_index', type: 'BIGINT' },
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
    ...contractColumns(dataset.event.columns),
    { name: timeColumn(dataset), type: instant },
    ...contractColumns(dataset.items.columns),
  ]);
}

/** `silver.<event table>`: a row per event; published last. */
export function eventSpec(dataset: Dataset): TableSpec {
  return spec(dataset, dataset.event.table, [timeColumn(dataset), 'received_at'], [
    { name: 'event_id', type: 'VARCHAR' },
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
    ...contractColumns(dataset.event.columns),
    { name: timeColumn(dataset), type: instant },
    ...(hasItems(dataset) ? [{ name: 'item_count', type: 'BIGINT' }] : []),
    { name: 'issues', type: 'VARCHAR[]' },
    { name: 'message_id', type: 'VARCHAR' },
    { name: 'received_at', type: instant },
  ]);
}

/** `silver.<dataset>_rejected`: events that break the contract, with the reason. */
export function rejectedSpec(dataset: Dataset): TableSpec {
  return spec(dataset, `${dataset.name}_rejected`, ['event_timestamp', 'received_at'], [
    { name: 'message_id', type: 'VARCHAR' },
    { name: 'received_at', type: instant },
    { name: 'event_timestamp', type: instant },
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
    { name: 'reason', type: 'VARCHAR' },
    { name: 'detail', type: 'VARCHAR' },
    { name: 'body', type: 'VARCHAR' },
  ]);
}

/** `silver.<dataset>_duplicates`: messages that say what an earlier one said. */
export function duplicatesSpec(dataset: Dataset): TableSpec {
  return spec(dataset, `${dataset.name}_duplicates`, ['received_at'], [
    { name: 'event_id', type: 'VARCHAR' },
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
    { name: 'message_id', type: 'VARCHAR' },
    { name: 'received_at', type: instant },
  ]);
}

/** `silver.<array's table>`: a row per element. */
export function arraySpec(dataset: Dataset, { table, columns }: ArrayTable): TableSpec {
  return spec(dataset, table, [timeColumn(dataset)], [
    { name: 'event_id', type: 'VARCHAR' },
    { name: 'parent_path', type: 'VARCHAR' },
    { name: 'item_index', type: 'BIGINT' },
    { name: 'event_date', type: 'DATE' },
    { name: 'platform', type: 'VARCHAR' },
    { name: timeColumn(dataset), type: instant },
    ...contractColumns(columns),
    { name: 'issues', type: 'VARCHAR[]' },
  ]);
}

/** All of silver's tables in the order of their commits: the event table publishes. */
export function silverSpecs(dataset: Dataset): readonly TableSpec[] {
  return [...(hasItems(dataset) ? [itemSpec(dataset)] : []), ...(dataset.arrays ?? []).map((array) => arraySpec(dataset, array)), rejectedSpec(dataset), duplicatesSpec(dataset), eventSpec(dataset)];
}

function spec(dataset: Dataset, table: string, statistics: readonly string[], columns: readonly TableColumn[]): TableSpec {
  return { layer: 'silver', table, columns, partitionBy, statistics, anchor: `silver/${dataset.event.table}` };
}

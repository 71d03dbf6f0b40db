import type { Dataset } from '../dataset.js';
import type { TableSpec } from '../lake/schema.js';

const instant = 'TIMESTAMP WITH TIME ZONE';

/** `bronze.<dataset>`: every message with an event time, verbatim. */
export function bronzeSpec(dataset: Dataset): TableSpec {
  return {
    layer: 'bronze',
    table: dataset.name,
    columns: [
      { name: 'body', type: 'VARCHAR' },
      { name: 'message_id', type: 'VARCHAR' },
      { name: 'source', type: 'VARCHAR' },
      { name: 'source_position', type: 'VARCHAR' },
      { name: 'sent_at', type: instant },
      { name: 'received_at', type: instant },
      { name: 'message_key', type: 'VARCHAR' },
      { name: 'message_headers', type: 'VARCHAR' },
      { name: 'event_timestamp', type: instant },
      { name: 'event_date', type: 'DATE' },
      { name: 'platform', type: 'VARCHAR' },
    ],
    partitionBy: ['event_date', 'platform'],
    statistics: ['event_timestamp', 'received_at'],
    anchor: `bronze/${dataset.name}`,
  };
}

/** `bronze.<dataset>_rejected`: what has no readable event time, with the reason. */
export function rejectedSpec(dataset: Dataset): TableSpec {
  return {
    layer: 'bronze',
    table: `${dataset.name}_rejected`,
    columns: [
      { name: 'body', type: 'BLOB' },
      { name: 'message_id', type: 'VARCHAR' },
      { name: 'source', type: 'VARCHAR' },
      { name: 'source_position', type: 'VARCHAR' },
      { name: 'sent_at', type: instant },
      { name: 'received_at', type: instant },
      { name: 'message_key', type: 'VARCHAR' },
      { name: 'message_headers', type: 'VARCHAR' },
      { name: 'reason', type: 'VARCHAR' },
      { name: 'received_date', type: 'DATE' },
    ],
    partitionBy: ['received_date'],
    statistics: ['received_at'],
    anchor: `bronze/${dataset.name}`,
  };
}

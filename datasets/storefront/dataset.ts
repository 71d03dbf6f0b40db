import { boolean, defineDatasets, integer, money, text, timestamp } from 'ingot';

const platforms = ['iOS', 'Android', 'MobileWeb'] as const;
const maxAheadMs = 24 * 60 * 60 * 1000;

/**
 * A shop's product views, from files of JSON batches, and its purchases, from a SQL database: what the CTR service divides.
 *
 * `storefront_view`: batches of an app's events. `view_batch` has a row each, `view_event` a row for each of its events.
 * - Platform: the folder or member path of a ZIP that the file lies in (`iOS/…`), or what the file's name begins with (`iOS_20160201.json`).
 * - Time: that of the batch's first event, of which the batch has its date and partition; each event has its own in `viewed_at`. The
 *   envelope's time may be years later.
 * - An event's own id is one constant in real data, so it is no key: equal are batches that say the same, and they count once.
 *   Ids are texts, since they go beyond 2^53.
 * - actual_price is a text, as apps send it: numbers in texts would be read value by value, four times as slow.
 * - A product view is an event of type `custom_event` with the name `product`: gold tells them apart, silver has all events.
 *
 * `storefront_purchase`: orders with their items as the database had them. `purchase_order` has a row for each version of an order,
 * `purchase_item` a row for each of its items; gold takes the newest version of an order on a date, unless it was withdrawn from it.
 * - Time: order_date, on clocks of GMT-03:00. Platform: the device, matched without case; an order of another device is kept without one,
 *   so that its newest version is known, and gold does not count it.
 */
export default defineDatasets(
  {
    name: 'storefront_view',
    version: 1,
    time: { key: '/events/0/data/timestamp_unixtime_ms', notBefore: '2000-01-01', maxAheadMs },
    platform: { path: true, values: platforms },
    nulls: [''],
    person: 'mpid',
    event: {
      table: 'view_batch',
      columns: {
        mpid: text(),
        batch_id: text(),
        batch_message_id: text({ keys: ['message_id'] }),
        message_type: text(),
        schema_version: text(),
        batch_at: timestamp({ keys: ['timestamp_unixtime_ms'] }),
      },
    },
    items: {
      table: 'view_event',
      key: 'events',
      columns: {
        event_type: text(),
        custom_event_type: text({ keys: ['/data/custom_event_type'] }),
        event_name: text({ keys: ['/data/event_name'] }),
        viewed_at: timestamp({ keys: ['/data/timestamp_unixtime_ms'] }),
        source_event_id: text({ keys: ['/data/event_id'] }),
        session_id: text({ keys: ['/data/session_id'] }),
        product: text({ keys: ['/data/custom_attributes/codeColor'] }),
        actual_price: text({ keys: ['/data/custom_attributes/actualPrice'] }),
        base: text({ keys: ['/data/custom_attributes/base'] }),
      },
    },
  },
  {
    name: 'storefront_purchase',
    version: 1,
    database: { query: 'database/order.sql' },
    time: { key: 'order_date', column: 'order_at', zone: '-03:00', notBefore: '2000-01-01', maxAheadMs },
    platform: { key: 'platform', values: platforms, required: false },
    nulls: [],
    event: {
      table: 'purchase_order',
      columns: {
        order_id: text({ required: true }),
        order_version: integer({ keys: ['version'], required: true }),
        withdrawn: boolean(),
        status: text(),
        device: text(),
        order_total: money(),
      },
    },
    items: {
      table: 'purchase_item',
      key: 'items',
      columns: { product: text({ keys: ['code_color'] }) },
    },
  },
);

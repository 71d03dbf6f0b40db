import { defineDataset, integer, money, text, textMap } from 'ingot';

/** App events of the shop, GA4's e-commerce names. */
export default defineDataset({
  name: 'shop',
  version: 1,
  time: { key: 'event_timestamp', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  platform: { key: 'platform', values: ['IOS', 'ANDROID'] },
  nulls: ['null', '(not set)', ''],
  person: 'user_id',
  event: {
    table: 'event',
    columns: {
      user_id: text({ required: true }),
      event_name: text({ required: true, values: ['view_item_list', 'view_item', 'begin_checkout', 'purchase'] }),
    },
  },
  items: {
    table: 'item_event',
    key: 'items',
    columns: {
      item_id: text(),
      item_name: text(),
      item_brand: text(),
      item_variant: text(),
      item_category: text(),
      item_category2: text(),
      item_category3: text(),
      item_category4: text(),
      item_category5: text(),
      price_in_usd: money(),
      price: money(),
      quantity: integer(),
      item_revenue_in_usd: money(),
      item_revenue: money(),
      coupon: text(),
      affiliation: text(),
      item_list_id: text(),
      item_list_name: text(),
      item_list_index: integer({ keys: ['item_list_index', 'index'] }),
      promotion_id: text(),
      promotion_name: text(),
      item_params: textMap(),
    },
  },
});

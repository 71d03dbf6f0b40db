import { defineDataset, text } from 'ingot';

/** What users do with products: the topic of views, clicks and purchases. */
export default defineDataset({
  name: 'actions',
  version: 1,
  time: { key: 'timestamp', column: 'event_datetime', format: 'iso', notBefore: '2000-01-01', maxAheadMs: 24 * 60 * 60 * 1000 },
  platform: { key: '/user_identifiers/platform', values: ['web', 'mobile', 'ios', 'android', 'desktop', 'tablet', 'tv'], required: false },
  nulls: [],
  person: 'user_id',
  strict: true,
  event: {
    table: 'user_action',
    columns: {
      event_name: text(),
      user_id: text({ keys: ['/user_identifiers/id'] }),
      product_name: text({ keys: ['/product_information/name'] }),
      SKU: text({ keys: ['/product_information/SKU'] }),
    },
  },
});

import { type Renderer, bodyText } from './render.js';
import type { ItemsForm, ShopEvent } from './event.js';

/** The ways in which a message can be wrong beyond repair. */
export const brokenKinds = [
  'not_json', 'cut_json', 'array_for_object', 'empty_user_id', 'null_user_id', 'missing_event_name', 'unknown_event_name', 'unknown_platform',
  'items_number', 'time_1970', 'time_2999', 'time_unreadable', 'missing_time',
] as const;
export type BrokenKind = (typeof brokenKinds)[number];

const notJson = ['not json at all', '<html><body>502 Bad Gateway</body></html>', 'event_timestamp=1,user_id=2', "{'user_id': 'x'}"];
const unknownNames = ['select_item', 'VIEW_ITEM', 'screen_view'];
const unknownPlatforms = ['WEB', 'WINDOWS', 'iPadOS'];
/** 2999-12-31 23:59:59. */
const farSeconds = 32_503_679_999;

/** An event's message made wrong; `salt` (a non-negative integer) chooses among the ways of one kind. */
export function brokenText(kind: BrokenKind, event: ShopEvent, form: ItemsForm, salt: number, renderer: Renderer): string {
  const body = renderer.body(event, form);
  const among = (values: readonly string[]): string => values[salt % values.length]!;
  switch (kind) {
    case 'not_json':
      return among(notJson);
    case 'cut_json': {
      const whole = bodyText(body, form);
      return whole.slice(0, 1 + (salt % (whole.length - 1)));
    }
    case 'array_for_object':
      return `[${bodyText(body, form)}]`;
    case 'empty_user_id':
      body.userId = '""';
      break;
    case 'null_user_id':
      body.userId = among(['null', '"null"', '"(not set)"', '']);
      break;
    case 'missing_event_name':
      body.name = '';
      break;
    case 'unknown_event_name':
      body.name = `"${among(unknownNames)}"`;
      break;
    case 'unknown_platform':
      body.platform = `"${among(unknownPlatforms)}"`;
      break;
    case 'items_number':
      body.items = among(['42', '0', '-1.5']);
      break;
    case 'time_1970':
      body.time = String(salt % 31_536_000);
      break;
    case 'time_2999':
      body.time = String(farSeconds) + (form === 'tostring' ? '000000' : '000');
      break;
    case 'time_unreadable':
      body.time = among(['"yesterday"', 'true', '{}', '"2026-13-45T99:00:00Z"']);
      break;
    case 'missing_time':
      body.time = '';
      break;
  }
  return bodyText(body, form);
}

const itemKeys = [
  'item_id', 'item_name', 'item_brand', 'item_variant', 'item_category', 'item_category2', 'item_category3', 'item_category4', 'item_category5',
  'price_in_usd', 'price', 'quantity', 'item_revenue_in_usd', 'item_revenue', 'coupon', 'affiliation', 'item_list_id', 'item_list_name',
  'item_list_index', 'promotion_id', 'promotion_name', 'item_params',
] as const;
const numbers = new Set<string>(['price_in_usd', 'price', 'quantity', 'item_revenue_in_usd', 'item_revenue', 'item_list_index']);

export type DecodedItem = Readonly<Record<string, string | number>>;

/** A message in one shape, whatever its form: nulls are left out, numbers are numbers, parameters are one text. */
export interface Decoded {
  readonly timeUs: number;
  readonly userId: string;
  readonly name: string;
  readonly platform: string;
  readonly items: readonly DecodedItem[];
  readonly form: 'array' | 'tostring' | 'string' | 'none';
}

type Json = Record<string, unknown>;

export function decode(line: string): Decoded {
  const body = JSON.parse(line) as Json;
  const raw = body['items'];
  const [items, form] = decodeItems(raw);
  const { user_id: userId, event_name: name, platform } = body;
  if (typeof userId !== 'string' || typeof name !== 'string' || typeof platform !== 'string') throw new Error(`A field is no text: ${line}`);
  return { timeUs: timeUs(line), userId, name, platform, items, form };
}

/** What makes two messages one event: everything but the parameters. */
export function eventKey({ timeUs, userId, name, platform, items }: Decoded): string {
  return JSON.stringify([timeUs, userId, name, platform, items.map((item) => itemKeys.slice(0, -1).map((key) => item[key] ?? null))]);
}

/** Keys of each item of a toString text, in the order in which they stand. */
export function keysOf(text: string): string[][] {
  return itemTexts(text).map((item) => fieldsOf(item).map(([key]) => key));
}

function timeUs(line: string): number {
  const match = /"event_timestamp": ?(\d+)(?:\.(\d+))?/.exec(line);
  if (match?.[1] === undefined) throw new Error(`No time: ${line}`);
  const whole = Number(match[1]);
  if (whole < 1e11) return whole * 1_000_000;
  if (whole > 1e14) return whole;
  return whole * 1000 + Math.floor(Number((match[2] ?? '').slice(0, 3).padEnd(3, '0')));
}

function decodeItems(raw: unknown): [DecodedItem[], Decoded['form']] {
  if (Array.isArray(raw)) return raw.length === 0 ? [[], 'none'] : [raw.map((item) => fromJson(item as Json)), 'array'];
  if (raw === undefined || raw === null || raw === '') return [[], 'none'];
  if (typeof raw !== 'string') throw new Error(`Items are a ${typeof raw}`);
  if (raw.startsWith('[{"')) return [(JSON.parse(raw) as Json[]).map(fromJson), 'string'];
  return [itemTexts(raw).map(fromText), raw === '[]' ? 'none' : 'tostring'];
}

function fromJson(item: Json): DecodedItem {
  const entries = itemKeys.flatMap((key): [string, string | number][] => {
    const value = key === 'item_list_index' ? (item[key] ?? item['index']) : item[key];
    if (value === undefined || value === null || value === '(not set)' || value === '') return [];
    if (Array.isArray(value)) return value.length === 0 ? [] : [[key, value.map((param) => jsonParam(param as Json)).join(';')]];
    if (typeof value !== (numbers.has(key) ? 'number' : 'string')) throw new Error(`${key} is a ${typeof value}`);
    return [[key, value as string | number]];
  });
  return Object.fromEntries(entries);
}

function jsonParam(param: Json): string {
  const values = Object.entries(param['value'] as Record<string, string | number | null>).filter(([, value]) => value !== null);
  return `${String(param['key'])}:${values.map(([type, value]) => `${type}=${String(value)}`).join()}`;
}

function itemTexts(text: string): string[] {
  if (!/^\[\{.*\}\]$/s.test(text)) return [];
  return text.slice(2, -2).split('}, {item_id=').map((item, index) => (index === 0 ? item : `item_id=${item}`));
}

function fieldsOf(item: string): [string, string][] {
  const parts = item.split(new RegExp(`(?:^|, )(${itemKeys.join('|')})=`));
  return Array.from({ length: (parts.length - 1) / 2 }, (_, at) => [parts[2 * at + 1] ?? '', parts[2 * at + 2] ?? '']);
}

function fromText(item: string): DecodedItem {
  const entries = fieldsOf(item).flatMap(([key, value]): [string, string | number][] => {
    if (value === 'null' || value === '(not set)' || value === '' || value === '[]') return [];
    if (key === 'item_params') return [[key, textParams(value)]];
    return [[key, numbers.has(key) ? Number(value) : value]];
  });
  return Object.fromEntries(entries);
}

function textParams(text: string): string {
  const params = text.matchAll(/\{key=(.*?), value=\{string_value=(.*?), int_value=(.*?), float_value=(.*?), double_value=(.*?)\}\}/g);
  return Array.from(params, ([, key, ...values]) => {
    const types = ['string_value', 'int_value', 'float_value', 'double_value'];
    return `${key ?? ''}:${types.flatMap((type, at) => (values[at] === 'null' ? [] : [`${type}=${values[at] ?? ''}`])).join()}`;
  }).join(';');
}

import { type List, type Product, type Promotion, lists, promotions, relatedLists } from './catalogue.js';
import type { Item, ItemsForm, Sale, ShopEvent } from './event.js';

/** The keys of a message's body as raw JSON text; an empty one is left out. */
export interface Body {
  time: string;
  userId: string;
  name: string;
  platform: string;
  items: string;
  replay: string;
}

/** The texts of a product that are the same in all events. */
interface ProductText {
  readonly jsonHead: string;
  readonly jsonTail: string;
  readonly plainHead: string;
  readonly plainTail: string;
}

interface PairText {
  readonly json: string;
  readonly plain: string;
}

const valueTypes = ['string_value', 'int_value', 'float_value', 'double_value'] as const;
const dayMs = 86_400_000;

/** Writes events as the queue's message bodies. Text is put together from parts that are made once. */
export class Renderer {
  private readonly products: readonly ProductText[];
  private readonly listTexts = new Map<List | null, PairText>();
  private readonly promotionTexts = new Map<Promotion | null, PairText>();
  private replayDay = -1;
  private replayText = '';

  constructor(products: readonly Product[]) {
    this.products = products.map(productText);
    for (const list of [null, ...lists, ...relatedLists]) this.listTexts.set(list, pairText('item_list', list?.id ?? null, list?.name ?? null));
    for (const promotion of [null, ...promotions]) this.promotionTexts.set(promotion, pairText('promotion', promotion?.id ?? null, promotion?.name ?? null));
  }

  /** One message body, without a newline. */
  event(event: ShopEvent, form: ItemsForm): string {
    return bodyText(this.body(event, form), form);
  }

  /** The parts of a message body. */
  body(event: ShopEvent, form: ItemsForm): Body {
    return {
      time: timeText(event, form),
      userId: JSON.stringify(event.userId),
      name: `"${event.name}"`,
      platform: `"${event.platform}"`,
      items: event.items.length === 0 ? event.style.noItems : this.items(event, form),
      replay: event.style.replayed ? this.replay(event.timeMs) : '',
    };
  }

  private items(event: ShopEvent, form: ItemsForm): string {
    let text = '[';
    if (form === 'tostring') {
      for (const item of event.items) text += (text.length > 1 ? ', ' : '') + this.plainItem(item);
      return `"${text}]"`;
    }
    const indexKey = event.style.shortIndexKey ? ',"index":' : ',"item_list_index":';
    for (const item of event.items) text += (text.length > 1 ? ',' : '') + this.jsonItem(item, indexKey);
    text += ']';
    return form === 'string' ? JSON.stringify(text) : text;
  }

  private jsonItem(item: Item, indexKey: string): string {
    const product = this.products[item.product]!;
    let text = product.jsonHead + (item.sale === null ? ',"quantity":null,"item_revenue":null' : jsonSale(item.sale));
    if (item.list !== null) text += this.listTexts.get(item.list)!.json + indexKey + String(item.listIndex);
    if (item.promotion !== null) text += this.promotionTexts.get(item.promotion)!.json;
    return text + product.jsonTail;
  }

  private plainItem(item: Item): string {
    const product = this.products[item.product]!;
    return (
      product.plainHead +
      (item.sale === null ? plainNoSale : plainSale(item.sale)) +
      this.listTexts.get(item.list)!.plain +
      (item.list === null ? ', item_list_index=(not set)' : `, item_list_index=${item.listIndex}`) +
      this.promotionTexts.get(item.promotion)!.plain +
      product.plainTail
    );
  }

  /** The midnight after the event, as the undocumented key has it. */
  private replay(timeMs: number): string {
    const day = Math.floor(timeMs / dayMs) + 1;
    if (day !== this.replayDay) {
      this.replayDay = day;
      this.replayText = `"${new Date(day * dayMs).toISOString().slice(0, 10)}T00:00:00Z"`;
    }
    return this.replayText;
  }
}

/** The body's text; the toString form has the spaces of the real queue. */
export function bodyText(body: Body, form: ItemsForm): string {
  const gap = form === 'tostring' ? ' ' : '';
  let text = '';
  const add = (key: string, value: string): void => {
    if (value !== '') text += (text === '' ? '{' : ',' + gap) + key + gap + value;
  };
  add('"event_timestamp":', body.time);
  add('"user_id":', body.userId);
  add('"event_name":', body.name);
  add('"platform":', body.platform);
  add('"items":', body.items);
  add('"replay_timestamp":', body.replay);
  return text + '}';
}

/** A fraction's fourth digit makes rounding and cutting to the microsecond agree, also after a double. */
function timeText(event: ShopEvent, form: ItemsForm): string {
  const { time, fractionUs } = event.style;
  if (time === 'seconds') return String(Math.floor(event.timeMs / 1000));
  if (form === 'tostring') return String(event.timeMs * 1000 + fractionUs);
  return time === 'fraction' ? `${event.timeMs}.${String(fractionUs).padStart(3, '0')}2` : String(event.timeMs);
}

function productText(product: Product): ProductText {
  const price = decimal(product.priceCents);
  const usd = product.priceInUsdCents;
  const levels = product.categories.map((category, level) => [level === 0 ? 'item_category' : `item_category${level + 1}`, category] as const);
  const fields = [['item_id', product.id], ['item_name', product.name], ['item_brand', product.brand], ['item_variant', product.variant], ...levels] as const;
  const plainFields: (readonly [string, string | null])[] = [...fields];
  if (levels.length < 2) plainFields.push(['item_category2', null]);
  const json = fields.map(([key, value]) => `"${key}":${JSON.stringify(value)}`).join(',');
  const plain = plainFields.map(([key, value]) => `${key}=${value ?? '(not set)'}`).join(', ');
  return {
    jsonHead: `{${json}${usd === null ? '' : `,"price_in_usd":${decimal(usd)}`},"price":${price}`,
    jsonTail: product.params.length === 0 ? '}' : `,"item_params":[${product.params.map((param) => jsonParam(param)).join(',')}]}`,
    plainHead: escaped(`{${plain}, price_in_usd=${usd === null ? '(not set)' : decimal(usd)}, price=${price}`),
    plainTail: escaped(`, item_params=[${product.params.map((param) => plainParam(param)).join(', ')}]}`),
  };
}

function jsonParam({ key, value }: Product['params'][number]): string {
  const values = valueTypes.map((type) => `"${type}":${type !== value.type ? 'null' : type === 'string_value' ? JSON.stringify(value.text) : value.text}`);
  return `{"key":"${key}","value":{${values.join(',')}}}`;
}

function plainParam({ key, value }: Product['params'][number]): string {
  return `{key=${key}, value={${valueTypes.map((type) => `${type}=${type === value.type ? value.text : 'null'}`).join(', ')}}}`;
}

/** Id and name of a list or a promotion, as both forms continue an item with them. */
function pairText(prefix: string, id: string | null, name: string | null): PairText {
  const json = (id === null ? '' : `,"${prefix}_id":${JSON.stringify(id)}`) + (name === null ? '' : `,"${prefix}_name":${JSON.stringify(name)}`);
  return { json, plain: escaped(`, ${prefix}_id=${id ?? '(not set)'}, ${prefix}_name=${name ?? '(not set)'}`) };
}

const plainNoSale = ', quantity=null, item_revenue_in_usd=(not set), item_revenue=null, coupon=(not set), affiliation=(not set)';

function plainSale(sale: Sale): string {
  const revenue = sale.revenueCents === null ? 'null' : decimal(sale.revenueCents);
  return `, quantity=${sale.quantity}, item_revenue_in_usd=(not set), item_revenue=${revenue}, coupon=${sale.coupon ?? '(not set)'}, affiliation=${sale.affiliation ?? '(not set)'}`;
}

function jsonSale(sale: Sale): string {
  let text = `,"quantity":${sale.quantity},"item_revenue":${sale.revenueCents === null ? 'null' : decimal(sale.revenueCents)}`;
  if (sale.coupon !== null) text += `,"coupon":"${sale.coupon}"`;
  if (sale.affiliation !== null) text += `,"affiliation":"${sale.affiliation}"`;
  return text;
}

/** Text as it stands inside a JSON string. */
function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** 12345 → 123.45, 1250 → 12.5, 2500 → 25. */
function decimal(cents: number): string {
  return String(cents / 100);
}

import type { List, Promotion } from './catalogue.js';

export type EventName = 'view_item_list' | 'view_item' | 'begin_checkout' | 'purchase';

/** How `items` is written: a JSON array, Java's toString in a JSON string, or a JSON array in a JSON string. */
export type ItemsForm = 'json' | 'tostring' | 'string';

/** What a checkout or purchase adds to an item; null is not sent or sent as null. */
export interface Sale {
  readonly quantity: number;
  readonly revenueCents: number | null;
  readonly coupon: string | null;
  readonly affiliation: string | null;
}

/** One element of an event's items. */
export interface Item {
  /** The product's rank in the catalogue. */
  readonly product: number;
  readonly list: List | null;
  /** 1-based place in the list, 0 without a list. */
  readonly listIndex: number;
  readonly promotion: Promotion | null;
  readonly sale: Sale | null;
}

/** What a user did. */
export interface ShopEvent {
  readonly timeMs: number;
  readonly userId: string;
  readonly name: EventName;
  /** As it is sent, in any letter case. */
  readonly platform: string;
  readonly items: readonly Item[];
  /** How the message writes what all messages could write in several ways. */
  readonly style: Style;
}

export interface Style {
  readonly form: ItemsForm;
  /** In the form's own unit (ms, µs), in seconds, or with `fractionUs` after the millisecond. */
  readonly time: 'own' | 'seconds' | 'fraction';
  /** 1–999 with `fraction`, else 0. */
  readonly fractionUs: number;
  /** What stands for items that are not there: nothing, or this JSON. */
  readonly noItems: '' | 'null' | '[]' | '""';
  readonly replayed: boolean;
  /** `index` in place of `item_list_index`, in the JSON forms. */
  readonly shortIndexKey: boolean;
}

import { generateActions } from './actions.js';
import { generateBank } from './bank.js';
import type { GenerateOptions } from './options.js';
import { generateUsers } from './profiles.js';
import { generateShop, type ShopOptions } from './shop.js';

export interface Generator {
  /** Made events, a line each; `form` is of shop alone. */
  readonly lines: (options: GenerateOptions & Partial<Pick<ShopOptions, 'form'>>) => Iterable<string>;
  /** Lines of one file, the header first, and so no messages. */
  readonly csv: boolean;
}

/** Datasets of which events can be made. */
export type GeneratedDataset = 'shop' | 'actions' | 'bank' | 'users';

export const generators: Readonly<Record<GeneratedDataset, Generator>> = {
  shop: { lines: ({ form = 'mixed', ...options }) => generateShop({ ...options, form }), csv: false },
  actions: { lines: generateActions, csv: false },
  bank: { lines: generateBank, csv: true },
  users: { lines: generateUsers, csv: false },
};

export function isGenerated(dataset: string): dataset is GeneratedDataset {
  return Object.hasOwn(generators, dataset);
}

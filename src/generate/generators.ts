import { generateActions } from './actions.js';
import { generateBank } from './bank.js';
import { generateMusic } from './music.js';
import type { GeneratedFile, GenerateOptions } from './options.js';
import { generateUsers } from './profiles.js';
import { generateShop, type ShopOptions } from './shop.js';
import { generateStorefront } from './storefront.js';

/** Made events, a line each: messages, or the records of one CSV file, its header first. `form` is of shop alone. */
export interface LineGenerator {
  readonly kind: 'messages' | 'csv';
  readonly lines: (options: GenerateOptions & Partial<Pick<ShopOptions, 'form'>>) => Iterable<string>;
}

/** Made files of several kinds. */
export interface FolderGenerator {
  readonly kind: 'folder';
  readonly files: (options: GenerateOptions) => readonly GeneratedFile[];
}

/** Datasets of which events can be made. */
export type GeneratedDataset = 'shop' | 'actions' | 'bank' | 'users' | 'music' | 'storefront';

export const generators: Readonly<Record<GeneratedDataset, LineGenerator | FolderGenerator>> = {
  shop: { kind: 'messages', lines: ({ form = 'mixed', ...options }) => generateShop({ ...options, form }) },
  actions: { kind: 'messages', lines: generateActions },
  bank: { kind: 'csv', lines: generateBank },
  users: { kind: 'messages', lines: generateUsers },
  music: { kind: 'folder', files: generateMusic },
  storefront: { kind: 'folder', files: generateStorefront },
};

export function isGenerated(dataset: string): dataset is GeneratedDataset {
  return Object.hasOwn(generators, dataset);
}

import { LocalStorage } from '../../../src/lake/local.js';

/** Tries to take every one of `count` names; prints those that it got. */
const [root = '', writer = '', count = '0'] = process.argv.slice(2);
const storage = new LocalStorage(root);
const won: number[] = [];
for (let name = 0; name < Number(count); name++) {
  if (await storage.putIfAbsent(`race/${name}.json`, `${writer}\n`.repeat(1000))) won.push(name);
}
process.stdout.write(JSON.stringify(won));

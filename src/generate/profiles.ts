import { Arrivals, dayMs, type Truth } from './arrivals.js';
import type { GenerateOptions } from './options.js';
import { type BrokenProfileKind, brokenProfileKinds, brokenProfileText, type OwnedProduct, type Profile, profileText, type Score } from './profile.js';
import type { Random } from './random.js';

/** A record and what it is. A duplicate is equal to its original in every field. */
export interface GeneratedProfile extends Truth<BrokenProfileKind> {
  /** A JSON object, without a newline. */
  readonly text: string;
  readonly profile: Profile;
}

const minuteMs = 60_000;
/** Of a user whose record comes again with another product. */
const updatedShare = 0.05;
const productTypes = ['creditcard', 'digitalaccount', 'loan', 'prepaidcard', 'insurance', 'investment'];

/**
 * Nested user records as NDJSON lines (no newline), exactly `events` of them, in order of arrival. The same options give the same lines anywhere.
 * @throws LakeError USAGE for options out of range
 */
export function* generateUsers(options: GenerateOptions): Generator<string, void, undefined> {
  for (const { text } of generateUsersWithTruth(options)) yield text;
}

/**
 * The lines of `generateUsers`, each with what it is.
 * @throws LakeError USAGE for options out of range
 */
export function generateUsersWithTruth(options: GenerateOptions): Generator<GeneratedProfile, void, undefined> {
  return new Profiles(options).lines();
}

class Profiles {
  private readonly arrivals: Arrivals<Profile, BrokenProfileKind>;
  private readonly random: Random;
  private users = 0;

  constructor(options: GenerateOptions) {
    this.arrivals = new Arrivals(options, brokenProfileKinds);
    this.random = this.arrivals.random;
  }

  *lines(): Generator<GeneratedProfile, void, undefined> {
    for (const { value: profile, kind, event, late, broken, order } of this.arrivals.all((nowMs) => this.signUp(nowMs))) {
      yield { text: broken === null ? profileText(profile) : brokenProfileText(broken, profile, order), kind, event, late, broken, profile };
    }
  }

  /** A user signs up, is scored and takes some products; some come again with one more. */
  private signUp(nowMs: number): void {
    const { random, arrivals } = this;
    const createdMs = Math.min(arrivals.untilMs - 1, nowMs + random.below(20 * minuteMs));
    const products = Array.from({ length: Math.floor(random.unit() * random.unit() * 9) }, (_none, index) => this.product(createdMs + (index + 1) * minuteMs));
    const profile: Profile = {
      id: 10_000_000 + this.users++, createdMs, updatedMs: createdMs + random.below(30 * minuteMs), name: `User ${random.below(1000)}`, products, score: random.chance(0.03) ? null : this.score(createdMs), turned: random.chance(0.3),
    };
    this.send(profile);
    if (!random.chance(updatedShare) || arrivals.full) return;
    const updatedMs = profile.updatedMs + 1 + random.below(dayMs);
    this.send({ ...profile, updatedMs, products: [...products, this.product(updatedMs)] });
  }

  private product(createdMs: number): OwnedProduct {
    const { random } = this;
    return { type: random.pick(productTypes), id: random.chance(0.001) ? null : 1000 + random.below(1500), createdMs: createdMs + random.below(minuteMs) };
  }

  private score(createdMs: number): Score {
    const { random } = this;
    const visited = random.chance(0.4);
    return {
      points: Math.floor(1000 * Math.max(random.unit(), random.unit())),
      createdMs: createdMs + random.below(5 * minuteMs),
      hasDebts: random.chance(0.01) ? null : random.chance(0.3),
      origin: random.chance(0.45) ? null : { source: visited ? random.pick(['crm', 'google', 'facebook']) : null, campaign: visited ? `campaign_${random.below(20)}` : null, ip: `192.0.2.${random.below(256)}` },
    };
  }

  private send(profile: Profile): void {
    this.arrivals.send(profile, profile.updatedMs, (turned) => ({ ...profile, turned }));
  }
}

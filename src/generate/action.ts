/** The ways in which an action's message can be wrong beyond repair. */
export const brokenActionKinds = [
  'not_json', 'cut_json', 'array_for_object', 'missing_timestamp', 'timestamp_number', 'timestamp_unreadable', 'timestamp_early', 'event_name_list',
  'user_id_number', 'identifiers_text', 'platform_unknown', 'name_object', 'SKU_number',
] as const;
export type BrokenActionKind = (typeof brokenActionKinds)[number];

/** What a user did with a product; null is a field that the message leaves out. */
export interface Action {
  readonly timeMs: number;
  /** 0–999,999, after the millisecond of `timeMs` has been cut: only where the message writes a fraction. */
  readonly fractionUs: number;
  readonly name: string;
  readonly userId: string | null;
  readonly platform: string | null;
  readonly product: { readonly name: string | null; readonly SKU: string | null } | null;
  /** How the time is written, and whether keys come in another order beside one that no column reads. */
  readonly style: { readonly zone: 'Z' | '' | '+02:00'; readonly turned: boolean };
}

interface Body {
  timestamp?: unknown;
  event_name?: unknown;
  user_identifiers?: unknown;
  product_information?: unknown;
}

/** The message of an action. */
export function actionText(action: Action): string {
  const body = bodyOf(action);
  if (!action.style.turned) return JSON.stringify(body);
  const { timestamp, event_name, user_identifiers, product_information } = body;
  return JSON.stringify({ product_information, user_identifiers, event_name, timestamp, client: 'retry' });
}

/** An action's message made wrong; `salt` (a non-negative integer) chooses among the ways of one kind. */
export function brokenActionText(kind: BrokenActionKind, action: Action, salt: number): string {
  const body = bodyOf(action);
  const among = <T>(values: readonly T[]): T => values[salt % values.length]!;
  const identifiers = { platform: action.platform ?? 'web', id: action.userId ?? 'user_0' };
  const product = { name: 'Taza', SKU: 'SKU-1', ...action.product };
  switch (kind) {
    case 'not_json':
      return among(['not json at all', '<html><body>502 Bad Gateway</body></html>', "{'event_name': 'view'}"]);
    case 'cut_json': {
      const whole = JSON.stringify(body);
      return whole.slice(0, 1 + (salt % (whole.length - 1)));
    }
    case 'array_for_object':
      return `[${JSON.stringify(body)}]`;
    case 'missing_timestamp':
      return JSON.stringify({ ...body, timestamp: among([undefined, null]) });
    case 'timestamp_number':
      return JSON.stringify({ ...body, timestamp: among([action.timeMs, Math.floor(action.timeMs / 1000)]) });
    case 'timestamp_unreadable':
      return JSON.stringify({ ...body, timestamp: among(['yesterday', '2026-13-45T99:00:00Z', '', '31/01/2026 10:00']) });
    case 'timestamp_early':
      return JSON.stringify({ ...body, timestamp: '1970-01-01T00:00:00Z' });
    case 'event_name_list':
      return JSON.stringify({ ...body, event_name: [action.name] });
    case 'user_id_number':
      return JSON.stringify({ ...body, user_identifiers: { ...identifiers, id: salt } });
    case 'identifiers_text':
      return JSON.stringify({ ...body, user_identifiers: identifiers.id });
    case 'platform_unknown':
      return JSON.stringify({ ...body, user_identifiers: { ...identifiers, platform: among(['fridge', '', '../../x']) } });
    case 'name_object':
      return JSON.stringify({ ...body, product_information: { ...product, name: { en: product.name } } });
    case 'SKU_number':
      return JSON.stringify({ ...body, product_information: { ...product, SKU: salt } });
  }
}

function bodyOf({ name, userId, platform, product, ...times }: Action): Body {
  const identifiers = { ...(platform === null ? {} : { platform }), ...(userId === null ? {} : { id: userId }) };
  return {
    timestamp: timeText(times),
    event_name: name,
    ...(userId === null && platform === null ? {} : { user_identifiers: identifiers }),
    ...(product === null ? {} : { product_information: { ...(product.name === null ? {} : { name: product.name }), ...(product.SKU === null ? {} : { SKU: product.SKU }) } }),
  };
}

const twoHoursMs = 2 * 3_600_000;

function timeText({ timeMs, fractionUs, style: { zone } }: Pick<Action, 'timeMs' | 'fractionUs' | 'style'>): string {
  const seconds = new Date(zone === '+02:00' ? timeMs + twoHoursMs : timeMs).toISOString().slice(0, 19);
  const fraction = fractionUs === 0 ? '' : `.${fractionUs % 1000 === 0 ? String(fractionUs / 1000).padStart(3, '0') : String(fractionUs).padStart(6, '0')}`;
  return `${seconds}${fraction}${zone}`;
}

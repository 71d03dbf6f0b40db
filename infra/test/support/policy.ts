import type { Stacks } from './stacks.js';

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

interface RawStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

export interface Policy {
  readonly id: string;
  /** Logical ids of the roles that have it. */
  readonly roles: readonly string[];
  readonly statements: readonly Statement[];
}

/** Every policy of a role in both stacks. */
export function policies(stacks: Stacks): Policy[] {
  return stacks.all('AWS::IAM::Policy').map(([id, { Properties }]) => ({
    id,
    roles: (Properties['Roles'] as unknown[]).map((role) => stacks.text(role)),
    statements: (Properties['PolicyDocument'] as { readonly Statement: readonly RawStatement[] }).Statement.map(({ Effect, Action, Resource }) => ({
      effect: Effect,
      actions: [Action].flat(),
      resources: (Array.isArray(Resource) ? Resource : [Resource]).map((each) => stacks.text(each)),
    })),
  }));
}

/** The statements of the role whose logical id begins so: `RolesConsumer`. */
export function statementsOf(stacks: Stacks, role: string): Statement[] {
  return policies(stacks).filter(({ roles }) => roles.some((each) => each.startsWith(`<${role}`))).flatMap(({ statements }) => statements);
}

/** Whether statements allow it; conditions are taken as met, so this allows too much rather than too little. */
export function isAllowed(statements: readonly Statement[], action: string, resource: string): boolean {
  const applies = statements.filter(({ actions, resources }) => actions.some((each) => matches(each, action)) && resources.some((each) => matches(each, resource)));
  return applies.some(({ effect }) => effect === 'Allow') && !applies.some(({ effect }) => effect === 'Deny');
}

function matches(pattern: string, text: string): boolean {
  const expression = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

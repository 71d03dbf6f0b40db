import assert from 'node:assert/strict';
import jsonata from 'jsonata';
import { busyExpression } from '../src/work/machine.js';
import { datesExpression } from '../src/work/layers.js';
import { Stacks } from './support/stacks.js';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Default?: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly MaxConcurrency?: number;
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number; readonly BackoffRate: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly Arguments?: { readonly Overrides?: { readonly ContainerOverrides: readonly { readonly Command: readonly string[] }[] } };
  readonly ItemProcessor?: Definition;
}

interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

describe('state machines', () => {
  const machines: Record<string, Definition> = {};

  before(async () => {
    const stacks = await Stacks.synth();
    for (const [, { Properties }] of stacks.all('AWS::StepFunctions::StateMachine')) {
      machines[stacks.text(Properties['StateMachineName'])] = JSON.parse(stacks.text(Properties['DefinitionString'])) as Definition;
    }
  });

  const definition = (name: string): Definition => machines[`ingot-prod-${name}`] ?? assert.fail(name);

  it('run silver, then gold; compact, then vacuum', () => {
    assert.deepEqual(commandsInTurn(definition('refresh')), [['silver', 'shop', '--jobs', '2', '--json'], ['gold', 'shop', '--jobs', '2', '--json']]);
    assert.deepEqual(commandsInTurn(definition('maintain')), [['compact', 'shop', '--json'], ['vacuum', 'shop', '--json']]);
  });

  it('build all contracts of a folder, whichever of them the queue\'s events are of', async () => {
    const stacks = await Stacks.synth({ dataset: 'music_listening' });
    const commands = stacks.all('AWS::StepFunctions::StateMachine').flatMap(([, { Properties }]) => allStates(JSON.parse(stacks.text(Properties['DefinitionString'])) as Definition).flatMap(([, state]) => state.Arguments?.Overrides?.ContainerOverrides ?? []));
    assert.deepEqual(commands.map(({ Command }) => Command.slice(0, 2).join(' ')).sort(), ['backfill music', 'compact music', 'gold music', 'silver music', 'vacuum music']);
    const consumer = JSON.stringify(stacks.all('AWS::ECS::TaskDefinition').map(([, { Properties }]) => Properties['ContainerDefinitions']));
    assert.match(consumer, /"bronze","music_listening","--follow"/);
  });

  it('rebuild one date at a time, as Ingot lets a dataset have one backfill', () => {
    const dates = definition('backfill').States['Each date'];
    assert.equal(dates?.MaxConcurrency, 1);
    const date = '{% $states.input.date %}';
    assert.deepEqual(commandsInTurn(dates.ItemProcessor ?? assert.fail()), [['backfill', 'shop', '--since', date, '--until', date, '--jobs', '2', '--json']]);
  });

  it('retry every command with longer and longer waits, end it in time, and tell of a failure before they fail', () => {
    let commands = 0;
    for (const machine of Object.values(machines)) {
      for (const [name, state] of allStates(machine)) {
        if (state.Resource?.endsWith(':ecs:runTask.sync') !== true) continue;
        commands++;
        assert.equal(state.TimeoutSeconds, 6 * 3600, name);
        assert.deepEqual(state.Retry?.map(({ MaxAttempts, BackoffRate }) => [MaxAttempts, BackoffRate]), [[6, 2], [2, 3]], name);
        assert.deepEqual(state.Catch?.map(({ ErrorEquals }) => ErrorEquals), [['States.ALL']], name);
      }
      const told = Object.values(machine.States).find(({ Resource }) => Resource?.endsWith(':sns:publish') === true);
      assert.equal(machine.States[told?.Next ?? '']?.Type, 'Fail');
      assert.equal(machine.States[told?.Catch?.[0]?.Next ?? '']?.Type, 'Fail');
    }
    assert.equal(commands, 5);
  });

  it('look first who is at work: a schedule skips, a backfill fails', () => {
    for (const [name, type] of [['refresh', 'Succeed'], ['maintain', 'Succeed'], ['backfill', 'Fail']] as const) {
      const machine = definition(name);
      assert.equal(machine.StartAt, 'Who is at work');
      assert.equal(machine.States[machine.StartAt]?.Next, 'Alone?');
      assert.equal(machine.States['Another one is at work']?.Type, type, name);
    }
  });

  it('let the earlier of two executions go on, of two at the same moment exactly one', async () => {
    const run = (name: string, time: string) => ({ Name: name, StartDate: `2026-01-01T${time}Z` });
    const isBusy = (me: ReturnType<typeof run>, others: readonly ReturnType<typeof run>[]) =>
      evaluate(busyExpression, { result: { Executions: [me, ...others] }, context: { Execution: { Name: me.Name, StartTime: me.StartDate } } });
    const [first, second, twin] = [run('b', '01:00:00.000'), run('a', '02:00:00.000'), run('c', '01:00:00.000')];
    assert.equal(await isBusy(first, []), false);
    assert.equal(await isBusy(first, [second]), false);
    assert.equal(await isBusy(second, [first]), true);
    assert.deepEqual([await isBusy(first, [twin]), await isBusy(twin, [first])], [false, true]);
  });

  it('take a range of dates apart, over the end of a month and of February in a leap year, and refuse what is none', async () => {
    const dates = (since: unknown, until: unknown) => evaluate(datesExpression, { input: { input: { since, until } } });
    assert.deepEqual(await dates('2028-02-28', '2028-03-01'), ['2028-02-28', '2028-02-29', '2028-03-01']);
    assert.deepEqual(await dates('2026-01-31', '2026-01-31'), ['2026-01-31']);
    assert.equal((await dates('2026-01-01', '2026-12-31') as string[]).length, 365);
    for (const [since, until] of [['2026-01-02', '2026-01-01'], ['2026-01-01', '2027-06-01'], ['soon', '2026-01-01'], [undefined, undefined]]) {
      await assert.rejects(dates(since, until), `${String(since)} ${String(until)}`);
    }
  });
});

/** What Step Functions makes of `{% … %}`, by the same language's own program. */
async function evaluate(text: string, states: unknown): Promise<unknown> {
  const result: unknown = await jsonata(text.replace(/^\{%|%\}$/g, '')).evaluate({}, { states });
  if (result === undefined) throw new Error('the expression gives nothing, which Step Functions takes for an error');
  return JSON.parse(JSON.stringify(result));
}

function allStates(definition: Definition): [string, State][] {
  return Object.entries(definition.States).flatMap(([name, state]) => [[name, state] as [string, State], ...(state.ItemProcessor === undefined ? [] : allStates(state.ItemProcessor))]);
}

/** The commands that run when nothing fails, in their order. */
function commandsInTurn({ StartAt, States }: Definition): (readonly string[])[] {
  const found: (readonly string[])[] = [];
  for (let name: string | undefined = StartAt; name !== undefined; name = States[name]?.Next ?? States[name]?.Default) {
    const command = States[name]?.Arguments?.Overrides?.ContainerOverrides[0]?.Command;
    if (command !== undefined) found.push(command);
  }
  return found;
}

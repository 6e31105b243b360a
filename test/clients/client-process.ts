/** A client in a process of its own: opens the one that its argument names, and takes one step after the other. */
import { CLIENTS } from './clients';
import type { Outcome, Task } from './running-client';

const [name = '', id = '', token = ''] = process.argv.slice(2);
const client = CLIENTS.find((one) => one.name === name);
if (!client) throw new Error(`There is no client ${name}`);
const steps = client.open({ id, token });

process.on('message', (task: Task) => {
  void take(task).then((outcome) => process.send?.(outcome));
});

async function take({ step, args }: Task): Promise<Outcome> {
  const work = steps[step] as ((...given: string[]) => Promise<unknown>) | undefined;
  if (!work) return { error: `${name} cannot ${step}` };
  try {
    return { result: (await work(...args)) ?? null };
  } catch (error) {
    return { error: error instanceof Error ? error.message : JSON.stringify(error) };
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { type Fault } from '../platform/faults';
import { type Answer } from './answer';
import { GraphError, messageOf } from './errors';

interface CallInHand {
  carryOut: () => Promise<Answer>;
  cut: () => void;
  /** Resolves when the connection is closed. */
  hang: () => Promise<void>;
  respond: (answer: Answer, cutShort: boolean) => void;
  closing: AbortSignal;
}

/** The course of a call that a fault has hit. */
export async function applyFault(
  fault: Fault,
  { carryOut, cut, respond, hang, closing }: CallInHand,
): Promise<void> {
  const done = fault.accept || fault.reset === 'after' ? await carryOut() : undefined;
  if (fault.delayMs !== undefined) await pause(fault.delayMs, closing);
  if (fault.hang) {
    await hang();
    return;
  }
  if (fault.reset === 'before' || fault.reset === 'after') {
    cut();
    return;
  }
  const answer = answerInstead(fault) ?? done ?? (await carryOut());
  respond(dropFields(fault.drop, answer), fault.reset === 'answer');
}

/** Ends early when the simulator closes. */
export async function pause(ms: number, closing: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: closing }).catch(() => undefined);
}

function answerInstead({ status, body, headers = {}, error }: Fault): Answer | undefined {
  if (error) {
    const {
      code,
      subcode,
      message = messageOf(code, subcode) ?? `(#${code}) A fault of the simulator`,
      // Not of 1/1357046, after which everything may have been sent.
      is_transient: isTransient = subcode === undefined && [1, 2].includes(code) ? true : undefined,
    } = error;
    const graphError = new GraphError(code, message, { subcode, isTransient });
    return { status: status ?? graphError.status, body: { ...graphError.body() }, headers };
  }
  if (status === undefined && body === undefined) return undefined;
  return { status: status ?? 200, body: body ?? '', headers };
}

function dropFields(names: string[] = [], answer: Answer): Answer {
  if (typeof answer.body === 'string' || Array.isArray(answer.body)) return answer;
  const kept = Object.entries(answer.body).filter(([name]) => !names.includes(name));
  return { ...answer, body: Object.fromEntries(kept) };
}

import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { type Fault } from 'messenger-platform-simulator';
import { audit } from './tour/expected';
import { difference, readWireStats, untilQuiet } from './tour/wire-stats';
import { headline, INTRODUCTION, stepRows, totalRows, verdict } from './tour/report';
import { Stage } from './tour/stage';
import { tellStory } from './tour/story';

/** What the platform does to one message, to show that the tour notices. */
const SPOILERS = {
  /** It has no time, and a bot must not send again what may have arrived. */
  lose: { purpose: 'send-id', afterCalls: 20, error: { code: 2, is_transient: true } },
  /** It delivers the message and says that it has not: the bot believes it, and sends again. */
  double: { purpose: 'send-id', afterCalls: 20, accept: true, error: { code: 100, subcode: 2018074 } },
} as const satisfies Record<string, Fault>;

/** Resolves with whether every message arrived exactly once, without an upload too many. */
async function tour(spoiler?: Fault): Promise<boolean> {
  const startedAt = performance.now();
  console.log(INTRODUCTION);
  const stage = await Stage.open();
  const { simulator } = stage;
  try {
    if (spoiler) simulator.addFaults(spoiler);
    console.log(headline());
    const needless: string[] = [];
    const story = tellStory();
    // A spoiler strikes in the first step; what follows would only take time.
    const steps = spoiler ? story.slice(0, 1) : story;
    for (const [index, step] of steps.entries()) {
      const before = readWireStats(simulator);
      await step.play(stage);
      await untilQuiet(simulator);
      const stats = difference(readWireStats(simulator), before);
      console.log(stepRows(index + 1, step, stats));
      const { uploads } = stats;
      if (uploads > step.maxUploads) {
        needless.push(`step ${index + 1}: ${uploads} uploads, at most ${step.maxUploads} are needed`);
      }
    }
    await stage.stopBot(); // Nothing more can arrive: now it can be counted.
    const stats = readWireStats(simulator);
    const { faults, ...counted } = audit(stage.people, simulator.state().threads);
    const unanswered = faults.length > 0 ? stage.unanswered : []; // Late is not lost.
    const result = { ...counted, faults: [...faults, ...needless, ...unanswered] };
    console.log(totalRows(stats));
    console.log(verdict(result, stats));
    console.log(`It took ${((performance.now() - startedAt) / 1000).toFixed(1)} seconds.`);
    return result.faults.length === 0;
  } finally {
    await stage.close();
    if (stage.complaints.length > 0) {
      console.log(`\nThe bot complained:\n${stage.complaints.join('').trimEnd()}`);
    }
  }
}

function chosenSpoiler(): Fault | undefined {
  const { spoil } = parseArgs({ options: { spoil: { type: 'string' } } }).values;
  if (spoil === undefined) return undefined;
  if (spoil === 'lose' || spoil === 'double') return SPOILERS[spoil];
  throw new TypeError(`Expected --spoil to be one of ${Object.keys(SPOILERS).join(', ')}, got "${spoil}"`);
}

async function main(): Promise<void> {
  if (!(await tour(chosenSpoiler()))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { blocksOfDocstrings, blocksOfMarkdown, MARKDOWN, ROOT, SOURCES, type Block } from './blocks';
import { compile, compileStrictly, compileWithDom } from './compile';
import { TYPESCRIPT } from '../support/processes/typescript';
import { until } from '../support/checks/waiting';
import { freePort } from '../support/platform/listen';
import { PAGE } from '../support/platform/pages';
import { arrived } from '../support/platform/received';
import { openPlace, USER, type Place } from './programs';
import { expectEcho } from './readme-bots';

/** With a bot in Python, in testing.test.ts. */
const ELSEWHERE = 'simulator/docs/testing.md: A bot in a process of its own';
const inMarkdown = MARKDOWN.flatMap(blocksOfMarkdown);
const inDocstrings = SOURCES.flatMap(blocksOfDocstrings);

const WRONG: Block = {
  file: 'wrong.md',
  line: 1,
  heading: '',
  language: 'js',
  isFragment: true,
  text: `await bot.reply(message, image('cats/tom.jpg', { reusable: 'no' }));`,
};

/** With the types of a browser, `Blob` is another type than that of `node:buffer`. */
const BLOBS: Block = {
  file: 'blobs.md',
  line: 1,
  heading: '',
  language: 'ts',
  isFragment: false,
  text: `import buffer from 'node:buffer';
import { file, image, type Filedata } from 'botkit-plugin-facebook-attachments';
image(new Blob(['x']));
image(new buffer.Blob(['x']));
file(new File(['x'], 'a.txt'));
export const bytes: Filedata[] = [Buffer.alloc(1), new Uint8Array(1), new Blob([])];
export const response = async (): Promise<unknown> => image(await (await fetch('https://example.com')).blob());
// @ts-expect-error An ArrayBuffer is no source.
image(new ArrayBuffer(1));`,
};

/** What each whole program of the documentation does, by the heading that it stands under. */
const PROGRAMS: Readonly<Record<string, (place: Place, program: Block) => Promise<void>>> = {
  'README.md: botkit-plugin-facebook-attachments': sendsTheCat,
  // With the same bot in other languages, in simulator-readme.test.ts.
  'simulator/README.md: Quick start': repeatsWhatIsWritten,
  'docs/recipes.md: An ES module': sendsTheCat,
  'docs/recipes.md: A TypeScript bot': sendsTheCat,
  'docs/recipes.md: Warm-up at deployment': async (place, program) => {
    const printed = await place.run(program);
    const { length } = place.sim.assets();
    assert.notEqual(length, 0);
    assert.equal(printed, `${length} uploaded, 0 had an ID, 0 failed\n`);
    assert.equal(await place.run(program), `0 uploaded, ${length} had an ID, 0 failed\n`);
  },
  'docs/recipes.md: A bot without Botkit': async (place, program) => {
    await place.withBot(program, async (bot) => {
      await bot.say('cat');
      const { sim } = place;
      await until('it has answered', () => arrived(sim, USER).length === 2);
      const [picture, question] = arrived(sim, USER);
      assert.equal(picture?.attachments[0]?.name, 'tom.jpg');
      assert.ok(picture.attachments[0].attachmentId);
      assert.equal(question?.text, 'Another one?');
      const forged = await fetch(bot.webhook, { method: 'POST', body: '{"entry":[]}', headers: FORGED });
      assert.equal(forged.status, 403);
    });
  },
  'docs/recipes.md: Traces with OpenTelemetry': async (place, program) => {
    const printed = await place.run({ ...program, text: program.text + SEND_TOM });
    const spans = [...printed.matchAll(/^\{[^]*?^\}/gm)].map(([span]) => span);
    const idOf = (span = ''): string | undefined => /^ {2}id: '(\w+)'/m.exec(span)?.[1];
    const [upload, send, ...more] = spans;
    assert.deepEqual(more, []);
    assert.match(upload ?? '', /name: 'facebook-attachments upload'/);
    assert.match(upload ?? '', new RegExp(`spanId: '${idOf(send)}'`));
    assert.match(send ?? '', /name: 'facebook-attachments send'[^]*asset: 'image cats\/tom\.jpg'/);
    assert.ok(!printed.includes(PAGE.token));
  },
  'docs/recipes.md: Tests of your own bot': async (place, program) => {
    // The second one answers the webhook before it sends.
    const bots = [
      programs(['README.md'])[0],
      programs().find(({ heading }) => heading === 'A bot without Botkit'),
    ];
    for (const bot of bots) {
      assert.ok(bot);
      await place.withBot(bot, async () => {
        assert.match(await place.run(program), /^# pass 2$[^]*^# fail 0$/m);
      });
      place.sim.reset();
    }
  },
  'simulator/docs/testing.md: A Botkit bot': async (place, program) => {
    const [bot] = programs(['README.md']);
    await writeFile(path.join(place.folder, 'bot.js'), bot?.text ?? assert.fail());
    assert.match(await runWithOwnSimulator(place, program), /^# pass 1$[^]*^# fail 0$/m);
  },
  "simulator/docs/testing.md: A bot in the test's own process": async (place, program) => {
    // As the example says: the authority cannot come from here.
    const printed = await runWithOwnSimulator(place, program, { NODE_EXTRA_CA_CERTS: '' });
    assert.match(printed, /^# pass 2$[^]*^# fail 0$/m);
  },
};

/** Sends one message, so that there is something to trace. */
const SEND_TOM = `
const { FacebookAttachmentCache, image } = require('botkit-plugin-facebook-attachments');
new FacebookAttachmentCache({ root: 'assets' })
  .connect({
    accessToken: process.env.FACEBOOK_ACCESS_TOKEN,
    appSecret: process.env.FACEBOOK_APP_SECRET,
    apiHost: process.env.FACEBOOK_API_HOST,
  })
  .send('${USER}', image('cats/tom.jpg'));
`;

const FORGED = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };

/** A test that starts the simulator. */
async function runWithOwnSimulator(
  place: Place,
  program: Block,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const text = program.text
    .replace('3000', String(await freePort()))
    .replace("'messenger-platform-simulator'", JSON.stringify(path.join(ROOT, 'simulator/index.ts')));
  return place.run({ ...program, text }, { NODE_OPTIONS: TYPESCRIPT.join(' '), ...env });
}

async function repeatsWhatIsWritten(_place: Place, { text }: Block): Promise<void> {
  await expectEcho({ file: 'bot.js', code: text, command: ['node', 'bot.js'] });
}

async function sendsTheCat(place: Place, program: Block): Promise<void> {
  await place.withBot(program, async (bot) => {
    const [first, ...more] = await bot.say('cat');
    assert.equal(first?.attachments[0]?.name, 'tom.jpg');
    assert.ok(first.attachments[0].attachmentId);
    assert.deepEqual(more, []);
  });
}

describe('the examples of the documentation', () => {
  it('compile, those of the docstrings too; one that is wrong would not', function () {
    this.timeout(120_000);
    const found = compile([...inMarkdown, ...inDocstrings, WRONG]);
    assert.deepEqual(
      found.filter((problem) => !problem.startsWith('wrong.md:1: ')),
      [],
    );
    assert.equal(found.length, 1);
  });

  it('compile under strict TypeScript, if they are TypeScript programs', function () {
    this.timeout(60_000);
    const typed = programs().filter(({ language }) => language === 'ts');
    assert.notEqual(typed.length, 0);
    assert.deepEqual(compileStrictly(typed), []);
  });

  it('compile with the types of a browser, where Blob is another type, as well', function () {
    this.timeout(60_000);
    assert.deepEqual(compileWithDom([...programs().filter(({ language }) => language === 'ts'), BLOBS]), []);
    assert.deepEqual(compileStrictly([BLOBS]), []);
  });

  it('are found', () => {
    assert.ok(inMarkdown.some(({ file }) => file === 'docs/simulator.md'));
    assert.ok(inDocstrings.some(({ heading }) => heading.startsWith('async warm(')));
  });

  it('have one program under a heading', () => {
    assert.deepEqual(programs().map(nameOf).sort(), Object.keys(PROGRAMS).sort());
  });

  describe('run, against the simulator:', function () {
    this.timeout(120_000);
    let place: Place;

    before(async () => {
      place = await openPlace();
    });
    beforeEach(() => {
      place.sim.reset();
    });
    after(() => place.close());

    for (const program of programs()) {
      const name = nameOf(program);
      it(name, () => PROGRAMS[name]?.(place, program));
    }
  });
});

function programs(files: readonly string[] = MARKDOWN): Block[] {
  return inMarkdown.filter(
    (block) => files.includes(block.file) && nameOf(block) !== ELSEWHERE && !block.isFragment,
  );
}

function nameOf({ file, heading }: Block): string {
  return `${file}: ${heading}`;
}

import { invitation, receipt } from '../features/bytes';
import { asset, bytes, card, text, type Expected } from './expected';
import { type Person, type Stage } from './stage';

export interface Step {
  readonly title: string;
  readonly explanation: string;
  /** More would mean that bytes went up for nothing. */
  readonly maxUploads: number;
  play(stage: Stage): Promise<void>;
}

const TOM = asset('image', 'cats/tom.jpg');
const MIA = asset('image', 'cats/mia.jpg');
const BLINK = asset('image', 'blink.gif');
const LULLABY = asset('audio', 'lullaby.mp3');
const NIGHT = asset('video', 'night.mp4');

/** Distinct files that `askForEverything` names: two wishes are for the same film, two for the same picture. */
const FILES = 9;

/** Steps share the people whose conversation goes on. */
export function tellStory(): Step[] {
  let undecided: Person[] = [];
  return [
    {
      title: '100 people ask for the same picture at once',
      explanation: 'The first one’s upload serves all who wait for it.',
      maxUploads: 1,
      play: async (stage) => {
        await all(stage.newcomers(100), (person) => person.writes('picture', TOM));
      },
    },
    {
      title: 'One asks for everything the bot has',
      explanation:
        'Pictures, GIF, sound, video, file, two cards with buttons, bytes made on the spot, a web address.',
      maxUploads: FILES, // The picture is known; the receipt is for one person only and never saved.
      play: async (stage) => {
        await all(stage.newcomers(1), async (person) => {
          await askForEverything(stage, person);
          await person.taps('The tune, please', 'sound', LULLABY);
          await person.writes('receipt', bytes('file', 'receipt.txt', receipt(person.user)));
        });
      },
    },
    {
      title: '15 more ask for everything',
      explanation: 'Each message is a short call with an ID.',
      maxUploads: 0,
      play: async (stage) => {
        await all(stage.newcomers(15), (person) => askForEverything(stage, person));
      },
    },
    {
      title: '20 people hold a scripted conversation',
      explanation: 'Their answers become part of a path; ten of them leave the last question open.',
      maxUploads: 0,
      play: async (stage) => {
        const people = stage.newcomers(20);
        undecided = people.slice(10);
        await all(people, meetTheCats);
        await all(people.slice(0, 10), (person) => person.writes('Sing', LULLABY, text(/^Come back soon!$/)));
      },
    },
    {
      title: 'A second page: 10 people ask for everything',
      explanation: 'An ID is good for one page only, so each page uploads for itself, once.',
      maxUploads: FILES,
      play: async (stage) => {
        await all(stage.newcomers(10, 'other'), (person) => askForEverything(stage, person));
      },
    },
    {
      title: '91 days pass, 10 people ask for everything',
      explanation:
        'The platform refuses every old ID. The message arrives all the same, and the next ones have a new ID.',
      maxUploads: 2 * FILES, // One in the message that met the dead ID, one for the new ID.
      play: async (stage) => {
        stage.simulator.advanceDays(91);
        await all(stage.newcomers(10), (person) => askForEverything(stage, person));
      },
    },
    {
      title: 'The bot restarts, 15 people ask for everything',
      explanation:
        'A new process has the IDs from the store. The ten who had left a question open answer it now.',
      maxUploads: 0,
      play: async (stage) => {
        await stage.restartBot();
        await all(stage.newcomers(15), (person) => askForEverything(stage, person));
        await all(undecided, (person) => person.writes('Sing', LULLABY, text(/^Come back soon!$/)));
      },
    },
  ];
}

/** One after the other, as a person does. */
async function askForEverything(stage: Stage, person: Person): Promise<void> {
  const wishes: [string, Expected][] = [
    ['picture', TOM],
    ['logo', asset('image', 'paw.png')],
    ['gif', BLINK],
    ['sound', LULLABY],
    ['video', NIGHT],
    ['file', asset('file', 'cat-care.pdf')],
    ['card', card(NIGHT)],
    ['postcard', card(MIA)],
    ['gallery 2', MIA],
    ['invitation', bytes('file', 'moonrise.ics', invitation())],
    [`show ${stage.pictureAddress}`, MIA],
  ];
  for (const [wish, expected] of wishes) await person.writes(wish, expected);
}

async function meetTheCats(person: Person): Promise<void> {
  const question = text(/^Whom would you like to meet\?$/);
  await person.writes('tour', text(/^Two cats live here/), question);
  await person.writes('Rex', text(/^I know Tom and Mia only/), question);
  await person.writes('Mia', MIA, BLINK);
}

async function all(people: readonly Person[], act: (person: Person) => Promise<void>): Promise<void> {
  await Promise.all(people.map(act));
}

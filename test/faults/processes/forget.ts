import { FacebookAttachmentCache, image } from '../../../src';

/** A script that does one thing: it forgets an ID, in a store that never answers. */
const hanging = {
  get: () => new Promise(() => undefined),
  set: () => new Promise(() => undefined),
  delete: () => new Promise(() => undefined),
  clear: () => undefined,
};
const cache = new FacebookAttachmentCache({ store: hanging, storeTimeout: 50 });

void cache
  .forget(image('https://example.com/tom.png'), { page: '1001' })
  .then(
    () => 'forgotten',
    (error: unknown) => String(error),
  )
  .then((end) => {
    console.log(end);
  });

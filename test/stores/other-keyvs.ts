import type { KeyvLike, KeyvStorageLike } from '../../src';
import type { OtherKeyvClass } from './adapters';
import type { StoreKind } from './kinds';

export interface OtherKeyv {
  readonly name: string;
  readonly Keyv: OtherKeyvClass;
  /** What it puts between namespace and key. */
  readonly separator: string;
}

/** A store that bots are given in a Keyv of another version. */
export function inKeyv({ name, Keyv, separator }: OtherKeyv, kind: StoreKind): StoreKind {
  const namespace = 'facebook-attachments';
  const wrap = (adapter: KeyvStorageLike): KeyvLike => new Keyv({ store: adapter, namespace });
  return {
    ...kind,
    isKnown: true,
    name: `${kind.name} in ${name}`,
    open: (place) => {
      const store = kind.open(place);
      return { ...store, keyv: wrap(store.adapter), prefix: namespace + separator };
    },
  };
}

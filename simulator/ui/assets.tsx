import { type Asset } from '../platform/model';
import { post } from './api';
import * as format from './format';
import { Icon } from './icons';
import { assets, isAlive, now, pages, status } from './store';

/** Below this, an ID is near its end. */
const SOON = 7;

/** What has an ID, the youngest first. */
export function Assets() {
  const shown = [...assets.value.values()].reverse();
  const { assetCount = 0 } = status.value ?? {};
  return (
    <div class="panel">
      <div class="panel-head">
        <h2>Saved assets</h2>
        <button
          type="button"
          class="danger"
          disabled={!shown.some(isAlive)}
          onClick={() => void post('/revoke', { all: true })}
        >
          Revoke all IDs
        </button>
      </div>
      {shown.length === 0 && (
        <p class="nothing">None yet. What the bot uploads gets an ID, and shows up here.</p>
      )}
      <ul class="assets" aria-label="Saved assets, newest first">
        {shown.map((asset) => (
          <AssetRow key={asset.id} asset={asset} />
        ))}
      </ul>
      {assetCount > shown.length && (
        <p class="note">
          The last {shown.length} of {format.count(assetCount)}. <a href="/_sim/state">More</a>
        </p>
      )}
    </div>
  );
}

function AssetRow({ asset }: { asset: Asset }) {
  const { id, name, type, contentType, bytes, page, timesUsed, uploadedAt, expiresAt } = asset;
  const alive = isAlive(asset);
  // The clock may have been told a moment before the asset was uploaded: that would leave 91 days of 90.
  const time = Math.max(now.value, uploadedAt);
  const left = format.daysLeft(expiresAt - time);
  const pageName = pages.value.find((known) => known.id === page)?.name ?? page;
  const age = format.duration(time - uploadedAt);
  return (
    <li class={alive ? 'asset' : 'asset is-dead'}>
      <Thumbnail asset={asset} />
      <div class="asset-name">
        <b>{name}</b>
        <span title={contentType}>
          {type} · {format.bytes(bytes)} · {pageName}
        </span>
        <code>{id}</code>
      </div>
      <dl>
        <div>
          <dt>Used</dt>
          <dd>{format.plural(timesUsed, 'time')}</dd>
        </div>
        <div>
          <dt>Age</dt>
          <dd>{age}</dd>
        </div>
        <div>
          <dt>Left</dt>
          <dd class={alive && left > SOON ? '' : 'is-soon'}>
            {alive ? format.plural(left, 'day') : left === 0 ? 'expired' : 'revoked'}
          </dd>
        </div>
      </dl>
      <button
        type="button"
        class="quiet"
        disabled={!alive}
        aria-label={`Revoke the ID of ${name}`}
        onClick={() => void post('/revoke', { id })}
      >
        Revoke
      </button>
    </li>
  );
}

function Thumbnail({ asset: { type, sha256, contentType } }: { asset: Asset }) {
  const url = `/_sim/content/${sha256}?type=${encodeURIComponent(contentType)}`;
  if (type === 'image') return <img class="thumbnail" src={url} alt="" loading="lazy" />;
  if (type === 'video')
    return <video class="thumbnail" src={url} preload="metadata" muted tabIndex={-1} aria-hidden="true" />;
  return (
    <span class="thumbnail">
      <Icon name={type === 'audio' ? 'audio' : 'file'} />
    </span>
  );
}

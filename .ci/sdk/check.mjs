// Reads the sandbox with Bynder's own JavaScript SDK: what that client finds, another
// one will. .ci/check-sdk runs it, under `bynder sandbox --assets $ASSETS`.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import Bynder from '@bynder/bynder-js-sdk';

const DOCUMENTED_ASSET = 'D4AC0B41-141B-47D2-98B4FECDA8894CB2';
const DOCUMENTED_ITEM = '1364B483-A8C2-41FA-8FEBB8A797696990';
const SOCIAL = 'C0110000-0001-4F10-8A0B9C8D7E6F5A01';
const WITH_DELETED = 'C0110000-0002-4F10-8A0B9C8D7E6F5A02';
const FIXED_ASSETS = 12;
const TOTAL = FIXED_ASSETS + Number(process.env.ASSETS);

const baseURL = `${process.env.BYNDER_DOMAIN}/api/`;
const bynder = new Bynder({ baseURL, permanentToken: process.env.BYNDER_PERMANENT_TOKEN });

const ids = (assets) => assets.map((asset) => asset.id);

// all is every page of a list. The SDK hands an error back as if it were the result.
async function all(query) {
  const assets = await bynder.getAllMediaItems(query);
  assert.ok(Array.isArray(assets), `a list, not ${assets}`);
  return assets;
}

test('an asset', async () => {
  const asset = await bynder.getMediaInfo({ id: DOCUMENTED_ASSET });
  assert.equal(asset.id, DOCUMENTED_ASSET);
  assert.equal(asset.name, 'Twitter');
  assert.equal(asset.type, 'image');
  assert.equal(asset.fileSize, 183204);
  assert.equal(asset.mediaItems, undefined);
});

test('an asset with its media items', async () => {
  const asset = await bynder.getMediaInfo({ id: DOCUMENTED_ASSET, versions: 1 });
  const types = asset.mediaItems.map((item) => item.type).sort();
  assert.deepEqual(types, ['additional', 'additional', 'original', 'original', 'original', 'web']);
  const { thumbnails, ...item } = asset.mediaItems.find((each) => each.id === DOCUMENTED_ITEM);
  const { active, dateCreated, fileName, height, size, type, version, width } = item;
  assert.deepEqual({ active, dateCreated, fileName, height, size, type, version, width }, {
    active: 1,
    dateCreated: '2017-03-22T13:40:36Z',
    fileName: 'Twitter-1364b483-a8c2-41fa-8feb-b8a797696990.jpg',
    height: 220,
    size: 21348,
    type: 'web',
    version: 1,
    width: 440,
  });
  for (const name of ['mini', 'webimage', 'thul']) assert.match(thumbnails[name], /^http/, name);
});

test('an asset that is not there', async () => {
  await assert.rejects(bynder.getMediaInfo({ id: 'NOT-THERE' }), (err) => {
    assert.equal(err.response.status, 404);
    assert.deepEqual(err.response.data, { message: 'Media not found', statuscode: '404' });
    return true;
  });
});

test('a list, page after page', async () => {
  assert.equal((await bynder.getMediaList()).length, 50, 'the default page');
  const first = await bynder.getMediaList({ limit: 7 });
  assert.equal(first.length, 7);
  assert.equal(first[0].id, DOCUMENTED_ASSET);
  const second = await bynder.getMediaList({ limit: 7, page: 2 });
  const both = await bynder.getMediaList({ limit: 14 });
  assert.deepEqual([...ids(first), ...ids(second)], ids(both));
  assert.deepEqual(await bynder.getMediaList({ limit: 100, page: 1 + Math.ceil(TOTAL / 100) }), []);

  for (const limit of [50, TOTAL / 2]) { // a short last page, and an empty one
    const assets = await all({ limit });
    assert.equal(new Set(ids(assets)).size, TOTAL, `distinct ids, in pages of ${limit}`);
    assert.equal(assets.length, TOTAL);
  }
});

test('the number of assets', async () => {
  assert.equal(await bynder.getMediaTotal(), TOTAL);
  assert.equal(await bynder.getMediaTotal({ keyword: 'twitter' }), 1);
  const { total, media } = await bynder.getMediaList({ total: 1, limit: 3 });
  assert.equal(total.count, TOTAL);
  assert.equal(media.length, 3);
});

test('a list of what matches', async () => {
  const images = await all({ type: 'image', limit: 1000 });
  assert.ok(images.length > FIXED_ASSETS / 2 && images.length < TOTAL, `${images.length} images`);
  assert.ok(images.every((asset) => asset.type === 'image'));
  assert.equal(images.length, await bynder.getMediaTotal({ type: 'image' }));

  const ordered = await bynder.getMediaList({ orderBy: 'dateCreated desc', limit: TOTAL });
  const dates = ordered.map((asset) => asset.dateCreated);
  assert.deepEqual(dates, [...dates].sort().reverse());

  const [named, ...others] = await bynder.getMediaList({ ids: DOCUMENTED_ASSET });
  assert.equal(named.id, DOCUMENTED_ASSET);
  assert.deepEqual(others, []);
});

test('collections', async () => {
  const collections = await bynder.getCollections({ limit: 2 });
  assert.deepEqual(
    collections.map(({ id, name, collectionCount }) => ({ id, name, collectionCount })),
    [
      { id: SOCIAL, name: 'Social media', collectionCount: 10 },
      { id: WITH_DELETED, name: 'With deleted assets', collectionCount: 13 },
    ],
  );
  assert.equal((await bynder.getCollections()).length, 50, 'the default page');
  assert.equal((await bynder.getCollections({ page: 2 })).length, 10);
  assert.equal((await bynder.getCollection({ id: SOCIAL })).name, 'Social media');
  assert.equal(await bynder.getMediaTotal({ collectionId: SOCIAL }), 10);
  assert.equal(await bynder.getMediaTotal({ collectionId: WITH_DELETED }), 10, 'the living ones');
  await assert.rejects(bynder.getCollection({ id: 'NOT-THERE' }), (err) => err.response.status === 404);
});

test('metaproperties, brands and tags', async () => {
  const properties = new Map((await bynder.getMetaproperties()).map((property) => [property.name, property]));
  const [photographer, region] = [properties.get('photographer'), properties.get('region')];
  assert.deepEqual([...properties.keys()].sort(), ['Season', 'campaigncode', 'photographer', 'product', 'region', 'shootdate']);
  assert.equal(photographer.options.length, 4);
  assert.deepEqual(region.options.map((option) => option.label), ['emea', 'americas', 'apac']);
  assert.deepEqual((await bynder.getBrands()).map((brand) => brand.name), ['House', 'Premium', 'Outlet']);
  assert.ok((await bynder.getTags()).some(({ tag }) => tag === 'twitter'));
});

// The SDK has no method for the location of a file; its sender has.
test('the bytes of a file', async () => {
  const { s3_file: location } = await bynder.api.send('GET', `v4/media/${DOCUMENTED_ASSET}/download/`);
  assert.notEqual(new URL(location).host, new URL(baseURL).host);
  const response = await fetch(location);
  assert.equal(response.status, 200);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(bytes.length, 183204);
  assert.equal(response.headers.get('etag'), `"${createHash('md5').update(bytes).digest('hex')}"`);
});

test('wrong credentials', async () => {
  const stranger = new Bynder({ baseURL, permanentToken: 'not-this-one' });
  await assert.rejects(stranger.getMediaList(), (err) => err.response.status === 401);
});
